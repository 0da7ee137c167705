import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { ConfigError, loadConfig } from '../../../agent/config/config.ts';
import { settingNames } from '../../../agent/config/schema.ts';
import { defaultTimeouts } from '../../../agent/config/timeouts.ts';
import { minimalEnvironment } from '../../harness/environment.ts';

type Environment = Record<string, string | undefined>;

/** The names of the variables that are said to be bad. */
function badVariables(env: Environment): string[] {
  return refusalOf(env).problems.map((problem) => problem.split(' ')[0] ?? '');
}

function refusalOf(env: Environment): ConfigError {
  try {
    loadConfig(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError, inspect(error));
    return error;
  }
  return assert.fail('the environment was usable');
}

test('the least environment gives the documented defaults', () => {
  const config = loadConfig(minimalEnvironment());
  assert.equal(config.livekit.agentName, 'pickup');
  assert.equal(config.livekit.maxCalls, 8);
  assert.equal(config.livekit.numIdleProcesses, 4);
  assert.deepEqual(
    [config.deepgram.baseUrl, config.deepgram.sttModel],
    ['https://api.deepgram.com', 'nova-3'],
  );
  assert.deepEqual(
    [config.openai.baseUrl, config.openai.model],
    ['https://api.openai.com/v1', 'gpt-5.4-mini'],
  );
  const voice = { provider: 'deepgram', model: 'aura-2-thalia-en', fallback: null };
  assert.deepEqual(config.voice, voice);
  assert.deepEqual([config.deepgram.sttFallbackModel, config.openai.fallbackModel], [null, null]);
  assert.deepEqual(config.handover, { afterMs: null, notice: null, onDrain: true });
  assert.deepEqual([config.port, config.logLevel], [8080, 'info']);
  assert.equal(config.store.databaseUrl, null);
  assert.equal(config.platform, 'other');
  assert.deepEqual(config.timeouts, defaultTimeouts);
});

test('nothing of it can be changed', () => {
  const config = loadConfig(minimalEnvironment());
  for (const part of [config, config.livekit, config.sheet.auth, config.timeouts, config.secrets]) {
    assert.ok(Object.isFrozen(part));
  }
});

test('an empty variable counts as not set', () => {
  const empty = Object.fromEntries(settingNames.map((name) => [name, '  ']));
  assert.deepEqual(
    loadConfig({ ...empty, ...minimalEnvironment() }),
    loadConfig(minimalEnvironment()),
  );
  assert.deepEqual(badVariables(empty), badVariables({}));
});

test('every missing variable is named at once', () => {
  assert.deepEqual(badVariables({}), [
    'LIVEKIT_URL',
    'LIVEKIT_API_KEY',
    'LIVEKIT_API_SECRET',
    'DEEPGRAM_API_KEY',
    'OPENAI_API_KEY',
    'GOOGLE_SHEET_ID',
    'GOOGLE_SERVICE_ACCOUNT_JSON',
  ]);
  const { message } = refusalOf({});
  assert.match(message, /^The environment is not usable:\n( {2}- \S+ is missing.*\n?){7}$/);
});

/** For each kind of setting, what it does not take. */
const badValues: Record<string, readonly string[]> = {
  LIVEKIT_URL: ['nonsense', 'ftp://x', '127.0.0.1:7880'],
  LIVEKIT_API_SECRET: ['two words'],
  DEEPGRAM_BASE_URL: ['wss://api.deepgram.com', 'api.deepgram.com'],
  OPENAI_BASE_URL: ['ws://x'],
  SHEETS_BASE_URL: ['x'],
  DATABASE_URL: ['mysql://x', 'x'],
  TTS_PROVIDER: ['espeak'],
  LOG_LEVEL: ['verbose', 'INFO'],
  MAX_CALLS: ['0', '-1', '1.5', 'many', '1001', '1e2'],
  NUM_IDLE_PROCESSES: ['0'],
  PORT: ['65536', 'x'],
  CONNECT_MS: ['0', '5s', '-1', '2147483648'],
};

test('every bad variable is listed at once, with any others that are bad', () => {
  const each = Object.entries(badValues).map(([name, values]) =>
    fc.option(fc.constantFrom(...values).map((value) => [name, value] as const)),
  );
  fc.assert(
    fc.property(fc.tuple(...each), (chosen) => {
      const bad = chosen.filter((entry) => entry !== null);
      // Not on loopback any more, the sheet needs an account.
      const env = { ...minimalEnvironment({ GOOGLE_SERVICE_ACCOUNT_JSON: account() }) };
      fc.pre(bad.length > 0);
      const found = badVariables({ ...env, ...Object.fromEntries(bad) });
      assert.deepEqual(found.sort(), bad.map(([name]) => name).sort());
    }),
  );
});

test('no value gets into the message, whatever it is', () => {
  const value = fc.stringMatching(/^[!-~]{1,20}$/).map((text) => `Zq7${text}Zq7 Zq7`);
  const values = fc.record(Object.fromEntries(settingNames.map((name) => [name, value])));
  fc.assert(
    fc.property(values, (env) => {
      const error = refusalOf(env);
      assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes('Zq7'));
    }),
  );
});

for (const [name, read] of Object.entries({
  LIVEKIT_URL: (env: Environment) => loadConfig(env).livekit.url,
  DEEPGRAM_BASE_URL: (env: Environment) => loadConfig(env).deepgram.baseUrl,
  OPENAI_BASE_URL: (env: Environment) => loadConfig(env).openai.baseUrl,
  SHEETS_BASE_URL: (env: Environment) => loadConfig(env).sheet.baseUrl,
})) {
  test(`${name} may end in a slash`, () => {
    const scheme = name === 'LIVEKIT_URL' ? 'ws' : 'http';
    for (const url of [`${scheme}://127.0.0.1:9/v1`, `${scheme}://127.0.0.1:9`]) {
      for (const end of ['', '/', '//']) {
        assert.equal(read(minimalEnvironment({ [name]: `${url}${end}` })), url);
      }
    }
  });
}

test('LiveKit’s address may be given as http', () => {
  const config = loadConfig(minimalEnvironment({ LIVEKIT_URL: 'https://yard.livekit.cloud' }));
  assert.equal(config.livekit.url, 'wss://yard.livekit.cloud');
});

test('the voice’s default follows its provider', () => {
  const { voice } = loadConfig(minimalEnvironment({ TTS_PROVIDER: 'openai' }));
  assert.deepEqual(voice, { provider: 'openai', model: 'gpt-4o-mini-tts', fallback: null });
});

test('the other voice is another provider’s, or another of the same', () => {
  const fallbackOf = (env: Record<string, string>) =>
    loadConfig(minimalEnvironment(env)).voice.fallback;
  assert.deepEqual(fallbackOf({ TTS_FALLBACK_PROVIDER: 'openai' }), {
    provider: 'openai',
    model: 'gpt-4o-mini-tts',
  });
  assert.deepEqual(fallbackOf({ TTS_FALLBACK_MODEL: 'aura-2-apollo-en' }), {
    provider: 'deepgram',
    model: 'aura-2-apollo-en',
  });
});

test('a budget is set by the variable of its name', () => {
  const { timeouts } = loadConfig(minimalEnvironment({ CONNECT_MS: '1234' }));
  assert.deepEqual(timeouts, { ...defaultTimeouts, connectMs: 1_234 });
});

const privateKey = '-----BEGIN PRIVATE KEY-----\nnot-a-real-key\n-----END PRIVATE KEY-----\n';

function account(overrides: object = {}): string {
  return JSON.stringify({
    type: 'service_account',
    client_email: 'yard@example.iam.gserviceaccount.com',
    private_key: privateKey,
    ...overrides,
  });
}

test('the sheet needs no account on loopback, and one anywhere else', () => {
  for (const url of ['http://localhost:1', 'http://127.9.0.1:1', 'http://[::1]:1']) {
    const { auth } = loadConfig(minimalEnvironment({ SHEETS_BASE_URL: url })).sheet;
    assert.deepEqual(auth, { kind: 'none' });
  }
  for (const url of [undefined, 'http://127.0.0.1.example.com', 'http://sheets.example.com']) {
    const bad = badVariables(minimalEnvironment({ SHEETS_BASE_URL: url }));
    assert.deepEqual(bad, ['GOOGLE_SERVICE_ACCOUNT_JSON']);
  }
});

test('the account may be JSON, base64 of it, or a file, and its key is a secret', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-config-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'key.json');
  await writeFile(file, account());
  for (const env of [
    { GOOGLE_SERVICE_ACCOUNT_JSON: account() },
    { GOOGLE_SERVICE_ACCOUNT_JSON: Buffer.from(account()).toString('base64') },
    { GOOGLE_APPLICATION_CREDENTIALS: file },
  ]) {
    const config = loadConfig(minimalEnvironment(env));
    assert.equal(config.sheet.auth.kind, 'service-account');
    assert.ok(config.secrets.includes(privateKey));
  }
});

test('an account that cannot be used is named, and not shown', () => {
  const bad: [string, string][] = [
    ['GOOGLE_SERVICE_ACCOUNT_JSON', 'nonsense-key'],
    ['GOOGLE_SERVICE_ACCOUNT_JSON', account({ type: 'nonsense-key' })],
    ['GOOGLE_SERVICE_ACCOUNT_JSON', account({ private_key: 'nonsense-key' })],
    ['GOOGLE_APPLICATION_CREDENTIALS', '/nonsense-key'],
  ];
  for (const [name, value] of bad) {
    const error = refusalOf(minimalEnvironment({ [name]: value }));
    assert.equal(error.problems.length, 1);
    assert.ok(error.message.includes(name));
    assert.ok(!error.message.includes('nonsense-key'));
  }
});

test('what opens something is a secret', () => {
  const databaseUrl = 'postgres://user:p%40ss-word@127.0.0.1/pickup';
  const env = minimalEnvironment({ DATABASE_URL: databaseUrl });
  const { secrets } = loadConfig(env);
  for (const name of ['LIVEKIT_API_SECRET', 'DEEPGRAM_API_KEY', 'OPENAI_API_KEY']) {
    assert.ok(secrets.includes(String(env[name])), name);
  }
  for (const secret of [databaseUrl, 'p%40ss-word', 'p@ss-word']) {
    assert.ok(secrets.includes(secret), secret);
  }
});

test('test calls over a carrier take a trunk, its number, and how often', () => {
  const bad = badVariables(minimalEnvironment({ CANARY_NUMBER: '+13125550199' }));
  assert.deepEqual(bad, ['CANARY_MS', 'CANARY_TRUNK_ID', 'CANARY_FROM']);
  const { canary } = loadConfig(minimalEnvironment({ CANARY_MS: '600000' }));
  assert.deepEqual(canary, { everyMs: 600_000, phone: null });
});

test('on Railway a store is asked for that outlives a deploy', () => {
  const railway = minimalEnvironment({ RAILWAY_ENVIRONMENT_NAME: 'production' });
  const { message } = refusalOf(railway);
  assert.match(message, /DATABASE_URL is missing: on Railway/);
  const volume = { ...railway, RAILWAY_VOLUME_MOUNT_PATH: '/data' };
  for (const dataDir of [undefined, '/database', '/data/../other']) {
    assert.deepEqual(badVariables({ ...volume, DATA_DIR: dataDir }), ['DATABASE_URL']);
  }
  for (const dataDir of ['/data', '/data/', '/data/pickup']) {
    assert.equal(loadConfig({ ...volume, DATA_DIR: dataDir }).platform, 'railway-volume');
  }
  const postgres = { ...railway, DATABASE_URL: 'postgres://user:password@db/pickup' };
  assert.equal(loadConfig(postgres).platform, 'railway');
});

test('the time between SIGTERM and SIGKILL is what Railway was told, unless it is set here', () => {
  const graceMs = (env: Record<string, string>) => loadConfig(minimalEnvironment(env)).drainGraceMs;
  const railway = { RAILWAY_ENVIRONMENT_NAME: 'production', DATABASE_URL: 'postgres://u:p@db/x' };
  const draining = (seconds: string) => ({ RAILWAY_DEPLOYMENT_DRAINING_SECONDS: seconds });
  assert.equal(graceMs({}), 1_800_000);
  assert.equal(graceMs(railway), 1_800_000);
  assert.equal(graceMs({ ...railway, ...draining('600') }), 600_000);
  assert.equal(graceMs({ ...railway, ...draining('0') }), 3_000);
  assert.equal(graceMs({ ...railway, ...draining('soon') }), 1_800_000);
  assert.equal(graceMs({ ...railway, ...draining('600'), DRAIN_GRACE_MS: '5000' }), 5_000);
  assert.equal(graceMs(draining('600')), 1_800_000);
});

test('Railway’s rule is named together with other bad variables', () => {
  const env = minimalEnvironment({ RAILWAY_ENVIRONMENT_NAME: 'production', PORT: 'x' });
  assert.deepEqual(badVariables(env), ['PORT', 'DATABASE_URL']);
});

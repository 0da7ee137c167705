import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { runDoctor } from '../../../../agent/cli/doctor/doctor.ts';
import { runSetupSip } from '../../../../agent/cli/setup-sip/setup-sip.ts';
import { loadConfig } from '../../../../agent/config/config.ts';
import {
  startDeepgramEmulator,
  type DeepgramEmulator,
} from '../../../harness/emulators/deepgram.ts';
import { startSipFront, type SipFront } from '../../../harness/emulators/livekit-sip.ts';
import { startOpenAiEmulator, type OpenAiEmulator } from '../../../harness/emulators/openai.ts';
import { startSheetsEmulator, type SheetsEmulator } from '../../../harness/emulators/sheets.ts';
import { minimalEnvironment } from '../../../harness/environment.ts';
import { freeTcpPort } from '../../../harness/yard/free-port.ts';
import { startLivekitServer, type LivekitServer } from '../../../harness/livekit/livekit-server.ts';

type Line = {
  readonly check: string;
  readonly status: string;
  readonly detail: string;
  readonly advice: string | null;
};

const secretCell = 'Jordan Sample +15550111';
const equipment = [
  ['Item ID', 'Name', 'Daily rate', 'Status'],
  ['EX-1', 'Mini excavator', 250, 'AVAILABLE'],
];
const yardTab = [
  ['Name', 'Test Yard'],
  ['Time zone', 'America/Chicago'],
];

let livekit: LivekitServer;
let front: SipFront;
let deepgram: DeepgramEmulator;
let openai: OpenAiEmulator;
let sheets: SheetsEmulator;
let folder: string;
let env: Record<string, string | undefined>;

before(async () => {
  const base = minimalEnvironment();
  livekit = await startLivekitServer();
  const { apiKey, apiSecret } = livekit;
  front = await startSipFront({ upstreamUrl: livekit.url, apiKey, apiSecret });
  deepgram = await startDeepgramEmulator({ apiKey: String(base['DEEPGRAM_API_KEY']) });
  openai = await startOpenAiEmulator({ apiKey: String(base['OPENAI_API_KEY']) });
  folder = await mkdtemp(join(tmpdir(), 'pickup-doctor-'));
});
after(async () => {
  await Promise.all([front, deepgram, openai].map((server) => server.close()));
  await livekit.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  sheets = await startSheetsEmulator({
    spreadsheetId: 'yard-1',
    tabs: { Equipment: equipment, Bookings: [], Yard: yardTab },
  });
  for (const { faults } of [front, deepgram, openai]) faults.clear();
  front.trunks.clear();
  front.rules.clear();
  env = minimalEnvironment({
    LIVEKIT_URL: front.wsUrl,
    LIVEKIT_API_KEY: livekit.apiKey,
    LIVEKIT_API_SECRET: livekit.apiSecret,
    DEEPGRAM_BASE_URL: deepgram.baseUrl,
    OPENAI_BASE_URL: openai.baseUrl,
    SHEETS_BASE_URL: sheets.baseUrl,
    DATA_DIR: join(folder, 'data'),
    CARRIER_FALLBACK: 'the counter',
  });
});
afterEach(() => sheets.close());

async function setUpSip(): Promise<void> {
  const args = ['--number', '+15550100', '--allow-address', '192.0.2.0/24'];
  const config = loadConfig(env);
  assert.equal(
    await runSetupSip({ config: () => config, env, args, json: true, write: () => {} }),
    0,
  );
}

/** One run with other settings: its exit code, and what was found by check. */
async function examine(overrides: Record<string, string | undefined> = {}) {
  let output = '';
  const write = (text: string) => void (output += text);
  const given = { ...env, ...overrides };
  const exitCode = await runDoctor({ env: given, json: true, write });
  for (const name of ['LIVEKIT_API_SECRET', 'DEEPGRAM_API_KEY', 'OPENAI_API_KEY']) {
    assert.ok(!output.includes(String(given[name])), `${name} is not shown`);
  }
  const lines = output.trimEnd().split('\n');
  const sum = JSON.parse(lines.pop() ?? '') as { ok: boolean; failed: number; warnings: number };
  const found = new Map(lines.map((line) => JSON.parse(line) as Line).map((l) => [l.check, l]));
  assert.equal(sum.ok, exitCode === 0);
  const of = (check: string) => found.get(check) ?? assert.fail(`no check ${check}: ${output}`);
  return { exitCode, sum, of, output };
}

test('all is well: every check holds, and nothing is written to the sheet', async () => {
  await setUpSip();
  const { exitCode, sum, output } = await examine();
  assert.equal(exitCode, 0, output);
  assert.equal(sum.failed, 0);
  const lines = output.trimEnd().split('\n').slice(0, -1);
  const checks = lines.map((line) => (JSON.parse(line) as Line).check);
  assert.deepEqual(checks, [
    'node',
    'environment',
    'budgets',
    'platform',
    'signals',
    'capacity',
    'disk',
    'clock',
    'livekit',
    'sip',
    'fallback',
    'hearing',
    'thinking',
    'voice',
    'sheet',
    'store',
  ]);
  assert.equal(sum.warnings, 0, output);
  assert.deepEqual(Object.keys(JSON.parse(lines[0] ?? '')), [
    'check',
    'status',
    'detail',
    'advice',
  ]);
  assert.equal(sheets.requests.filter((request) => /update|append/i.test(request.kind)).length, 0);
});

test('the text form has one line a check, and says whether calls can come', async () => {
  await setUpSip();
  let text = '';
  const exitCode = await runDoctor({ env, json: false, write: (part) => void (text += part) });
  assert.equal(exitCode, 0, text);
  assert.match(text, /^ok {4}livekit {6}LiveKit takes the key$/m);
  assert.match(text, /Ready for calls\.\n$/);
});

test('every bad variable is listed, and what needs none is still checked', async () => {
  const { exitCode, of, sum } = await examine({ LIVEKIT_URL: 'nonsense', PORT: 'x' });
  assert.equal(exitCode, 1);
  assert.match(of('environment').detail, /LIVEKIT_URL .*PORT /);
  assert.match(of('environment').advice ?? '', /\.env\.example/);
  assert.equal(of('node').status, 'ok');
  assert.equal(sum.failed, 1);
});

test('an old Node is found', async () => {
  let text = '';
  const write = (part: string) => void (text += part);
  await runDoctor({ env: {}, json: false, write, nodeVersion: '22.19.0' });
  assert.match(text, /^fail {2}node +Node 22\.19\.0 is older than 24/m);
});

test('budgets that do not fit together are a warning', async () => {
  const { of, exitCode } = await examine({ AUDIO_GAP_MS: '20000' });
  assert.equal(of('budgets').status, 'warn');
  assert.match(of('budgets').detail, /AUDIO_GAP_MS \(20,000\)/);
  assert.equal(exitCode, 1, 'because there is no trunk');
  assert.equal(of('sip').status, 'fail');
});

test('LiveKit: a wrong key is told from an address where nobody answers', async () => {
  const wrong = await examine({ LIVEKIT_API_SECRET: 'a-wrong-secret-of-thirty-two-letters' });
  assert.match(wrong.of('livekit').detail, /refuses the key \(401\)/);
  assert.match(wrong.of('livekit').advice ?? '', /LIVEKIT_API_KEY/);
  assert.match(wrong.of('sip').detail, /refuses the key/);
  const away = await examine({ LIVEKIT_URL: `ws://127.0.0.1:${await freeTcpPort()}` });
  assert.match(away.of('livekit').detail, /cannot be reached \(ECONNREFUSED\)/);
  assert.match(away.of('livekit').advice ?? '', /LIVEKIT_URL/);
  assert.equal(away.of('hearing').status, 'ok', 'one failure does not stop the others');
});

test('SIP: a server without a SIP service is a warning', async () => {
  const { of, exitCode } = await examine({ LIVEKIT_URL: livekit.url });
  assert.equal(of('sip').status, 'warn', of('sip').detail);
  assert.match(of('sip').advice ?? '', /setup-sip/);
  assert.equal(exitCode, 0);
});

test('SIP: a rule that dispatches no agent, or another one, fails', async () => {
  await setUpSip();
  const { of } = await examine({ AGENT_NAME: 'another' });
  assert.equal(of('sip').status, 'fail');
  assert.match(of('sip').detail, /another \(AGENT_NAME\)/);
});

test('SIP: doubts about a trunk and a rule that work are warnings', async () => {
  await setUpSip();
  for (const trunk of front.trunks.values()) trunk.allowedAddresses = [];
  for (const rule of front.rules.values()) rule.hidePhoneNumber = true;
  const { of, exitCode } = await examine();
  assert.equal(of('sip').status, 'warn');
  assert.match(of('sip').detail, /anyone who knows its address.*hides the caller's number/);
  assert.equal(exitCode, 0);
});

test('hearing: key, model and provider are told apart', async () => {
  const key = await examine({ DEEPGRAM_API_KEY: 'a-wrong-deepgram-key' });
  assert.match(key.of('hearing').detail, /refuses the key \(401\)/);
  const model = await examine({ STT_MODEL: 'nova-99' });
  assert.match(model.of('hearing').detail, /STT_MODEL \(nova-99\): .*No such model/);
  deepgram.faults.on('listen', { do: 'refuse', status: 503 });
  const down = await examine();
  assert.match(down.of('hearing').detail, /answered with 503/);
  assert.equal(deepgram.connections.size, 0, 'the connection is closed again');
});

test('thinking: key, model and shutdown date are told apart', async () => {
  const key = await examine({ OPENAI_API_KEY: 'a-wrong-openai-key-1234' });
  assert.match(key.of('thinking').detail, /refuses the key \(401\)/);
  assert.ok(!key.output.includes('1234'), 'not even the end of the key is shown');
  const model = await examine({ LLM_MODEL: 'gpt-0' });
  assert.match(model.of('thinking').detail, /LLM_MODEL \(gpt-0\) is not among/);
  const base = await examine({ OPENAI_BASE_URL: openai.baseUrl.replace('/v1', '') });
  assert.match(base.of('thinking').advice ?? '', /OPENAI_BASE_URL/);
  const body = { object: 'list', data: [{ id: 'gpt-4.1', shutdown_date: '2027-01-14' }] };
  openai.faults.next('models', { do: 'refuse', status: 200, body });
  const old = await examine({ LLM_MODEL: 'gpt-4.1' });
  assert.equal(old.of('thinking').status, 'warn');
  assert.match(old.of('thinking').detail, /gpt-4\.1.* is shut down on 2027-01-14/);
});

test('a provider that answers with garbage fails its own check only', async () => {
  openai.faults.next('models', { do: 'garbage' });
  const { of } = await examine();
  assert.match(of('thinking').detail, /something unreadable/);
  assert.equal(of('voice').status, 'ok');
});

test('what hangs is given up on, and the rest is told', async () => {
  for (const { faults } of [deepgram, openai, sheets]) faults.on('*', { do: 'hang' });
  let text = '';
  const write = (part: string) => void (text += part);
  assert.equal(await runDoctor({ env, json: false, write, checkMs: 2_000 }), 1);
  for (const check of ['hearing', 'thinking', 'voice']) {
    assert.match(text, new RegExp(`^fail {2}${check} +no answer within 2000 ms`, 'm'));
  }
  assert.match(text, /^fail {2}sheet +Google Sheets did not answer in time/m);
  assert.match(text, /^ok {4}livekit/m);
});

test('voice: either provider is tried, and an unknown voice is found', async () => {
  const unknown = await examine({ TTS_MODEL: 'aura-9-nobody-en' });
  assert.equal(unknown.of('voice').status, 'fail');
  assert.match(unknown.of('voice').detail, /TTS_MODEL \(aura-9-nobody-en\)/);
  const other = await examine({ TTS_PROVIDER: 'openai' });
  assert.equal(other.of('voice').status, 'warn', other.of('voice').detail);
  assert.match(other.of('voice').detail, /2027-01-06/);
});

test('sheet: a missing column is named', async () => {
  const broken = await startSheetsEmulator({
    spreadsheetId: 'yard-1',
    tabs: { Equipment: [['Item ID', 'Name', 'Status']], Bookings: [], Yard: yardTab },
  });
  const { of } = await examine({ SHEETS_BASE_URL: broken.baseUrl });
  await broken.close();
  assert.equal(of('sheet').status, 'fail');
  assert.match(of('sheet').detail, /lacks the column "Daily rate"/);
});

test('sheet: cells that cannot be used are listed without what they say', async () => {
  const broken = await startSheetsEmulator({
    spreadsheetId: 'yard-1',
    tabs: {
      Equipment: [...equipment, ['EX-2', 'Skid steer', secretCell, 'AVAILABLE']],
      Bookings: [],
      Yard: yardTab,
    },
  });
  const { of, output } = await examine({ SHEETS_BASE_URL: broken.baseUrl });
  await broken.close();
  assert.equal(of('sheet').status, 'warn');
  assert.match(of('sheet').detail, /2 usable units .*Equipment row 3, Daily rate: not an amount/);
  assert.ok(!output.includes('Jordan'), 'no cell is shown');
});

test('sheet: not shared, not found and away are told apart', async () => {
  sheets.setSharing('none');
  const forbidden = await examine();
  assert.match(forbidden.of('sheet').detail, /may not read the sheet \(403\)/);
  assert.match(forbidden.of('sheet').advice ?? '', /^Share the spreadsheet/);
  sheets.setSharing('viewer');
  const unknown = await examine({ GOOGLE_SHEET_ID: 'yard-2' });
  assert.match(unknown.of('sheet').advice ?? '', /GOOGLE_SHEET_ID/);
  const away = await examine({ SHEETS_BASE_URL: 'http://127.0.0.1:1' });
  assert.match(away.of('sheet').detail, /cannot be reached/);
});

test('store: a folder that cannot be one is found', async () => {
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  const { of } = await examine({ DATA_DIR: join(file, 'data') });
  assert.equal(of('store').status, 'fail');
  assert.match(of('store').detail, /STORE_UNAVAILABLE/);
  assert.match(of('store').advice ?? '', /DATA_DIR/);
});

test('fallback: the doctor warns while nobody is declared whom the carrier rings instead of us', async () => {
  delete env['CARRIER_FALLBACK'];
  const { of } = await examine();
  assert.equal(of('fallback').status, 'warn');
  assert.match(of('fallback').advice ?? '', /docs\/sip\.md/);
});

test('platform: what Railway waits for at a deploy is held against the drain', async () => {
  const seconds = 'RAILWAY_DEPLOYMENT_DRAINING_SECONDS';
  const onRailway = {
    RAILWAY_ENVIRONMENT_NAME: 'production',
    DATABASE_URL: 'postgres://user:a-database-password@127.0.0.1:1/pickup',
  };
  const unset = await examine(onRailway);
  assert.equal(unset.of('platform').status, 'warn');
  assert.match(unset.of('platform').advice ?? '', new RegExp(`${seconds} to 1800`));
  assert.ok(!unset.output.includes('a-database-password'));
  const short = await examine({ ...onRailway, [seconds]: '30' });
  assert.equal(short.of('platform').status, 'warn');
  assert.match(short.of('platform').detail, /with a sentence 30 s after/);
  for (const tooShort of [{ [seconds]: '30' }, { [seconds]: 'long' }]) {
    const { of } = await examine({ ...onRailway, ...tooShort, DRAIN_GRACE_MS: '60000' });
    assert.equal(of('platform').status, 'fail');
    assert.match(of('platform').detail, /not as long as DRAIN_GRACE_MS, 60 s/);
  }
  const sooner = await examine({ ...onRailway, [seconds]: '1800', DRAIN_GRACE_MS: '60000' });
  assert.equal(sooner.of('platform').status, 'warn');
  assert.match(sooner.of('platform').advice ?? '', /leave DRAIN_GRACE_MS out/);
  const enough = await examine({ ...onRailway, [seconds]: '1800' });
  assert.equal(enough.of('platform').status, 'ok');
  const volume = await examine({
    RAILWAY_ENVIRONMENT_NAME: 'production',
    RAILWAY_VOLUME_MOUNT_PATH: folder,
  });
  assert.equal(volume.of('platform').status, 'warn');
  assert.match(volume.of('platform').detail, /downtime/);
});

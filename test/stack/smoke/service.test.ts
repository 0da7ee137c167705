import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';

let yard: Yard;

before(async () => {
  yard = await Yard.open();
});
after(() => yard[Symbol.asyncDispose]());
tellFailures(() => yard);

test('a bad environment ends the start with one message that lists it all, and no value', async () => {
  const startedMs = performance.now();
  const service = yard.service({
    env: {
      LIVEKIT_URL: 'ftp://user:hunter22@livekit.example',
      DEEPGRAM_API_KEY: 'two words',
      OPENAI_API_KEY: '',
      MAX_CALLS: 'many',
      CONNECT_MS: '-1',
    },
  });
  assert.equal(await service.exited, 1);
  // It is to end within 2 s, and takes 0.3 s on a free machine; the rest is for a busy one.
  assert.ok(performance.now() - startedMs < 5_000);
  const [line, ...others] = service.lines;
  assert.deepEqual([others, service.strays], [[], []]);
  assert.partialDeepStrictEqual(line, { level: 'error', event: 'service.failed' });
  const text = JSON.stringify(line);
  for (const name of [
    'LIVEKIT_URL',
    'DEEPGRAM_API_KEY',
    'OPENAI_API_KEY',
    'MAX_CALLS',
    'CONNECT_MS',
  ]) {
    assert.match(text, new RegExp(name));
  }
  assert.doesNotMatch(text, /hunter22|two words/);
  assert.doesNotMatch(text, new RegExp(yard.livekit.apiSecret));
});

test('a key that LiveKit refuses is said once, and is the reason why it is not ready', async () => {
  const secret = 'a-secret-that-is-not-the-one-of-the-server';
  await using service = yard.service({
    env: { LIVEKIT_API_SECRET: secret, RECONNECT_MAX_MS: '100' },
  });
  await service.waitFor('worker.refused');
  assert.partialDeepStrictEqual(await service.readiness(), {
    status: 503,
    ready: false,
    reason: 'LiveKit refused the key',
  });
  assert.equal((await fetch(`http://127.0.0.1:${await service.port()}/healthz`)).status, 200);
  // It has tried many times by then.
  await service.waitFor('guardian.failed');
  const said = (event: string) =>
    service.lines.filter((line) => line.event === event && line.level !== 'debug').length;
  assert.deepEqual([said('worker.refused'), said('guardian.failed')], [1, 1]);
  assert.ok(!service.lines.some((line) => JSON.stringify(line).includes(secret)));
  assert.equal(await service.stop(), 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Phone } from './phone.ts';
import { runScript } from './script-runner.ts';

/** A phone whose time is set by hand, as far as a script looks at it. */
function fakePhone() {
  const said: string[] = [];
  const over = new AbortController();
  const state = {
    answeredMs: undefined as number | undefined,
    lastLineEndMs: Number.NEGATIVE_INFINITY,
    hearing: { lastLoudMs: 0, beganSince: () => undefined as number | undefined },
    over: over.signal,
    looks: 0,
    now: 0,
    nowMs() {
      this.looks += 1;
      return this.now;
    },
    say: async ({ line }: { readonly line: string }) => {
      said.push(line);
      over.abort();
    },
  };
  return { state, said, phone: state as unknown as Phone };
}

test('a caller does not speak before the call is answered, however long it rings', async () => {
  const { state, said, phone } = fakePhone();
  const lines = [{ line: 'Hello', pcmFile: '' }];
  state.now = 60_000;
  const run = runScript({ steps: [{ say: 'Hello' }], lines, phone, agentQuietMs: 700 });
  // The script looks again and again; each look at an unanswered phone must say nothing.
  const tick = () => new Promise((resolve) => setImmediate(resolve));
  for (let n = 0; n < 50; n += 1) await tick();
  assert.deepEqual(said, []);
  state.answeredMs = 60_000;
  state.lastLineEndMs = 60_000;
  state.hearing = { lastLoudMs: 62_000, beganSince: () => 60_100 };
  state.now = 62_701;
  await run;
  assert.deepEqual(said, ['Hello']);
});

test('a caller who waits for the end says the last line again when nobody speaks any more', async () => {
  const { state, said, phone } = fakePhone();
  const lines = [{ line: 'Goodbye', pcmFile: '' }];
  Object.assign(state, { answeredMs: 0, lastLineEndMs: 1_000, now: 10_999 });
  state.hearing.lastLoudMs = 1_000;
  const steps = [
    { say: 'Goodbye', when: 'now' },
    { waitForEnd: true, repeatAfterMs: 10_000 },
  ] as const;
  const ending = new AbortController();
  state.over = ending.signal;
  state.say = async ({ line }) => {
    said.push(line);
    state.lastLineEndMs = state.now;
    if (said.length === 3) ending.abort();
  };
  const run = runScript({ steps, lines, phone, agentQuietMs: 700 });
  while (said.length < 3) {
    await new Promise((resolve) => setImmediate(resolve));
    state.now += 10;
  }
  await run;
  assert.deepEqual(said, ['Goodbye', 'Goodbye', 'Goodbye']);
  assert.ok(state.now >= 10_999 + 2 * 10_000, 'not before it was quiet for so long');
});

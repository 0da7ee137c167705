import assert from 'node:assert/strict';
import { test } from 'node:test';
import { llm } from '@livekit/agents';
import type { createTools } from '../../tools/index.ts';
import { FILLER, runTool, type ToolDeps } from '../../tools/tool.ts';
import { phoneCall } from './phone-call.ts';

/** Tools over a small yard; each test overrides what it is about. */
function tools(overrides: Partial<ToolDeps> = {}) {
  const { created, used, heard } = phoneCall(overrides);
  return { created, used, heard };
}

/** Calls a tool as the framework does, but without a session: the tools do not look at it. */
async function call(
  created: ReturnType<typeof createTools>,
  name: keyof ReturnType<typeof createTools>,
  { args = {}, abortSignal = new AbortController().signal } = {},
): Promise<unknown> {
  const tool = created[name];
  assert.ok(tool);
  return Reflect.apply(tool.execute, tool, [args, { abortSignal }]);
}

test('the framework takes the tools under the names that the model calls', () => {
  const context = new llm.ToolContext(tools().created);
  assert.deepEqual(llm.sortedToolNames(context), [
    'book_equipment',
    'call_off_rent',
    'cancel_booking',
    'change_booking',
    'end_call',
    'find_booking',
    'find_equipment',
    'quote_delivery',
    'quote_rental',
    'take_message',
    'transfer_to_human',
  ]);
});

test('the arguments become a JSON schema with only the needed ones required', () => {
  const schema = llm.toJsonSchema(tools().created.find_equipment.parameters);
  assert.deepEqual(schema.required, ['query']);
  assert.deepEqual(Object.keys(schema.properties ?? {}), ['query', 'start', 'end']);
});

test('a use is answered in JSON with a sentence, and reported', async () => {
  const { created, used } = tools();
  const answer = await call(created, 'find_equipment', { args: { query: 'excavator' } });
  const sent: unknown = JSON.parse(JSON.stringify(answer));
  assert.deepEqual(sent, answer);
  assert.deepEqual(
    used.map(([name, { ok }]) => [name, ok]),
    [['find_equipment', true]],
  );
});

test('a failure becomes a sentence, and is reported with its cause', async () => {
  const cause = new Error('snapshot is broken');
  const { created, used } = tools({
    inventory: () => {
      throw cause;
    },
  });
  const answer = await call(created, 'find_equipment', { args: { query: 'excavator' } });
  assert.deepEqual(answer, {
    say: 'Sorry, that did not work just now. Shall I try it once more?',
    problem: 'failed',
  });
  assert.deepEqual([used[0]?.[1].ok, used[0]?.[1].error], [false, cause]);
});

test('a tool that takes its time is covered by a few words, once, and a quick one is not', async () => {
  const spoken = Promise.withResolvers<void>();
  const said: string[] = [];
  const { created } = tools({
    fillerMs: 5,
    say: (words) => {
      said.push(words);
      spoken.resolve();
    },
    endCall: () => spoken.promise,
  });
  await call(created, 'end_call');
  assert.deepEqual(said, [FILLER]);
  await call(created, 'find_equipment', { args: { query: 'excavator' } });
  assert.deepEqual(said, [FILLER]);
});

test('no filler comes after the answer, the failure or the end of the call', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { deps, heard } = phoneCall();
  const abort = new AbortController();
  const use = { name: 'a tool', abortSignal: abort.signal };
  await runTool(deps, use, () => ({ say: 'done' }));
  await runTool(deps, use, () => Promise.reject(new Error('broken')));
  const hanging = runTool(deps, use, () => new Promise<never>(() => {}));
  abort.abort(new Error('the call has moved on'));
  await assert.rejects(hanging);
  t.mock.timers.tick(60_000);
  assert.deepEqual(heard, []);
});

test('a tool may say itself what its failure means', async () => {
  const { deps } = phoneCall({ toolMs: 5 });
  const use = {
    name: 'a tool',
    abortSignal: new AbortController().signal,
    whenFailed: { say: 'nothing was done', problem: 'own' },
    whenLate: { say: 'it may be done', problem: 'own-late' },
  };
  const failed = await runTool(deps, use, () => Promise.reject(new Error('broken')));
  assert.deepEqual(failed, use.whenFailed);
  const late = await runTool(deps, use, () => new Promise<never>(() => {}));
  assert.deepEqual(late, use.whenLate);
});

test('a tool that hangs is given up at its deadline', async () => {
  const { created, used } = tools({ toolMs: 20, endCall: () => new Promise<void>(() => {}) });
  const answer = await call(created, 'end_call');
  assert.partialDeepStrictEqual(answer, { problem: 'timed-out' });
  assert.equal(used[0]?.[1].ok, false);
});

test('a tool lets go at once when the agent is interrupted, or the call ends', async () => {
  for (const whose of ['abortSignal', 'signal'] as const) {
    const abort = new AbortController();
    const reason = new Error('the call has moved on');
    const began = Promise.withResolvers<void>();
    const { created, used } = tools({
      ...(whose === 'signal' ? { signal: abort.signal } : {}),
      endCall: () => {
        began.resolve();
        return new Promise<void>(() => {});
      },
    });
    const options = whose === 'abortSignal' ? { abortSignal: abort.signal } : {};
    const running = call(created, 'end_call', options);
    await began.promise;
    abort.abort(reason);
    await assert.rejects(running, reason, whose);
    assert.equal(used[0]?.[1].ok, false);
  }
});

test('a tool of a call that has ended does nothing', async () => {
  let ended = 0;
  const { created } = tools({ signal: AbortSignal.abort(), endCall: () => void (ended += 1) });
  await assert.rejects(call(created, 'end_call'));
  assert.equal(ended, 0);
});

test('end_call begins the end once, and asks for no further words', async () => {
  let ended = 0;
  const { created, used } = tools({ endCall: () => void (ended += 1) });
  assert.equal(await call(created, 'end_call'), undefined);
  assert.equal(ended, 1);
  assert.equal(used[0]?.[1].ok, true);
});

/** A reply with the answers of its other tools, that the test ends. */
function reply(says: readonly string[], { interrupted = false } = {}) {
  let done = () => {};
  const chatItems = says.map((say, i) =>
    llm.FunctionCallOutput.create({
      callId: `${i}`,
      output: JSON.stringify({ say }),
      isError: false,
    }),
  );
  const speechHandle = {
    interrupted,
    chatItems,
    addDoneCallback: (callback: () => void) => void (done = callback),
  };
  return { ctx: { speechHandle }, isSpoken: () => done() };
}

test('end_call lets the rest of its reply be heard, and then ends the call', async () => {
  let ended = 0;
  const { created } = tools({ endCall: () => void (ended += 1) });
  const { ctx, isSpoken } = reply(["You're booked. Your code is K 7 M. Is there anything else?"]);
  const args = [{}, { abortSignal: new AbortController().signal, ctx }];
  await Reflect.apply(created.end_call.execute, created.end_call, args);
  assert.equal(ended, 0);
  isSpoken();
  assert.equal(ended, 1);
});

test('a call goes on when its last reply asks the caller, or is talked over', async () => {
  for (const { ctx, isSpoken } of [
    reply(["That's the Trencher. Shall I book it?"]),
    reply(["You're booked."], { interrupted: true }),
  ]) {
    let ended = 0;
    const { created } = tools({ endCall: () => void (ended += 1) });
    const args = [{}, { abortSignal: new AbortController().signal, ctx }];
    await Reflect.apply(created.end_call.execute, created.end_call, args);
    isSpoken();
    assert.equal(ended, 0);
  }
});

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import {
  Transfer,
  transferCaller,
  type TransferResult,
} from '../../../../agent/call/leg/transfer.ts';
import { startSipFront } from '../../../harness/emulators/livekit-sip.ts';
import { listenOnLoopback } from '../../../harness/emulators/loopback-server.ts';
import { eventually } from '../../../harness/eventually.ts';
import { liveState } from '../live-state.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';

const apiKey = 'devkey';
const apiSecret = 'a-secret-of-thirty-two-characters';
const number = '+13125550188';

/** A LiveKit with one caller of the gateway, and what asks it to transfer them. */
async function startLiveKit(t: TestContext) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ sid: 'PA_1', attributes: { 'sip.callID': 'SCL_1' } }));
    });
  });
  const upstream = await listenOnLoopback(server);
  t.after(() => upstream.close());
  const upstreamUrl = `ws://127.0.0.1:${upstream.port}`;
  const front = await startSipFront({ upstreamUrl, apiKey, apiSecret });
  t.after(() => front.close());
  const transfer = (options: { apiSecret?: string; signal?: AbortSignal } = {}) =>
    transferCaller({
      config: {
        livekit: { url: front.wsUrl, apiKey, apiSecret: options.apiSecret ?? apiSecret },
      },
      room: 'call-1',
      callerIdentity: 'sip_caller',
      number,
      ringMs: 900,
      signal: options.signal ?? new AbortController().signal,
    });
  return { front, transfer };
}

test('the caller is referred to the number, with a ringing tone meanwhile', async (t) => {
  const { front, transfer } = await startLiveKit(t);
  assert.deepEqual(await transfer(), { outcome: 'transferred', sipStatus: null });
  assert.deepEqual(front.transfers.log, [
    {
      room: 'call-1',
      identity: 'sip_caller',
      callId: 'SCL_1',
      transferTo: `tel:${number}`,
      playDialtone: true,
      ringingTimeoutMs: 1_000,
    },
  ]);
});

test('what the other side answers decides what became of it', async (t) => {
  const { front, transfer } = await startLiveKit(t);
  for (const [sipStatus, outcome] of [
    [486, 'refused'],
    [603, 'refused'],
    [403, 'refused'],
    [480, 'no-answer'],
    [408, 'no-answer'],
    [503, 'failed'],
  ] as const) {
    front.transfers.outcome = { do: 'refuse', sipStatus, sipReason: 'No' };
    assert.partialDeepStrictEqual(await transfer(), { outcome, sipStatus });
  }
});

test('nobody answers: known when the ringing ends', async (t) => {
  const { front, transfer } = await startLiveKit(t);
  front.transfers.outcome = { do: 'unanswered' };
  assert.deepEqual(await transfer(), { outcome: 'no-answer', sipStatus: null });
});

test('a request that is lost is not sent again: the person would be rung twice', async (t) => {
  const { front, transfer } = await startLiveKit(t);
  front.faults.next('TransferSIPParticipant', { do: 'drop', applied: true });
  const { outcome } = await transfer();
  assert.equal(outcome, 'failed');
  assert.equal(front.transfers.log.length, 1);
});

test('a server that never answers is given up on', async (t) => {
  const { front, transfer } = await startLiveKit(t);
  front.faults.next('TransferSIPParticipant', { do: 'hang' });
  assert.equal((await transfer()).outcome, 'failed');
});

test('the end of the call ends the wait', async (t) => {
  const { front, transfer } = await startLiveKit(t);
  front.faults.next('TransferSIPParticipant', { do: 'hang' });
  const abort = new AbortController();
  const waiting = transfer({ signal: abort.signal });
  abort.abort(new Error('The call ended'));
  assert.equal((await waiting).outcome, 'failed');
});

test('no token and no number of a failed transfer reaches the log', async (t) => {
  const { transfer } = await startLiveKit(t);
  const result = await transfer({ apiSecret: 'another-secret-of-thirty-two-chars' });
  assert.equal(result.outcome, 'failed');
  const { log, lines } = recordedLog();
  log.child({ number }).emit('call.transferred', { ...result, durationMs: 1 });
  const line = JSON.stringify(lines);
  assert.doesNotMatch(line, /eyJ|invalid token|3125550188/);
  assert.match(line, /Unauthorized/);
});

/** A call in which each try comes to the next of `results`; a promise makes it wait. */
function talkOf(...results: (TransferResult | Promise<TransferResult>)[]) {
  const happened: string[] = [];
  const told: TransferResult[] = [];
  const abort = new AbortController();
  const settled = Promise.withResolvers<void>();
  const state = liveState();
  const transfer = new Transfer({
    state,
    talk: {
      sayThrough: async (words) => void happened.push(words),
      say: (words) => void happened.push(words),
      sayTwice: async (words) => void happened.push('twice', words),
      setHearing: (isOn) => void happened.push(isOn ? 'hears' : 'deaf'),
    },
    refer: async (to) => {
      happened.push(to);
      return results.shift() ?? { outcome: 'failed', sipStatus: null };
    },
    onResult: ({ outcome, sipStatus }) => {
      told.push({ outcome, sipStatus });
      settled.resolve();
    },
    signal: abort.signal,
  });
  const isUnderWay = () => state.activity?.name === 'transferring';
  return { transfer, state, isUnderWay, happened, told, abort, settled: settled.promise };
}

const announcement = "I'll put you through now. One moment, please.";
const taken = { outcome: 'transferred', sipStatus: null } as const;
const refused = { outcome: 'refused', sipStatus: 486 } as const;
const unanswered = { outcome: 'no-answer', sipStatus: null } as const;

test('the caller hears what comes, then it rings, and nothing is said after it was taken', async () => {
  const { transfer, isUnderWay, happened, told, settled } = talkOf(taken);
  transfer.begin(['+1', '+2']);
  await settled;
  assert.deepEqual(happened, ['deaf', announcement, '+1']);
  assert.deepEqual(told, [taken]);
  assert.ok(isUnderWay(), 'until the caller has left, nothing else ends the call');
  assert.ok(await transfer.tookCaller());
});

test('the next number is tried when one refuses', async () => {
  const { transfer, happened, told, settled } = talkOf(refused, taken);
  transfer.begin(['+1', '+2']);
  await settled;
  assert.deepEqual(happened, ['deaf', announcement, '+1', '+2']);
  assert.deepEqual(told, [taken]);
});

/** Passes the time in which the gateway lets the caller hear nothing. */
async function passDeafness(t: TestContext, happened: readonly string[]): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  t.mock.timers.tick(32_000);
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  assert.ok(!happened.includes('hears'), 'the caller would not hear it');
  t.mock.timers.tick(1_000);
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

test('one that nobody answers may still ring: no second one is rung, and a message is offered once they hear again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { transfer, isUnderWay, happened, told, settled } = talkOf(unanswered);
  transfer.begin(['+1', '+2']);
  await settled;
  await passDeafness(t, happened);
  assert.deepEqual(happened.slice(0, 5), ['deaf', announcement, '+1', 'hears', 'twice']);
  assert.match(happened[5] ?? '', /nobody is answering.* Shall I take a message\?$/);
  assert.deepEqual(told, [unanswered]);
  assert.ok(!isUnderWay());
  assert.ok(!(await transfer.tookCaller()));
});

test('after a refusal the caller may ask once more', async () => {
  const { transfer, isUnderWay, happened, settled } = talkOf(refused, taken);
  transfer.begin(['+1']);
  await settled;
  assert.match(happened.at(-1) ?? '', /take a message\?$/);
  transfer.begin(['+1']);
  assert.ok(isUnderWay());
});

test('a second wish while it rings changes nothing', async () => {
  const ringing = Promise.withResolvers<TransferResult>();
  const { transfer, happened, settled } = talkOf(ringing.promise);
  transfer.begin(['+1']);
  transfer.begin(['+1']);
  ringing.resolve(taken);
  await settled;
  assert.deepEqual(happened, ['deaf', announcement, '+1']);
});

test('a voice that fails does not stand in the way', async () => {
  const tried: string[] = [];
  const settled = Promise.withResolvers<void>();
  const transfer = new Transfer({
    state: liveState(),
    talk: {
      sayThrough: () => Promise.reject(new Error('no voice')),
      say() {},
      sayTwice: async () => {},
      setHearing() {},
    },
    refer: async (to) => (tried.push(to), taken),
    onResult: () => settled.resolve(),
    signal: new AbortController().signal,
  });
  transfer.begin(['+1']);
  await settled.promise;
  assert.deepEqual(tried, ['+1']);
});

test('the caller who leaves while it rings was taken only if the transfer says so in time', async () => {
  const late = talkOf(new Promise<TransferResult>(() => {}));
  late.transfer.begin(['+1']);
  const ringing = Promise.withResolvers<TransferResult>();
  const justTaken = talkOf(ringing.promise);
  justTaken.transfer.begin(['+1']);
  await eventually('both ring', () =>
    [late, justTaken].every(({ happened }) => happened.includes('+1')),
  );
  const took = justTaken.transfer.tookCaller();
  ringing.resolve(taken);
  assert.ok(await took);
  assert.ok(!(await late.transfer.tookCaller()));
});

test('a call that ends during the announcement refers nobody and says nothing more', async () => {
  const { transfer, isUnderWay, happened, told, abort } = talkOf(taken);
  transfer.begin(['+1']);
  abort.abort(new Error('The call ended'));
  await eventually('it is given up', () => !isUnderWay());
  assert.deepEqual(happened, ['deaf', announcement]);
  assert.deepEqual(told, []);
});

test('a transfer that is told of too late does not speak into the last words', async () => {
  const ringing = Promise.withResolvers<TransferResult>();
  const { transfer, state, happened, told, settled } = talkOf(ringing.promise);
  transfer.begin(['+1']);
  await eventually('it rings', () => happened.includes('+1'));
  assert.ok(state.begin({ name: 'farewell', reason: 'over-limit' }));
  ringing.resolve(unanswered);
  await settled;
  assert.deepEqual(happened, ['deaf', announcement, '+1']);
  assert.deepEqual(told, [unanswered]);
  transfer.begin(['+1']);
  assert.equal(state.activity?.name, 'farewell');
});

test('nobody is rung for a caller who hears the last words by then', async () => {
  const { transfer, state, happened, settled } = talkOf(taken);
  transfer.begin(['+1']);
  assert.ok(state.begin({ name: 'farewell', reason: 'over-limit' }));
  await settled;
  assert.deepEqual(happened, ['deaf', announcement]);
});

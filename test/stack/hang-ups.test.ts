import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { maskPhones } from '../../agent/infra/log.ts';
import type { Call } from '../harness/caller/call.ts';
import { eventually } from '../harness/eventually.ts';
import { processEnd } from '../harness/yard/process-end.ts';
import type { Service } from '../harness/yard/service.ts';
import { Yard } from '../harness/yard/yard.ts';
import { aftermath, jobPids } from './aftermath.ts';
import { lockStore } from './locked-store.ts';
import { sayUntil } from './talking.ts';

const question = 'Do you have a skid steer?';
const farewell = "Thanks, that's all. Goodbye.";

let yard: Yard;
let service: Service;
/** LiveKit takes half a minute to be sure, and the gateway its timeout: both run beside the others. */
let vanished: Call;
let silenced: Call;

before(async () => {
  yard = await Yard.open({
    latencyMs: { stt: 100, llm: 200, tts: 100 },
    env: { NUM_IDLE_PROCESSES: '3' },
  });
  await yard.teach([question, farewell]);
  service = yard.service();
  await service.ready({ warm: 3 });
  vanished = await yard.call({ from: '+15550122' });
  await vanished.waitFor('agent-audio-start');
  await vanished.vanish();
  silenced = await yard.call({ from: '+15550133', mediaTimeoutMs: 12_000 });
  await silenced.waitFor('agent-audio-start');
  silenced.stopPackets();
  await service.ready({ warm: 3 });
});

afterEach(() => yard.openai.faults.clear());

after(async () => {
  await yard[Symbol.asyncDispose]();
});

/** What the timeline of a call does not have: the summary, and what others did about the call. */
const inLogOnly = ['call.closed', 'provider.failed', 'guardian.dispatched'];

/** What holds for every hang-up, whenever it came. */
async function assertCleanEnd(call: Call, reason: string): Promise<void> {
  const { events, lines, row, timeline, endedAfterMs, exitMs } = await aftermath(
    { yard, service },
    call,
  );
  assertOneEnd(events);
  // Usually 300 and 1,000 ms; the plain framework takes 20,000.
  assert.ok(endedAfterMs < 5_000, `ended after ${endedAfterMs} ms`);
  assert.ok(exitMs !== null && exitMs < 10_000, `process gone after ${exitMs} ms`);
  const result = reason === 'cancelled-while-ringing' ? 'caller' : 'completed';
  assert.partialDeepStrictEqual(row, { result, reason, endedBy: 'caller' });
  assert.deepEqual(
    timeline.map(({ event }) => event),
    events.filter((event) => !inLogOnly.includes(event)),
  );
  // That a job was slow to come, on a busy machine, is not about the hang-up.
  const complaints = lines.filter(
    ({ level, event }) =>
      (level === 'warn' || level === 'error') && event !== 'guardian.dispatched',
  );
  assert.deepEqual(complaints, [], 'a hang-up is nothing to complain about');
}

function assertOneEnd(events: readonly string[]): void {
  const ends = events.filter((event) => event === 'call.ended' || event === 'call.closed');
  assert.deepEqual(ends, ['call.ended', 'call.closed']);
}

const linesOf = ({ room }: Call) => service.lines.filter((line) => line.room === maskPhones(room));
const isOf = (call: Call) => (line: { callId?: string }) => line.callId === call.callId;

test('a caller who gives up at the first ring, and calls again at once, is answered', async () => {
  const first = await yard.call();
  const cancelled = first.hangUp();
  const second = await yard.call();
  await second.waitFor('agent-audio-start');
  await second.hangUp();
  await assertCleanEnd(second, 'caller-hangup');
  await cancelled;
  // The first one may have been gone before anybody saw who it was: then the job says no more.
  const isOver = () =>
    linesOf(first).some(({ event }) => /^(call.closed|job.yielded)$/.test(event));
  await eventually('the first call is over', isOver);
  for (const pid of jobPids(service, first)) assert.notEqual(await processEnd(pid, 30_000), null);
  assert.ok(!linesOf(first).some(({ event }) => event === 'call.answered'));
});

test('a caller cancels while the job asks a store that is locked', async () => {
  using lock = lockStore(yard);
  const call = await yard.call();
  await service.waitFor('call.incoming', isOf(call));
  const over = call.hangUp();
  await call.waitFor('hung-up');
  lock[Symbol.dispose]();
  await over;
  await assertCleanEnd(call, 'cancelled-while-ringing');
});

test('a store that is locked for as long as it rings keeps no caller waiting', async () => {
  using lock = lockStore(yard);
  const call = await yard.call();
  await call.waitFor('agent-audio-start');
  lock[Symbol.dispose]();
  await call.hangUp();
  const { events, row, lines } = await aftermath({ yard, service }, call);
  assertOneEnd(events);
  assert.ok(lines.some(({ event, level }) => event === 'store.failed' && level === 'error'));
  assert.partialDeepStrictEqual(row, { result: 'completed', reason: 'caller-hangup' });
});

test('a caller hangs up in the middle of the greeting', async () => {
  const call = await yard.call();
  await call.waitFor('agent-audio-start');
  await call.hangUp();
  await assertCleanEnd(call, 'caller-hangup');
});

test('a caller hangs up in the middle of a sentence of theirs', async () => {
  const call = await yard.call({ script: [{ say: question }] });
  await call.waitFor('saying');
  await call.hangUp();
  await assertCleanEnd(call, 'caller-hangup');
});

test('a caller hangs up while the model thinks', async () => {
  yard.openai.faults.on('chat', { do: 'hang' });
  const call = await yard.call();
  await sayUntil(call, question, () => yard.of(call, yard.openai.requests).length > 0);
  await call.hangUp();
  await assertCleanEnd(call, 'caller-hangup');
});

test('a caller hangs up while a tool answers', async () => {
  const call = await yard.call();
  await sayUntil(call, question, () => usedTool(call));
  await call.hangUp();
  await assertCleanEnd(call, 'caller-hangup');
});

test('a caller hangs up during the goodbye', async () => {
  const call = await yard.call();
  await sayUntil(call, farewell, () => usedTool(call));
  const { atMs } = await call.waitFor('said');
  await call.waitFor('agent-audio-start', (event) => event.atMs > atMs);
  await call.hangUp();
  await assertCleanEnd(call, 'caller-hangup');
});

test('a caller who vanishes without a word is noticed, and nothing is left', async () => {
  const { events, lines, row, exitMs } = await aftermath({ yard, service }, vanished);
  assertOneEnd(events);
  assert.partialDeepStrictEqual(row, { result: 'upstream', reason: 'media-lost', endedBy: null });
  assert.notEqual(exitMs, null);
  assert.deepEqual(
    lines.filter(({ level }) => level === 'error'),
    [],
  );
});

test('a leg that dies without a packet is told from a caller who hangs up', async () => {
  const { events, row, exitMs } = await aftermath({ yard, service }, silenced);
  assertOneEnd(events);
  assert.partialDeepStrictEqual(row, { result: 'upstream', reason: 'media-lost', endedBy: null });
  assert.notEqual(exitMs, null);
});

const usedTool = (call: Call) => linesOf(call).some(({ event }) => event === 'tool.used');

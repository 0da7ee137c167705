import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { maskPhones } from '../../../agent/infra/log.ts';
import type { Call } from '../../harness/caller/call.ts';
import { eventually } from '../../harness/eventually.ts';
import { processEnd } from '../../harness/yard/process-end.ts';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath, jobPids } from '../aftermath.ts';

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
  service = yard.service();
  await service.ready({ warm: 3 });
  vanished = await yard.call({ from: '+13125550122' });
  await vanished.waitFor('agent-audio-start');
  await vanished.vanish();
  silenced = await yard.call({ from: '+13125550133', mediaTimeoutMs: 12_000 });
  await silenced.waitFor('agent-audio-start');
  silenced.stopPackets();
  await service.ready({ warm: 3 });
});

after(async () => {
  await yard[Symbol.asyncDispose]();
});
tellFailures(() => yard);

/** What holds for every hang-up, whenever it came. */
async function assertCleanEnd(call: Call, reason: string): Promise<void> {
  const { events, kept, lines, row, timeline, endedAfterMs, exitMs } = await aftermath(
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
    kept,
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

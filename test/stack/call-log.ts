import assert from 'node:assert/strict';
import { eventually } from '../harness/eventually.ts';
import type { LogLine } from '../harness/yard/service-log.ts';
import type { Service } from '../harness/yard/service.ts';
import type { Aftermath, Answering } from './aftermath.ts';

/** Every answered call shows these events, in this order. */
const shown = [
  'call.incoming',
  'room.connected',
  'equipment.loaded',
  'session.started',
  'call.answered',
  'call.ended',
  'call.closed',
];

/** Of one whom the attendant greeted, because the job was late: the two tell side by side. */
const shownAttended = [...shown, 'attendant.handed-over', 'job.resumed'].toSorted();

/** How many of the lines tell of this event. */
export const count = (lines: readonly LogLine[], event: string) =>
  lines.filter((line) => line.event === event).length;

/** So late is a job's clock before the job doubts that the call is its own (agent/call/ownership). */
const lateMs = 950;

/**
 * True for a job that stood still for want of a core alone: the neighbours of a test take them. One
 * that held itself up, with work or with a call that blocks, is not excused: it had its core.
 */
const wasStarved = ({ event, sign, claim, stoodMs, queuedMs }: LogLine) =>
  event === 'job.doubted' &&
  sign === 'stood-still' &&
  claim === 'ours' &&
  Number(stoodMs) - Number(queuedMs ?? 0) <= lateMs;

/** An answered call shows all its events, in order; its timeline is the same, and its row agrees. */
export function assertWellLogged({ lines, row, timeline }: Aftermath): void {
  const events = lines.filter((line) => !wasStarved(line)).map(({ event }) => event);
  // What becomes of a booking is in the journal, not in the timeline.
  const ofCall = events.filter((event) => !event.startsWith('booking.'));
  // The greeting may outlast whoever began it.
  const usual = ofCall.filter((event) => event !== 'tool.used' && event !== 'call.notices');
  const isAttended = lines.some((line) => line['by'] === 'attendant');
  const inOrder = isAttended ? usual.toSorted() : usual;
  assert.deepEqual(inOrder, isAttended ? shownAttended : shown);
  assert.deepEqual([usual[0], usual.at(-1)], ['call.incoming', 'call.closed']);
  assert.ok(lines.length <= 40, `${lines.length} lines`);
  // Two processes note what they see: within a millisecond in either order.
  const told = timeline.map(({ event }) => event);
  const logged = ofCall.slice(0, -1);
  if (isAttended) assert.deepEqual(told.toSorted(), logged.toSorted());
  else assert.deepEqual(told, logged);
  const closed = lines.at(-1);
  assert.partialDeepStrictEqual(row, {
    result: closed?.['result'],
    reason: closed?.['reason'],
    callerNumberMasked: '0111',
  });
  assert.doesNotMatch(JSON.stringify(timeline), /5550111|5550199/);
}

/** Every line is JSON in our form, with no number, no secret and no word of the talk. */
export function assertLogForm({ yard, service }: Answering, lines: readonly string[]): void {
  assert.deepEqual(service.strays, []);
  for (const line of service.lines) {
    for (const key of ['level', 'message', 'time', 'event'])
      assert.equal(typeof line[key], 'string');
  }
  const log = JSON.stringify(service.lines);
  const secrets = Object.entries(yard.env).filter(([name]) => /_(KEY|SECRET)$/.test(name));
  for (const [name, secret] of secrets) {
    if (name !== 'LIVEKIT_API_KEY') assert.ok(!log.includes(secret), name);
  }
  assert.doesNotMatch(log, /\d*5550111|\d*5550199/);
  const words = [...lines, ...yard.spoken.map(({ text }) => text.trim())];
  for (const said of words) assert.ok(!log.includes(said), said);
}

/** The figures tell of the same calls as the log; resolves with how to ask for the sum of one. */
export async function assertFigures(service: Service) {
  const url = `http://127.0.0.1:${await service.port()}/metrics`;
  const total = async (name: string) => {
    const lines = (await (await fetch(url)).text()).split('\n');
    const series = lines.filter((line) => line.startsWith(`pickup_${name}`));
    return series.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  const counted = {
    calls_answered_total: 'call.answered',
    calls_ended_total: 'call.ended',
    tools_used_total: 'tool.used',
  };
  for (const [name, event] of Object.entries(counted)) {
    const told = () => count(service.lines, event);
    await eventually(
      `${name} is the number of ${event}`,
      async () => (await total(name)) === told(),
    );
  }
  assert.ok((await total('turn_latency_seconds_count')) > 0);
  assert.ok((await total('call_first_word_seconds_count')) > 0);
  assert.equal(await total('link_state{state="registered"}'), 1);
  return total;
}

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { jobReport } from '../../../agent/ipc/messages.ts';
import type { MetricSample } from '../../../agent/ipc/messages.ts';
import { termination } from '../../../agent/ipc/termination.ts';
import { alertCauses } from '../../../agent/telemetry/alert-rules.ts';
import { catalogue, watchedLog } from '../../../agent/telemetry/events.ts';
import type { Emitted, Log } from '../../../agent/telemetry/events.ts';
import { toolNames } from '../../../agent/telemetry/instruments.ts';
import { Metrics } from '../../../agent/telemetry/metrics.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import { phoneCall } from '../../tools/phone-call.ts';

/** The one event that `emit` emits, its line, and what was told of it. */
function emitted(emit: (log: Log) => void) {
  const { log, lines } = recordedLog();
  const told: Emitted[] = [];
  emit(watchedLog(log, (one) => told.push(one)));
  assert.equal(told.length, 1);
  const [line, event] = [lines[0], told[0]];
  assert.ok(line && event);
  return { line, event };
}

const counted = (name: string, labels: Record<string, string> = {}): MetricSample => ({
  name,
  labels,
  seconds: null,
});
const timed = (name: string, seconds: number): MetricSample => ({ name, labels: {}, seconds });

const error = new Error('no');
const booking = { bookingId: 'QL3773', callId: 'SCL_1', itemId: 'EX-1' };
const gap = { attempt: 1, silentMs: 1 };
const hangup = termination('caller-hangup');
const moves: readonly (readonly [
  what: string,
  emit: (log: Log) => void,
  samples: readonly MetricSample[],
])[] = [
  [
    'an answer',
    (log) => log.emit('call.answered', { ringMs: 267, by: 'job', greeting: 'ready' }),
    [counted('calls_answered_total'), timed('call_pickup_seconds', 0.267)],
  ],
  [
    'the first word',
    (log) => log.emit('call.closed', { ...hangup, answerToFirstWordMs: 90 }, 'served'),
    [timed('call_first_word_seconds', 0.09)],
  ],
  [
    'no first word',
    (log) => log.emit('call.closed', { ...hangup, answerToFirstWordMs: null }, 'served'),
    [],
  ],
  [
    'a call that no job served',
    (log) => log.emit('call.closed', { ...termination('crash'), durationMs: 1 }, 'lost'),
    [],
  ],
  [
    'a turn',
    (log) => log.emit('turn.completed', { latencyMs: 773 }),
    [timed('turn_latency_seconds', 0.773)],
  ],
  [
    'an end',
    (log) => log.emit('call.ended', { ...hangup, endedBy: 'caller' }, 'served'),
    [counted('calls_ended_total', { result: 'completed', reason: 'caller-hangup' })],
  ],
  [
    'a tool',
    (log) => log.emit('tool.used', { tool: 'end_call', ok: true, durationMs: 1 }, 'used'),
    [counted('tools_used_total', { tool: 'end_call', ok: 'true' })],
  ],
  [
    'a failure to hear',
    (log) => log.emit('provider.failed', { sense: 'hearing' }, 'failed'),
    [counted('provider_failures_total', { sense: 'hearing' })],
  ],
  [
    'the same, as the session tells it by its own names',
    (log) => log.emit('provider.failed', { type: 'llm_error', recoverable: false }, 'failed'),
    [],
  ],
  [
    'a step that is tried',
    (log) => log.emit('gap.step', { ...gap, step: 'ask' }),
    [counted('gap_steps_total', { step: 'ask', outcome: 'tried' })],
  ],
  [
    'a step that fails',
    (log) => log.emit('gap.step', { attempt: 1, step: 'rejoin', error }),
    [counted('gap_steps_total', { step: 'rejoin', outcome: 'failed' })],
  ],
  [
    'audio that came back by itself',
    (log) => log.emit('gap.recovered', { attempt: 1, step: null, afterMs: null, lengthMs: 1 }),
    [counted('gap_steps_total', { step: 'none', outcome: 'recovered' })],
  ],
  [
    'audio that was given up on',
    (log) => log.emit('gap.gave-up', { ...gap, why: 'ladder-walked' }),
    [counted('gap_steps_total', { step: 'none', outcome: 'gave-up' })],
  ],
  [
    'the same, told again when the polite end fails',
    (log) => log.emit('gap.gave-up', { ...gap, why: 'end-failed', error }),
    [],
  ],
  [
    'a conflict',
    (log) => log.emit('booking.conflict', { ...booking, reason: 'rented' }, 'given-away'),
    [counted('bookings_total', { outcome: 'conflict' })],
  ],
  [
    'a hand-over that is due',
    (log) => log.emit('handover.due', { afterMs: 1 }),
    [counted('handovers_due_total')],
  ],
  [
    'a hand-over that failed',
    (log) => log.emit('handover.failed', { kind: 'rejoin', error }),
    [counted('handovers_failed_total', { kind: 'rejoin' })],
  ],
  [
    'a call that is given away',
    (log) => log.emit('job.handed-over', { kind: 'handover' }),
    [counted('call_resume_gap_seconds', { kind: 'handover' })],
  ],
  [
    'a call that goes on',
    (log) => log.emit('job.resumed', { kind: 'takeover', items: 4, isHopeless: false }),
    [counted('call_resumes_total', { kind: 'takeover' })],
  ],
  [
    'a call that comes',
    (log) => log.emit('call.incoming', { callerNumber: '***0111', yardNumber: null }, 'first'),
    [],
  ],
];

for (const [what, emit, samples] of moves) {
  const which = samples.map(({ name }) => name).join(' and ') || 'no metric';
  test(`${what} moves ${which}`, () => {
    assert.deepEqual(emitted(emit).event.samples, samples);
  });
}

test('samples that another release may send, or a broken one, leave the others alone', () => {
  const good = counted('calls_answered_total');
  const strange = [
    null,
    'answered',
    { kind: 'sang' },
    { ...good, labels: { tool: 7 } },
    timed('turn_latency_seconds', -1),
    { ...good, seconds: 'long' },
  ];
  const report = { type: 'metrics', metrics: [good, ...strange, { ...good, since: 1 }] };
  assert.deepEqual(jobReport.parse(report), { type: 'metrics', metrics: [good, good] });
  assert.equal(jobReport.safeParse({ type: 'metrics', metrics: 'none' }).success, false);
});

test('every tool of the model is known by name', () => {
  assert.deepEqual([...toolNames], Object.keys(phoneCall({ sendsTexts: true }).created));
});

test('an event is written with its name, its fields and the catalogue’s words', () => {
  const { line } = emitted((log) => log.emit('worker.hung', { workerPid: 7, silentMs: 3_000 }));
  const { time: _, ...rest } = line;
  assert.deepEqual(rest, {
    level: 'error',
    event: 'worker.hung',
    workerPid: 7,
    silentMs: 3_000,
    message: 'worker process hangs, killed',
  });
});

test('a variant has a level and a message of its own', () => {
  const told = (['claim', 'supervisors-again'] as const).map(
    (variant) => emitted((log) => log.emit('store.failed', { error }, variant)).line,
  );
  assert.deepEqual(
    told.map(({ level, message }) => [level, message]),
    [
      ['error', 'call could not be claimed'],
      ['debug', 'other supervisors are not seen'],
    ],
  );
});

test('only what an event adds to a call’s timeline is kept', () => {
  const kept = (emit: (log: Log) => void) => emitted(emit).event.isKept;
  assert.equal(
    kept((log) => log.emit('room.connected', { durationMs: 5 }, 'first')),
    true,
  );
  assert.equal(
    kept((log) => log.emit('room.connected', { durationMs: 5 }, 'again')),
    false,
  );
  assert.equal(
    kept((log) => log.emit('tool.used', { tool: 'x', ok: true, durationMs: 1 }, 'often')),
    true,
  );
  assert.equal(
    kept((log) => log.emit('job.yielded')),
    false,
  );
});

test('a watched log tells of events that are not written, and of those of its children', () => {
  const { log, events } = recordedLog();
  const told: unknown[] = [];
  const watched = watchedLog(log, ({ event }) => told.push(event));
  watched.child({ callId: 'SCL_1' }).emit('job.yielded');
  watched.emit('turn.completed', { latencyMs: 1 });
  assert.deepEqual(told, ['job.yielded', 'turn.completed']);
  assert.deepEqual(events(), told);
});

/** Scripts, alerts of the platform and README rely on each of these: change one on purpose alone. */
test('names, levels and messages are as they were', () => {
  const all = Object.entries(catalogue).flatMap(([name, { tellings }]) =>
    Object.values(tellings).map(([level, message]) => `${name} ${level} ${message}`),
  );
  assert.deepEqual(all.toSorted(), pinned);
});

test('every metric and alert that the pages name exists', async () => {
  const metrics = new Metrics(() => ({
    link: null,
    lastPongAgeMs: 1,
    workers: [],
    isReady: true,
    calls: 0,
    warmProcesses: 0,
    inventoryAgeMs: 1,
    outboxRows: 0,
    outboxAgeMs: 1,
    confirmationRows: null,
    confirmationAgeMs: null,
    openAlerts: [],
  }));
  const text = await metrics.text();
  const pages = (await allPages()).join('\n');
  const rows = tableRows(pages, 'Metric').flatMap((row) => [...row.matchAll(/`([a-z_]+)[{`]/g)]);
  const named = rows.map(([, name]) => `pickup_${name}`);
  assert.ok(named.length >= 20, `${named.length} metrics are named`);
  const missing = named.filter((name) => !text.includes(`# TYPE ${name} `));
  assert.deepEqual(missing, []);
  const causes = tableRows(pages, '`cause`').map((row) => row.match(/`([a-z-]+)`/)?.[1] ?? '');
  assert.deepEqual(causes.toSorted(), alertCauses.toSorted());
});

/** README and every page of `docs`. */
async function allPages(): Promise<readonly string[]> {
  const root = join(import.meta.dirname, '../../..');
  const docs = await readdir(join(root, 'docs'), { recursive: true });
  const names = docs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
  return Promise.all(['README.md', ...names].map((name) => readFile(join(root, name), 'utf8')));
}

/** The first cells of the tables whose first column is called `header`. */
function tableRows(pages: string, header: string): readonly string[] {
  const lines = pages.split('\n');
  return lines.flatMap((line, index) => {
    if (line.split('|')[1]?.trim() !== header) return [];
    const rows = lines.slice(index + 2);
    const end = rows.findIndex((row) => !row.startsWith('|'));
    return rows.slice(0, end).map((row) => row.split('|')[1] ?? '');
  });
}

const pinned = [
  'alert.cleared info a person is no longer needed',
  'alert.failed error nobody took the alert',
  'alert.raised warn a person is needed',
  'attendant.died error attendant could not be started',
  'attendant.died error attendant process died',
  'attendant.failed warn attendant could not take a call',
  'attendant.handed-over info attendant gave the call to its job',
  'attendant.hung error attendant process hangs, killed',
  'attendant.sent info attendant sent to a call without a job',
  'attendant.started info attendant started',
  'attendant.stopped info attendant ended',
  'booking.cancelled info cancelled booking is off the sheet',
  'booking.cancelled info staff cancelled a booking in the sheet',
  'booking.changed info booking was changed',
  'booking.committed info booking is in the journal',
  'booking.confirmed info booking is in the sheet',
  'booking.conflict warn staff gave the unit away meanwhile: call the customer back',
  'booking.conflict warn staff moved a booking to days of another: call the customer back',
  'booking.conflict warn the row of a booking was deleted',
  'booking.duplicated warn a booking had more than one row in the sheet',
  'booking.moved info staff moved a booking in the sheet',
  'booking.off-rent info the caller is done with a rental: staff are to fetch it',
  'booking.rows-missing warn rows of bookings are gone from the sheet together: their days stay booked',
  'call-back.noted info caller is to be called back',
  'call.answered info call answered',
  'call.closed error call closed',
  'call.closed info call closed',
  'call.closed info call closed',
  'call.ended error call ended',
  'call.ended info call ended',
  'call.ended info call ended',
  'call.escalated info caller goes to a person at once',
  'call.incoming debug call incoming',
  'call.incoming info call incoming',
  'call.limited warn one number has more calls than its share',
  'call.notices info notices of the greeting played',
  'call.settled debug call has its place in the ledger',
  'call.state debug call moved on',
  'call.transferred info transfer to a person',
  'canary.failed warn test call was not as it should be',
  'canary.passed info test call was as it should be',
  'config.unusual error the machine or its platform harms calls',
  'config.unusual warn the machine or its platform may harm calls',
  'config.unusual warn time budgets do not fit together',
  'confirmation.failed debug confirmation was not taken, and is sent again',
  'confirmation.failed warn confirmation was not taken, and is sent again',
  'confirmation.gave-up error confirmation was given up',
  'confirmation.sent info confirmation sent',
  'desk.died warn desk could not be started',
  'desk.died warn desk process died',
  'desk.failed warn page of the desk could not be made',
  'desk.refused warn somebody was not let in at the desk',
  'desk.settled info something was settled at the desk',
  'desk.signed-in info somebody signed in at the desk',
  'desk.started info desk started',
  'desk.stopped info desk ended',
  'digest.failed warn digest was not taken, and is sent again',
  'digest.sent info digest of a day sent',
  'drain.goodbye info nobody goes on with the call',
  'drain.handing-over info call is handed over to another deployment',
  'equipment.loaded debug equipment loaded',
  'equipment.loaded info equipment loaded',
  'gap.detected info audio of the caller',
  'gap.gave-up info audio of the caller',
  'gap.recovered info audio of the caller',
  'gap.step info audio of the caller',
  'guardian.dispatched warn no job serves the call, dispatched again',
  'guardian.failed debug rooms could not be swept',
  'guardian.failed warn call could not be looked after',
  'guardian.failed warn no fresh job could be sent',
  'guardian.failed warn rooms could not be swept',
  'guardian.gave-up error no job could be had for a call',
  'guardian.handover info fresh job sent for a call',
  'handover.due info job reached HANDOVER_AFTER_MS',
  'handover.failed warn call could not be handed over',
  'hearing.recovered info caller is heard again',
  'inventory.failed debug sheet was not read, the last good list stays in use',
  'inventory.failed error sheet was not read, the last good list stays in use',
  'inventory.failed warn ready without the sheet',
  'inventory.failed warn sheet was not read, the last good list stays in use',
  'inventory.problem warn cells of the sheet are not usable',
  'inventory.refreshed debug inventory refreshed',
  'inventory.refreshed info inventory refreshed',
  'job.accepted debug job accepted',
  'job.died error job process died',
  'job.doubted debug job asked whether the call is still its own',
  'job.doubted warn job asked whether the call is still its own',
  'job.failed error caller could not be hung up on',
  'job.failed error job could not come back into its room',
  'job.failed error job could not take the call',
  'job.failed error job got stuck in a turn',
  'job.failed error job got stuck while it spoke',
  'job.forced debug room could not be left',
  'job.forced error call ended by force',
  'job.forced error job ended by order of the supervisor',
  'job.forced error job killed',
  'job.forced warn job did not close in time',
  'job.frozen warn job process does not run',
  'job.handed-over info call handed over to a fresh job',
  'job.refused warn job refused',
  'job.resumed info call goes on in another job',
  'job.yielded info job left the call',
  'line.failed warn message on the line ignored',
  'liveness.resumed warn timers of the call run again',
  'message.delivered info message is in the sheet',
  'phrase.failed warn phrases could not be synthesised',
  'phrase.ready info all phrases are there',
  'phrase.synthesised debug phrase synthesised',
  'process.fault debug unhandled rejection in a job',
  'process.fault error job process could not be warmed up',
  'process.fault error test call broke off',
  'process.fault error uncaught exception in a job',
  'process.fault error uncaught exception in the attendant',
  'process.fault error uncaught exception in the desk',
  'process.fault error uncaught exception in the supervisor',
  'process.fault error uncaught exception in the worker',
  'process.fault error unhandled rejection in a job',
  'process.fault error unhandled rejection in the attendant',
  'process.fault error unhandled rejection in the desk',
  'process.fault error unhandled rejection in the supervisor',
  'process.fault error unhandled rejection in the worker',
  'process.fault error worker could not drain',
  'process.fault warn not everything could be closed',
  'provider.failed warn goodbye was not played out',
  'provider.failed warn provider failed',
  'recording.ended warn call goes on without its recording',
  'retention.swept info what is too old was removed',
  'room.connected debug room connected',
  'room.connected info room connected',
  'room.reconnected info connection to the room is restored',
  'room.reconnecting info connection to the room was lost',
  'service.draining info draining',
  'service.failed error service failed',
  'service.started info service started',
  'service.stopped info service stopped',
  'session.started debug session started',
  'session.started info session started',
  'sheet.write-failed debug sheet could not be written',
  'sheet.write-failed error sheet could not be written',
  'sheet.write-failed warn sheet could not be written',
  'sheet.writing info this process writes the sheet',
  'speech.withheld info sentence of the model left out',
  'store.failed debug confirmations could not be looked through',
  'store.failed debug ledger could not be kept up to date',
  'store.failed debug other supervisors are not seen',
  'store.failed error call could not be claimed',
  'store.failed error call could not be written down',
  'store.failed error call is not fully written down',
  'store.failed error call-back could not be noted',
  'store.failed error nobody can say whose a call is',
  'store.failed error store could not be closed',
  'store.failed error what was said could not be read',
  'store.failed warn booking could not be looked up',
  'store.failed warn call could not be looked up',
  'store.failed warn claim of the call could not be renewed',
  'store.failed warn confirmations could not be looked through',
  'store.failed warn equipment could not be read',
  'store.failed warn inventory lease could not be renewed',
  'store.failed warn journal could not be looked through',
  'store.failed warn ledger could not be kept up to date',
  'store.failed warn other supervisors are not seen',
  'store.failed warn phrase could not be read',
  'store.failed warn staff could not be told what a transfer is about',
  'store.failed warn store could not be opened ahead',
  'store.failed warn test call could not be counted',
  'store.failed warn transcript is not fully written down',
  'store.failed warn what is too old could not be removed',
  'tool.used debug tool used',
  'tool.used info tool used',
  'tool.used warn tool used',
  'turn.completed debug turn completed',
  'unit.status-set info status of a unit was set',
  'worker.died error worker could not be started',
  'worker.died error worker process died',
  'worker.gave-up error LiveKit was given up on: the process ends with its last call and must be started anew',
  'worker.hung error worker process hangs, killed',
  'worker.ready info ready for calls',
  'worker.refused error LiveKit refused the key: check LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
  'worker.registered info worker registered with LiveKit',
  'worker.replaced warn worker replaced',
  'worker.started info worker started',
  'worker.stopped info worker process ended',
  'worker.unregistered warn LiveKit is not reachable',
];

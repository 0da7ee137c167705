import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOf, readCallMetric, toolNames } from '../../../agent/telemetry/events.ts';
import type { LogFields } from '../../../agent/infra/log.ts';
import { watchedLog } from '../../../agent/watched-log.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import { phoneCall } from '../../tools/phone-call.ts';

const counted: readonly (readonly [LogFields, unknown])[] = [
  [
    { event: 'call.answered', ringMs: 267 },
    { kind: 'answered', ringMs: 267 },
  ],
  [
    { event: 'call.closed', answerToFirstWordMs: 90, leg: 'hangup' },
    { kind: 'first-word', sinceAnswerMs: 90 },
  ],
  [{ event: 'call.closed', answerToFirstWordMs: null }, null],
  [
    { event: 'turn.completed', latencyMs: 773 },
    { kind: 'turn', latencyMs: 773 },
  ],
  [
    { event: 'call.ended', result: 'completed', reason: 'caller-hangup' },
    { kind: 'ended', reason: 'caller-hangup' },
  ],
  [
    { event: 'tool.used', tool: 'end_call', ok: true, durationMs: 1 },
    { kind: 'tool', tool: 'end_call', ok: true },
  ],
  [
    { event: 'provider.failed', sense: 'hearing' },
    { kind: 'provider-failed', sense: 'hearing' },
  ],
  // The session says the same of what was told already, by its own names.
  [{ event: 'provider.failed', type: 'llm_error', recoverable: false }, null],
  [
    { event: 'gap.step', attempt: 1, step: 'ask' },
    { kind: 'gap', step: 'ask', outcome: 'tried' },
  ],
  [
    { event: 'gap.step', attempt: 1, step: 'rejoin', error: new Error('no') },
    { kind: 'gap', step: 'rejoin', outcome: 'failed' },
  ],
  [
    { event: 'gap.recovered', step: null },
    { kind: 'gap', step: 'none', outcome: 'recovered' },
  ],
  [
    { event: 'gap.gave-up', why: 'ladder-walked' },
    { kind: 'gap', step: 'none', outcome: 'gave-up' },
  ],
  [{ event: 'gap.gave-up', why: 'end-failed' }, null],
  [
    { event: 'booking.conflict', reason: 'rented' },
    { kind: 'booking', outcome: 'conflict' },
  ],
  [{ event: 'handover.due', afterMs: 1 }, { kind: 'handover-due' }],
  [
    { event: 'handover.failed', kind: 'rejoin' },
    { kind: 'handover-failed', resume: 'rejoin' },
  ],
  [
    { event: 'job.handed-over', kind: 'handover' },
    { kind: 'handed-over', resume: 'handover' },
  ],
  [
    { event: 'job.resumed', kind: 'takeover', items: 4 },
    { kind: 'resumed', resume: 'takeover' },
  ],
  [{ event: 'call.incoming', callerNumber: '***0111' }, null],
];

for (const [fields, metric] of counted) {
  const what = metric === null ? 'nothing' : JSON.stringify(metric);
  test(`a line ${JSON.stringify(fields)} counts as ${what}`, () => {
    assert.deepEqual(metricOf(fields), metric);
  });
}

test('what another release may send, or a broken one, is nothing', () => {
  const strange = [
    null,
    'answered',
    { kind: 'sang' },
    { kind: 'ended', reason: 'by-magic' },
    { kind: 'tool', tool: 'call_5550100', ok: true },
    { kind: 'provider-failed', sense: 'smelling' },
    { kind: 'turn', latencyMs: -1 },
    { kind: 'turn', latencyMs: 'long' },
  ];
  assert.deepEqual(
    strange.map(readCallMetric),
    strange.map(() => null),
  );
});

test('every tool of the model is known by name', () => {
  assert.deepEqual([...toolNames], Object.keys(phoneCall().created));
});

test('a watched log tells of lines that are not written, and of those of its children', () => {
  const { log, events } = recordedLog();
  const told: unknown[] = [];
  const watched = watchedLog(log, ({ event }) => told.push(event));
  watched.child({ callId: 'SCL_1' }).info({ event: 'call.answered' }, 'call answered');
  watched.debug({ event: 'turn.completed' }, 'turn completed');
  assert.deepEqual(told, ['call.answered', 'turn.completed']);
  assert.deepEqual(events(), told);
});

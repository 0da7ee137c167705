import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { AlertRules } from '../../../agent/telemetry/alert-rules.ts';
import type { Observation } from '../../../agent/telemetry/alert-rules.ts';

const well: Observation = {
  link: 'registered',
  takeovers: 0,
  backlog: { pendingSinceMs: null, conflicts: 0 },
  sheetRefusal: null,
};
const minuteMs = 60_000;

let causes: AlertRules;
let nowMs: number;

beforeEach(() => {
  causes = new AlertRules();
  nowMs = Date.UTC(2026, 10, 23);
});

/** What is told after `ms` more, if it looks as in `seen`. */
function after(ms: number, seen: Partial<Observation> = {}): string[] {
  nowMs += ms;
  const changes = causes.look({ ...well, ...seen }, nowMs);
  return changes.map(({ cause, state }) => `${cause} ${state}`);
}

test('a service that is well tells nothing', () => {
  for (let minute = 0; minute < 60; minute += 1) assert.deepEqual(after(minuteMs), []);
  assert.deepEqual(causes.open, []);
});

test('two minutes without a registration are told once, and their end once', () => {
  assert.deepEqual(after(0, { link: 'connecting' }), []);
  assert.deepEqual(after(119_000, { link: 'refused' }), []);
  assert.deepEqual(after(1_000, { link: 'refused' }), ['no-registration raised']);
  assert.deepEqual(after(60 * minuteMs, { link: 'no-worker' }), []);
  assert.deepEqual(causes.open, ['no-registration']);
  assert.deepEqual(after(1_000), ['no-registration cleared']);
  assert.deepEqual(after(1_000), []);
  assert.deepEqual(causes.open, []);
});

test('a link that comes back begins the two minutes anew', () => {
  after(0, { link: 'connecting' });
  after(100_000);
  after(1_000, { link: 'connecting' });
  assert.deepEqual(after(100_000, { link: 'connecting' }), []);
  assert.deepEqual(after(20_000, { link: 'connecting' }), ['no-registration raised']);
});

test('each emergency is told of at once, and all are over ten minutes after the last', () => {
  assert.deepEqual(after(0, { emergencies: 1 }), ['emergency raised']);
  assert.deepEqual(after(5_000, { emergencies: 1 }), []);
  assert.deepEqual(after(5_000, { emergencies: 3 }), ['emergency raised']);
  assert.deepEqual(after(9 * minuteMs, { emergencies: 3 }), []);
  assert.deepEqual(causes.open, ['emergency']);
  assert.deepEqual(after(minuteMs, { emergencies: 3 }), ['emergency cleared']);
});

test('says since when, and what the link was like', () => {
  after(0, { link: 'refused' });
  const sinceMs = nowMs;
  const [change] = causes.look({ ...well, link: 'refused' }, nowMs + 2 * minuteMs);
  assert.deepEqual(change, {
    cause: 'no-registration',
    state: 'raised',
    sinceMs,
    detail: { link: 'refused' },
  });
});

test('a service that is told to end is not blamed for having no registration', () => {
  after(0, { link: null });
  assert.deepEqual(after(30 * minuteMs, { link: null }), []);
});

test('three takeovers in ten minutes are told; it is over ten minutes after the last', () => {
  assert.deepEqual(after(0, { takeovers: 1 }), []);
  assert.deepEqual(after(5 * minuteMs, { takeovers: 2 }), []);
  assert.deepEqual(after(4 * minuteMs, { takeovers: 3 }), ['repeated-takeovers raised']);
  assert.deepEqual(after(2 * minuteMs, { takeovers: 4 }), []);
  assert.deepEqual(after(9 * minuteMs, { takeovers: 4 }), []);
  assert.deepEqual(after(1 * minuteMs, { takeovers: 4 }), ['repeated-takeovers cleared']);
});

test('takeovers that are further apart are not told', () => {
  for (let takeovers = 1; takeovers <= 20; takeovers += 1) {
    assert.deepEqual(after(6 * minuteMs, { takeovers }), []);
  }
});

test('several takeovers between two looks count each', () => {
  assert.deepEqual(after(0, { takeovers: 4 }), ['repeated-takeovers raised']);
});

test('a rush in which callers are turned away is told once, and when it is over', () => {
  assert.deepEqual(after(0, { callBacks: 1 }), ['call-back raised']);
  assert.deepEqual(after(5 * minuteMs, { callBacks: 4 }), []);
  assert.deepEqual(after(9 * minuteMs, { callBacks: 4 }), []);
  assert.deepEqual(after(minuteMs, { callBacks: 4 }), ['call-back cleared']);
  assert.deepEqual(after(minuteMs, { callBacks: 5 }), ['call-back raised']);
});

test('the first call that failed by our fault is told, and when there is none for ten minutes', () => {
  assert.deepEqual(after(0, { failedCalls: 1 }), ['failed-call raised']);
  assert.deepEqual(after(9 * minuteMs, { failedCalls: 2 }), []);
  assert.deepEqual(after(9 * minuteMs, { failedCalls: 2 }), []);
  assert.deepEqual(after(minuteMs, { failedCalls: 2 }), ['failed-call cleared']);
});

test('a booking that is pending for five minutes is told, and when none is', () => {
  const backlog = { pendingSinceMs: nowMs, conflicts: 0 };
  assert.deepEqual(after(299_000, { backlog }), []);
  assert.deepEqual(after(1_000, { backlog }), ['booking-pending raised']);
  assert.deepEqual(after(minuteMs, { backlog }), []);
  assert.deepEqual(after(minuteMs), ['booking-pending cleared']);
});

test('a message or a cancellation that the sheet does not take is told as a booking is', () => {
  const backlog = { pendingSinceMs: null, outboxSinceMs: nowMs, conflicts: 0 };
  assert.deepEqual(after(299_000, { backlog }), []);
  assert.deepEqual(after(1_000, { backlog }), ['booking-pending raised']);
  assert.deepEqual(after(minuteMs), ['booking-pending cleared']);
});

test('a conflict is told, and when a person has dealt with all', () => {
  const of = (conflicts: number) => ({ backlog: { pendingSinceMs: null, conflicts } });
  assert.deepEqual(after(0, of(1)), ['booking-conflict raised']);
  assert.deepEqual(after(minuteMs, of(1)), []);
  // Each further customer is to be called back too.
  assert.deepEqual(after(minuteMs, of(5)), ['booking-conflict raised']);
  assert.deepEqual(after(minuteMs, of(2)), []);
  assert.deepEqual(after(minuteMs, of(3)), ['booking-conflict raised']);
  assert.deepEqual(after(minuteMs, of(0)), ['booking-conflict cleared']);
});

test('a store that does not answer changes nothing', () => {
  after(0, { backlog: { pendingSinceMs: null, conflicts: 1 } });
  assert.deepEqual(after(minuteMs, { backlog: 'unknown' }), []);
  assert.deepEqual(causes.open, ['booking-conflict']);
  assert.deepEqual(after(minuteMs), ['booking-conflict cleared']);
});

test('what another process deals with, it tells of: nothing is said here', () => {
  after(0, { backlog: { pendingSinceMs: null, conflicts: 1 }, sheetRefusal: 'SHEETS_FORBIDDEN' });
  const elsewhere = { backlog: 'elsewhere', sheetRefusal: 'elsewhere' } as const;
  assert.deepEqual(after(minuteMs, elsewhere), []);
  assert.deepEqual(causes.open, []);
  assert.deepEqual(after(minuteMs), []);
});

test('a sheet that Google refuses is told with its code', () => {
  const [change] = causes.look({ ...well, sheetRefusal: 'SHEETS_NOT_FOUND' }, nowMs);
  assert.deepEqual(
    [change?.cause, change?.detail],
    ['sheet-forbidden', { code: 'SHEETS_NOT_FOUND' }],
  );
  assert.deepEqual(after(1_000), ['sheet-forbidden cleared']);
});

test('one cause does not hide another', () => {
  after(0, { link: 'connecting' });
  assert.deepEqual(
    after(2 * minuteMs, { link: 'connecting', sheetRefusal: 'SHEETS_FORBIDDEN', takeovers: 3 }),
    ['no-registration raised', 'repeated-takeovers raised', 'sheet-forbidden raised'],
  );
});

test('things to mend in the sheet are told once a day at most, with their count', () => {
  assert.deepEqual(after(0, { sheetProblems: 4 }), ['sheet-problem raised']);
  assert.deepEqual(after(minuteMs, { sheetProblems: 5 }), []);
  assert.deepEqual(causes.open, ['sheet-problem']);
  assert.deepEqual(after(minuteMs, { sheetProblems: 0 }), ['sheet-problem cleared']);
  assert.deepEqual(after(minuteMs, { sheetProblems: 1 }), []);
  assert.deepEqual(after(24 * 60 * minuteMs, { sheetProblems: 1 }), ['sheet-problem raised']);
});

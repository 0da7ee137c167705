import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openStore } from '../../../agent/infra/store/database.ts';
import type { Store } from '../../../agent/infra/store/database.ts';
import type { CanaryTrouble } from '../../../agent/supervisor/canary.ts';
import { Operations } from '../../../agent/supervisor/operations.ts';
import type { Seen } from '../../../agent/supervisor/operations.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { eventually } from '../../harness/eventually.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import { request } from '../../tools/journal/example-booking.ts';
import { nowMs } from '../../tools/yard/example-yard.ts';

let cleanUp: AsyncDisposableStack;
let store: Store;
let seen: Seen;
let operations: Operations;

beforeEach(async () => {
  cleanUp = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-operations-'));
  cleanUp.defer(() => rm(dataDir, { recursive: true, force: true }));
  store = cleanUp.use(await openStore({ dataDir }));
  const readiness = { ready: true, reason: null, calls: 1, warmProcesses: 4, inventoryAgeMs: 500 };
  const worker = {
    pid: 10,
    link: 'registered',
    linkDetail: null,
    reconnects: 2,
    lastPongAtMs: performance.now() - 1_000,
    lastBeatMs: performance.now(),
    send: () => {},
  } as const;
  seen = {
    readiness: { ...readiness, alerts: [] },
    worker,
    workers: [worker],
    isDraining: false,
    inventory: { isLeading: true, refusal: null, problems: 0 },
    bookings: { isLeading: true, refusal: null },
    ledger: { spentTodayUsd: 0 },
    canary: null,
  };
  const { log } = recordedLog();
  operations = new Operations({
    config: { alerts: null, confirmations: null, dayBudgetUsd: 25 },
    store,
    log,
    see: () => seen,
  });
  cleanUp.defer(() => operations.stop());
});
afterEach(() => cleanUp.disposeAsync());

/** A booking of long ago that the sheet does not show. */
async function leavePending(): Promise<void> {
  const clock = { nowMs: () => nowMs };
  const made = await commitBooking(store, { callId: 'call-1', request: request(), clock });
  assert.equal(made.kind, 'committed');
}

async function outboxRows(): Promise<string | undefined> {
  return /^pickup_outbox_rows (\d+)$/m.exec(await operations.metrics.text())?.[1];
}

test('what waits in the journal is in the metrics, and in an alert', async () => {
  await leavePending();
  operations.start();
  await eventually('the journal was looked through', async () => (await outboxRows()) === '1');
  operations.alerts.look(nowMs + 300_000);
  assert.deepEqual(operations.alerts.open, ['booking-pending']);
});

test('the process that does not write the sheet leaves that alert to the one that does', async () => {
  await leavePending();
  seen = { ...seen, bookings: { isLeading: false, refusal: null } };
  operations.start();
  await eventually('the journal was looked through', async () => (await outboxRows()) === '1');
  operations.alerts.look(nowMs + 300_000);
  assert.deepEqual(operations.alerts.open, []);
});

test('a sheet that may be read and not written needs a person', () => {
  seen = { ...seen, bookings: { isLeading: true, refusal: 'SHEETS_FORBIDDEN' } };
  operations.alerts.look();
  assert.deepEqual(operations.alerts.open, ['sheet-forbidden']);
});

test('a day that costs more than its budget needs a person, until the next one', () => {
  seen = { ...seen, ledger: { spentTodayUsd: 24.99 } };
  operations.alerts.look();
  assert.deepEqual(operations.alerts.open, []);
  seen = { ...seen, ledger: { spentTodayUsd: 25 } };
  operations.alerts.look();
  assert.deepEqual(operations.alerts.open, ['day-budget']);
  seen = { ...seen, ledger: { spentTodayUsd: 0 } };
  operations.alerts.look();
  assert.deepEqual(operations.alerts.open, []);
});

test('two test calls that fail in a row need a person, until one passes', () => {
  const why = 'wrong-answer';
  const openAfter = (trouble: CanaryTrouble | null) => {
    seen = { ...seen, canary: { trouble } };
    operations.alerts.look();
    return operations.alerts.open;
  };
  assert.deepEqual(openAfter({ failures: 1, why }), []);
  assert.deepEqual(openAfter({ failures: 2, why }), ['canary']);
  assert.deepEqual(openAfter({ failures: 3, why }), ['canary']);
  assert.deepEqual(openAfter(null), []);
});

test('events of its log are counted', async () => {
  operations.log.child({ jobId: 'AJ_1' }).emit('guardian.dispatched', {
    room: 'call_1',
    callId: null,
    resume: 'takeover',
    attempt: 1,
    takeovers: 0,
    cause: null,
    waitedMs: 1_000,
  });
  const text = await operations.metrics.text();
  assert.match(text, /^pickup_guardian_actions_total\{action="dispatched"\} 1$/m);
  assert.match(text, /^pickup_link_reconnects_total 2$/m);
});

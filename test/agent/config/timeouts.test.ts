import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { z } from 'zod';
import { defaultWriterBudgets } from '../../../tools/sheet/write/sheet-writer.ts';
import { settingNames } from '../../../agent/config/schema.ts';
import {
  brokenRelations,
  defaultTimeouts as t,
  sharedTimes as shared,
  timeoutNames,
  timeoutVariable,
} from '../../../agent/config/timeouts.ts';

test('the default budgets fit together', () => {
  assert.deepEqual(brokenRelations(t), []);
});

test('the relations that the design rests on hold', () => {
  assert.ok(t.audioGapMs < t.sipMediaTimeoutMs, 'a gap is noticed before the gateway hangs up');
  assert.ok(t.goodbyeMs < t.closeMs, 'the goodbye is a part of the close');
  assert.ok(t.hangupCloseMs < t.closeMs);
  // A job leaves within 3 s of the hang-up, its record written.
  assert.ok(t.hangupCloseMs < 3_000);
  assert.ok(t.pickupMs < t.connectMs && t.connectMs < t.sessionStartMs);
  // Carriers give up after 12 s of ringing at the earliest: a fresh job must have had its chance.
  assert.ok(t.pickupMs + t.connectMs < 12_000);
  assert.ok(t.equipmentLoadMs < t.sessionStartMs);
  assert.ok(t.confirmBookingMs < t.toolMs);
  assert.ok(t.inventoryTtlMs < t.inventoryMaxAgeMs);
  assert.ok(t.callerSilentMs * 3 < t.maxCallMs);
  assert.ok(t.audioGapMs < t.gapCooldownMs);
});

test('a call that changes hands is waited for at both ends, and by the guardian longest', () => {
  const { turnEndMs, handOverNoticeMs, standbyMs, stuckStandbyMs } = shared;
  assert.ok(2 * turnEndMs + handOverNoticeMs < standbyMs);
  assert.ok(standbyMs < stuckStandbyMs);
  assert.ok(shared.freshJobMs + shared.leaseTransferMs < standbyMs);
  assert.ok(t.pickupMs < shared.freshJobMs);
});

test('a guardian acts alone until the job that it sent for has had its time to report in', () => {
  assert.ok(t.pickupMs < shared.guardianLeaseMs);
  assert.ok(t.pickupMs < shared.aloneInRoomMs);
  assert.ok(shared.lineRetryMs <= t.pickupMs, 'a job that comes back is not taken for a lost one');
});

test('a polite end in a hurry is over before the platform, or the gateway, ends the call', () => {
  assert.ok(shared.lastWordsMs < shared.politeEndMs);
  assert.ok(shared.politeEndMs < t.sipMediaTimeoutMs - t.audioGapMs);
  assert.ok(shared.politeEndMs < shared.leastGraceMs);
  assert.ok(shared.politeEndMs < t.goodbyeMs);
});

test('a caller hears of a booking in time, though another machine writes the sheet', () => {
  const noticedMs = defaultWriterBudgets.idleMs + shared.bookingLookMs;
  assert.ok(noticedMs * 4 < t.confirmBookingMs, 'most of the time is for Google');
  assert.ok(t.equipmentLoadMs + t.confirmBookingMs < t.toolMs);
});

test('a drain and the close after it end before Railway kills', () => {
  const file = readFileSync(new URL('../../../railway.json', import.meta.url), 'utf8');
  const schema = z.object({ deploy: z.object({ drainingSeconds: z.number() }) });
  const { drainingSeconds } = schema.parse(JSON.parse(file)).deploy;
  assert.ok(t.drainMs + t.closeMs < drainingSeconds * 1_000);
});

for (const [name, variable] of [
  ['audioGapMs', 'AUDIO_GAP_MS'],
  ['sipMediaTimeoutMs', 'SIP_MEDIA_TIMEOUT_MS'],
  ['goodbyeMs', 'GOODBYE_MS'],
  ['hangupCloseMs', 'HANGUP_CLOSE_MS'],
  ['pickupMs', 'PICKUP_MS'],
  ['confirmBookingMs', 'CONFIRM_BOOKING_MS'],
  ['inventoryTtlMs', 'INVENTORY_TTL_MS'],
] as const) {
  test(`${variable} that is too long is named, with its value`, () => {
    const [problem = '', ...others] = brokenRelations({ ...t, [name]: 1_000_000 });
    assert.ok(problem.startsWith(`${variable} (1,000,000) must be below `), problem);
    assert.deepEqual(others, []);
  });
}

test('each budget has a variable of the same name', () => {
  assert.equal(timeoutVariable('connectMs'), 'CONNECT_MS');
  assert.equal(timeoutVariable('inventoryMaxAgeMs'), 'INVENTORY_MAX_AGE_MS');
  assert.equal(timeoutVariable('sipMediaTimeoutMs'), 'SIP_MEDIA_TIMEOUT_MS');
  assert.equal(timeoutVariable('gapMaxAttempts'), 'GAP_MAX_ATTEMPTS');
  for (const name of timeoutNames) assert.ok(settingNames.includes(timeoutVariable(name)), name);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReconnectPolicy } from '../../../../agent/worker/link/reconnect-policy.ts';

const lost = { kind: 'lost', detail: 'ECONNREFUSED' } as const;
const refused = { kind: 'refused', detail: 'http-401' } as const;
const settings = {
  reconnectEnabled: true,
  initialMs: 5_000,
  multiplier: 2,
  maxMs: 300_000,
  maxAttempts: 10,
  pingMs: 10_000,
};

/** A policy without jitter, on a clock that goes when it is told to. */
function policyWith(changes: Partial<typeof settings> = {}) {
  const clock = { nowMs: 0 };
  const policy = new ReconnectPolicy({
    settings: { ...settings, ...changes },
    jitter: 0,
    nowMs: () => clock.nowMs,
  });
  /** The waits after `times` losses in a row. */
  const waits = (times: number) => Array.from({ length: times }, () => policy.waitAfterMs(lost));
  const holdFor = (ms: number) => {
    policy.registered();
    clock.nowMs += ms;
  };
  return { policy, waits, holdFor };
}

test('waits longer after each loss, up to the longest wait, and gives up after the last attempt', () => {
  const seconds = policyWith()
    .waits(11)
    .map((waitMs) => waitMs && waitMs / 1_000);
  assert.deepEqual(seconds, [5, 10, 20, 40, 80, 160, 300, 300, 300, 300, null]);
});

test('never gives up when no number of attempts is set', () => {
  const waits = policyWith({ maxAttempts: 0 }).waits(2_000);
  assert.ok(waits.slice(6).every((waitMs) => waitMs === 300_000));
});

test('begins anew after a registration that held for a minute', () => {
  const { waits, holdFor } = policyWith();
  waits(9);
  holdFor(60_000);
  assert.deepEqual(waits(2), [5_000, 10_000]);
});

test('goes on where it was after a registration that did not hold', () => {
  const { waits, holdFor } = policyWith();
  waits(3);
  holdFor(59_000);
  assert.deepEqual(waits(1), [40_000]);
});

test('a registration counts once, for the loss after it', () => {
  const { waits, holdFor } = policyWith();
  holdFor(60_000);
  assert.deepEqual(waits(3), [5_000, 10_000, 20_000]);
});

test('a refused key is tried again slowly, from the first time', () => {
  const { policy } = policyWith();
  assert.equal(policy.waitAfterMs(refused), 300_000);
  assert.equal(policy.waitAfterMs(refused), 300_000);
});

test('makes no attempt at all when reconnecting is switched off', () => {
  assert.deepEqual(policyWith({ reconnectEnabled: false }).waits(1), [null]);
});

test('jitter makes waits shorter, down to half of them, and never longer', () => {
  const policy = new ReconnectPolicy({ settings: { ...settings, maxAttempts: 0, multiplier: 1 } });
  for (let tries = 0; tries < 1_000; tries += 1) {
    const waitMs = policy.waitAfterMs(lost);
    assert.ok(waitMs !== null && waitMs >= 2_500 && waitMs <= 5_000, `${waitMs} ms`);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignInThrottle } from '../../../agent/desk/sign-in-throttle.ts';

test('a few wrong passwords cost nothing, more of them ever longer waits, and never more than a minute', () => {
  const throttle = new SignInThrottle();
  const waits: number[] = [];
  for (let nowMs = 0, tries = 0; tries < 14; tries += 1) {
    throttle.failed('a', nowMs);
    const waitMs = throttle.waitMs('a', nowMs);
    waits.push(waitMs / 1_000);
    nowMs += waitMs;
  }
  assert.deepEqual(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
});

test('one client waits for its own failures alone, and is forgiven in time or when it knows', () => {
  const throttle = new SignInThrottle();
  for (let tries = 0; tries < 9; tries += 1) throttle.failed('a', 0);
  assert.equal(throttle.waitMs('b', 0), 0);
  assert.ok(throttle.waitMs('a', 0) > 0);
  assert.equal(throttle.waitMs('a', 900_000), 0);
  throttle.succeeded('a');
  assert.equal(throttle.waitMs('a', 0), 0);
});

test('strangers who try all at once are turned away, and hold up no browser that is known', async () => {
  const throttle = new SignInThrottle();
  const open = Promise.withResolvers<boolean>();
  const strangers = Array.from({ length: 20 }, () => throttle.check(false, () => open.promise));
  assert.equal(strangers.filter((checked) => checked === null).length, 12);
  assert.equal(await throttle.check(true, async () => true), true);
  open.resolve(false);
  assert.equal(
    (await Promise.all(strangers.filter((checked) => checked !== null))).filter(
      (checked) => !checked,
    ).length,
    8,
  );
  assert.equal(await throttle.check(false, async () => true), true);
});

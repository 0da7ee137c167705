import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallerLimits } from '../../../../agent/supervisor/guardian/caller-limits.ts';

const flood = '+13125550142';
const nowMs = 10_000_000;
const strangers = (count: number) => Array.from({ length: count }, (_, nth) => `+1312555020${nth}`);

test('while three quarters of the places are free nobody is limited', () => {
  const limits = new CallerLimits({ maxCalls: 8 });
  assert.equal(limits.isFlood(flood, { others: [flood, flood], nowMs }), false);
  assert.equal(limits.isFlood(flood, { others: [flood, flood, ...strangers(1)], nowMs }), true);
});

test('beyond that a number has two calls up, and a stranger any', () => {
  const limits = new CallerLimits({ maxCalls: 8 });
  const others = [flood, ...strangers(4)];
  assert.equal(limits.isFlood(flood, { others, nowMs }), false);
  assert.equal(limits.isFlood(flood, { others: [...others, '(312) 555-0142'], nowMs }), true);
  assert.equal(limits.isFlood('+13125550199', { others, nowMs }), false);
});

test('a number has twenty calls in the hour', () => {
  const limits = new CallerLimits({ maxCalls: 8 });
  const others = strangers(4);
  for (let call = 1; call <= 20; call += 1) {
    limits.began(flood, nowMs);
    assert.equal(limits.isFlood(flood, { others, nowMs }), false, `call ${call}`);
  }
  limits.began(flood, nowMs);
  assert.equal(limits.isFlood(flood, { others, nowMs }), true);
  assert.equal(limits.isFlood(flood, { others, nowMs: nowMs + 3_600_000 }), false);
});

test('withheld numbers have one share together', () => {
  const limits = new CallerLimits({ maxCalls: 8 });
  assert.equal(limits.isFlood(null, { others: [null, null, ...strangers(2)], nowMs }), true);
});

test('the yard’s own numbers and those that it trusts are exempt', () => {
  const limits = new CallerLimits({ maxCalls: 8 });
  limits.exempt(['(312) 555-0142']);
  const others = [flood, flood, flood, ...strangers(2)];
  assert.equal(limits.isFlood(flood, { others, nowMs }), false);
});

test('a flood of made-up numbers does not fill the memory, and a real one is still told', () => {
  const limits = new CallerLimits({ maxCalls: 8 });
  for (let call = 0; call < 12_000; call += 1) limits.began(`+1312${2_000_000 + call}`, nowMs);
  for (let call = 0; call < 21; call += 1) limits.began(flood, nowMs);
  assert.equal(limits.isFlood(flood, { others: strangers(4), nowMs }), true);
});

test('a withheld number is never a blocked one', () => {
  const limits = new CallerLimits({ maxCalls: 8 });
  assert.ok(!limits.blocksAny);
  limits.block([flood]);
  assert.ok(limits.blocksAny);
  assert.ok(limits.isBlocked('(312) 555-0142'));
  assert.ok(!limits.isBlocked(null));
  assert.ok(!limits.isBlocked('+13125550143'));
});

test('a quarter of the places is kept, where there are four', () => {
  const reserved = (maxCalls: number) => {
    const limits = new CallerLimits({ maxCalls });
    return Array.from({ length: maxCalls }, (_, nth) => nth + 1).filter((left) =>
      limits.isReserve(left),
    ).length;
  };
  assert.deepEqual([1, 3, 4, 8, 10].map(reserved), [0, 0, 1, 2, 2]);
});

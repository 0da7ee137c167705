import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onDuty, readDutyHours } from '../../../tools/yard/on-duty.ts';

const days = { mon: 23, tue: 24, fri: 27, sat: 28, sun: 29 } as const;

/** The moment at which it is so in Chicago, in the last week of November 2026. */
function at(day: keyof typeof days, clock: string): number {
  return Date.parse(`2026-11-${days[day]}T${clock}:00-06:00`);
}

function takes(typed: string, nowMs: number): boolean {
  const hours = readDutyHours(typed);
  assert.ok(hours, typed);
  return onDuty([{ number: '+13125550100', hours }], 'America/Chicago', nowMs).length > 0;
}

test('a number without hours is there at all hours, and the order stands', () => {
  const contacts = ['+1', { number: '+2', hours: readDutyHours('Mon-Fri 7-17') ?? [] }, '+3'];
  assert.deepEqual(onDuty(contacts, 'America/Chicago', at('mon', '09:00')), ['+1', '+2', '+3']);
  assert.deepEqual(onDuty(contacts, 'America/Chicago', at('sun', '09:00')), ['+1', '+3']);
  assert.deepEqual(onDuty(undefined, 'America/Chicago', 0), []);
});

const cases: readonly (readonly [string, keyof typeof days, string, boolean])[] = [
  ['Mon-Fri 7-17', 'mon', '07:00', true],
  ['Mon-Fri 7-17', 'fri', '16:59', true],
  ['Mon-Fri 7-17', 'fri', '17:00', false],
  ['Mon-Fri 7-17', 'sat', '10:00', false],
  ['Monday to Friday 7:00 am - 5:30 pm', 'tue', '17:29', true],
  ['Mon–Fri 8-5, Sat 8 to noon', 'mon', '16:00', true],
  ['Mon–Fri 8-5, Sat 8 to noon', 'sat', '11:30', true],
  ['Mon–Fri 8-5, Sat 8 to noon', 'sat', '12:00', false],
  ['weekdays 7am-6pm and weekends 9-12', 'sun', '09:30', true],
  ['Sat, Sun 9-12', 'sat', '09:30', true],
  ['Fri-Mon 9-12', 'sun', '09:30', true],
  ['7-17', 'sun', '08:00', true],
  ['17-7', 'mon', '03:00', true],
  ['17-7', 'mon', '12:00', false],
  ['Fri 22:00-06:00', 'sat', '05:30', true],
  ['Fri 22:00-06:00', 'fri', '05:30', false],
  ['6-10 pm', 'mon', '20:00', true],
  ['6-10 pm', 'mon', '12:00', false],
  ['7-5 pm', 'mon', '09:00', true],
  ['Saturday', 'sat', '23:30', true],
  ['24/7', 'sun', '03:00', true],
  ['Tues & Thurs 7 a.m. - 3 p.m.', 'tue', '14:00', true],
];
for (const [typed, day, clock, is] of cases) {
  test(`${typed}: ${day} ${clock} is ${is ? 'in' : 'out of'} hours`, () => {
    assert.equal(takes(typed, at(day, clock)), is);
  });
}

test('the hours are those of the yard, not of the machine that serves the call', () => {
  const contacts = [{ number: '+1', hours: readDutyHours('Mon 7-17') ?? [] }];
  const nowMs = Date.parse('2026-11-23T23:30:00Z');
  assert.deepEqual(onDuty(contacts, 'America/Los_Angeles', nowMs), ['+1']);
  assert.deepEqual(onDuty(contacts, 'Europe/London', nowMs), []);
});

test('what is no hours is none', () => {
  for (const typed of ['', 'ask Jordan', 'Mon-Fri 7-17 or so', '25-30', 'mornings']) {
    assert.equal(readDutyHours(typed), null, typed);
  }
});

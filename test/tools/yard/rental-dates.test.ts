import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  addDays,
  dayNumber,
  daysIn,
  isoDate,
  maxDaysAhead,
  maxRentalDays,
  rentalDates,
  todayIn,
  weekday,
} from '../../../tools/yard/rental-dates.ts';

const today = '2026-11-22';
const anyDay = fc.integer({ min: dayNumber('1950-01-01') ?? 0, max: dayNumber('2150-12-31') ?? 0 });

function problem(start: string, end: string) {
  const dates = rentalDates(start, end, today);
  return dates.ok ? null : dates.problem;
}

/** A clock that stands still. */
function at(iso: string) {
  return { nowMs: () => Date.parse(iso) };
}

function pad(part: number): string {
  return String(part).padStart(2, '0');
}

function monthLengths(year: number): number[] {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
}

test('a day survives the way to ISO text and back', () => {
  fc.assert(fc.property(anyDay, (day) => assert.equal(dayNumber(isoDate(day)), day)));
});

test('the day after is the next one of a calendar kept by hand', () => {
  let day = dayNumber('1999-01-01') ?? Number.NaN;
  for (let year = 1999; year <= 2101; year += 1) {
    for (const [month, length] of monthLengths(year).entries()) {
      for (let date = 1; date <= length; date += 1) {
        assert.equal(isoDate(day), `${year}-${pad(month + 1)}-${pad(date)}`);
        day += 1;
      }
    }
  }
});

test('the day of the week goes round, before 1970 too', () => {
  assert.equal(weekday(today), 'Sunday');
  assert.equal(weekday('1969-07-20'), 'Sunday');
  fc.assert(
    fc.property(anyDay, fc.integer({ min: -60, max: 60 }), (day, weeks) => {
      assert.equal(weekday(isoDate(day + 7 * weeks)), weekday(isoDate(day)));
      assert.notEqual(weekday(isoDate(day + 1)), weekday(isoDate(day)));
    }),
  );
});

test('text that names no day on the calendar is no day', () => {
  for (const text of ['2026-02-30', '2026-02-29', '2026-13-01', '2026-00-10', '2026-11-00']) {
    assert.equal(dayNumber(text), null, text);
  }
  for (const text of [
    '',
    'tomorrow',
    '2026-1-5',
    '11/22/2026',
    ' 2026-11-22',
    '2026-11-22T00:00',
  ]) {
    assert.equal(dayNumber(text), null, text);
  }
  assert.notEqual(dayNumber('2028-02-29'), null);
});

test('a rental counts both of its ends', () => {
  assert.equal(daysIn({ start: today, end: today }), 1);
  assert.equal(daysIn({ start: '2026-12-31', end: '2027-01-01' }), 2);
  // The clocks change on 8 March 2026 in Chicago: a day of 23 hours is still a day.
  assert.equal(daysIn({ start: '2026-03-07', end: '2026-03-09' }), 3);
  assert.equal(addDays('2026-03-07', 2), '2026-03-09');
});

test('today is the date on the wall of the yard', () => {
  assert.equal(todayIn('America/Chicago', at('2026-11-23T05:59:59Z')), '2026-11-22');
  assert.equal(todayIn('America/Chicago', at('2026-11-23T06:00:00Z')), '2026-11-23');
  assert.equal(todayIn('Pacific/Auckland', at('2026-11-22T11:00:00Z')), '2026-11-23');
  assert.equal(todayIn('America/Chicago', at('2026-07-01T04:59:00Z')), '2026-06-30');
  assert.throws(() => todayIn('Mars/Olympus', at('2026-11-22T00:00:00Z')), RangeError);
});

test('dates that can be rented come back as a range', () => {
  assert.deepEqual(rentalDates(today, today, today), {
    ok: true,
    range: { start: today, end: today },
  });
  assert.equal(problem(today, addDays(today, maxRentalDays - 1)), null);
  assert.equal(problem(addDays(today, maxDaysAhead), addDays(today, maxDaysAhead)), null);
});

test('dates that cannot be rented are refused with a code and a sentence', () => {
  assert.equal(problem('2027-02-30', '2027-03-02'), 'not-a-date');
  assert.equal(problem('2026-12-01', 'Thursday'), 'not-a-date');
  assert.equal(problem('2026-12-03', '2026-12-01'), 'reversed');
  assert.equal(problem('2026-11-21', '2026-11-25'), 'past');
  assert.equal(problem(today, addDays(today, maxRentalDays)), 'too-long');
  assert.equal(
    problem(addDays(today, maxDaysAhead + 1), addDays(today, maxDaysAhead + 1)),
    'too-far',
  );
  const refused = rentalDates('2027-02-30', '2027-02-30', today);
  assert.ok(!refused.ok);
  assert.match(refused.say, /not on the calendar/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  spokenBlocks,
  spokenDate,
  spokenHours,
  spokenList,
  spokenMoney,
  spokenRange,
} from '../../../tools/yard/spoken.ts';

const today = '2026-11-22';

test('money has cents only when there are any', () => {
  assert.equal(spokenMoney(45_000, 'USD'), '$450');
  assert.equal(spokenMoney(125_000, 'USD'), '$1,250');
  assert.equal(spokenMoney(8_950, 'USD'), '$89.50');
  assert.equal(spokenMoney(5, 'USD'), '$0.05');
  assert.equal(spokenMoney(0, 'USD'), '$0');
});

test('a date has its weekday, and its year only when it is far away', () => {
  assert.equal(spokenDate('2026-12-01', today), 'Tuesday, December 1st');
  assert.equal(spokenDate('2027-01-05', today), 'Tuesday, January 5th');
  assert.equal(spokenDate('2027-11-23', today), 'Tuesday, November 23rd, 2027');
});

test('days of the month are ordinals', () => {
  const spoken = Array.from({ length: 31 }, (_, i) =>
    spokenDate(`2026-12-${String(i + 1).padStart(2, '0')}`, today)
      .split(' ')
      .at(-1),
  );
  assert.deepEqual(
    spoken.filter((ordinal) => !ordinal?.endsWith('th')),
    ['1st', '2nd', '3rd', '21st', '22nd', '23rd', '31st'],
  );
});

test('a range names both ends, and one day only once', () => {
  assert.equal(
    spokenRange({ start: '2026-12-01', end: '2026-12-03' }, today),
    'from Tuesday, December 1st through Thursday the 3rd',
  );
  assert.equal(
    spokenRange({ start: '2026-11-30', end: '2026-12-03' }, today),
    'from Monday, November 30th through Thursday, December 3rd',
  );
  assert.equal(
    spokenRange({ start: '2026-12-01', end: '2026-12-01' }, today),
    'on Tuesday, December 1st',
  );
});

test('lists end with a word, not with a comma', () => {
  assert.equal(spokenList([]), '');
  assert.equal(spokenList(['a']), 'a');
  assert.equal(spokenList(['a', 'b']), 'a and b');
  assert.equal(spokenList(['a', 'b', 'c'], 'or'), 'a, b or c');
});

test('what is billed names only the blocks that are', () => {
  assert.equal(spokenBlocks({ fourWeeks: 0, weeks: 1, days: 0 }), '1 week');
  assert.equal(spokenBlocks({ fourWeeks: 2, weeks: 0, days: 1 }), '2 four-week blocks and 1 day');
});

test('opening hours are said with whole days and a twelve-hour clock', () => {
  assert.equal(
    spokenHours('Mon-Fri 7:00-17:30, Sat 8:00-12:00, Sun closed'),
    'Monday to Friday 7 AM to 5:30 PM, Saturday 8 AM to noon, Sunday closed',
  );
  assert.equal(spokenHours('Mon. – Thurs. 7am – 5:30 p.m.'), 'Monday to Thursday 7 AM to 5:30 PM');
  assert.equal(spokenHours('0:00-24:00'), 'midnight to midnight');
  assert.equal(spokenHours('12:15 am'), '12:15 AM');
});

test('what is neither a day nor a time stays as it was typed', () => {
  for (const text of ['By appointment, call 555-0100', 'Closed on the 4th of July', '99:99', '']) {
    assert.equal(spokenHours(text), text);
  }
});

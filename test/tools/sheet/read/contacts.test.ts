import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readContacts } from '../../../../tools/sheet/read/contacts.ts';
import { readDutyHours } from '../../../../tools/yard/on-duty.ts';

function read(...cells: readonly (string | number)[]) {
  const problems: string[] = [];
  const contacts = readContacts({ row: 3, cells }, 'transfer to', (row, column, { what }) => {
    problems.push(`${row} ${column}: ${what}`);
  });
  return { contacts, problems };
}

const weekdays = readDutyHours('Mon-Fri 7-17');

test('numbers alone are what they were: there at all hours', () => {
  assert.deepEqual(read('+15550100123', '(555) 555-0101; 15555550102, 5555550103'), {
    contacts: ['+15550100123', '+15555550101', '+15555550102', '+15555550103'],
    problems: [],
  });
});

test('names and hours, in one cell, on lines or in several', () => {
  const contacts = [{ number: '+13125550100', hours: weekdays }, '+13125550101'];
  for (const cells of [
    ['Dispatch: +1 312 555 0100, Mon-Fri 7-17; Owner: +1 312 555 0101'],
    ['Dispatch: +1 312 555 0100, Mon-Fri 7-17\nOwner (Pat): (312) 555-0101'],
    ['+1 312 555 0100', 'Mon-Fri 7-17', '3125550101'],
  ]) {
    assert.deepEqual(read(...cells), { contacts, problems: [] }, cells.join(' | '));
  }
});

test('several hours belong to the number before them', () => {
  const { contacts } = read('+13125550100, Mon-Fri 7-17, Sat 8-12');
  assert.deepEqual(contacts, [
    { number: '+13125550100', hours: readDutyHours('Mon-Fri 7-17, Sat 8-12') },
  ]);
});

test('what is neither is reported and left out, and the number stays', () => {
  assert.deepEqual(read('+13125550100, mornings; ask Jordan'), {
    contacts: ['+13125550100'],
    problems: ['3 transfer to: not a telephone number'],
  });
});

test('a number that is there twice is rung once', () => {
  assert.deepEqual(read('+13125550100; +1 312 555 0100').contacts, ['+13125550100']);
});

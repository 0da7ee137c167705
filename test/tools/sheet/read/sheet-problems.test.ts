import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  readProblems,
  saveProblems,
  type SheetProblem,
} from '../../../../tools/sheet/read/sheet-problems.ts';
import { onBothDatabases } from '../../../agent/infra/store/both-databases.ts';

const unreadable: SheetProblem = {
  tab: 'Bookings',
  row: 4,
  column: 'End',
  what: 'not a date',
  why: 'the machine is held from its first day on',
  remedy: 'write the day as 2026-12-04',
  rowKey: 'abc',
};

onBothDatabases(({ newStore }) => {
  test('who reports replaces their own list of problems and leaves the others', async () => {
    await using store = await newStore();
    assert.deepEqual(await readProblems(store), []);
    const copied = { ...unreadable, row: 9, column: '', what: 'a copy of row 4' };
    await saveProblems(store, 'sheet', { problems: [unreadable], nowMs: 1 });
    await saveProblems(store, 'bookings', { problems: [copied], nowMs: 1 });
    assert.deepEqual(await readProblems(store), [unreadable, copied]);
    await saveProblems(store, 'sheet', { problems: [], nowMs: 2 });
    assert.deepEqual(await readProblems(store), [copied]);
  });
});

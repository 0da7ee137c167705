import type { CellUpdate } from '../inventory/sheets-client.ts';
import type { SheetView, StatusTab } from './sheet-view.ts';

/** The `Status` of the row with the id `key` is to become `to`. */
export type StatusChange = { readonly tab: StatusTab; readonly key: string; readonly to: string };

/** Changes as they were sent, by the row numbers of `view`. */
export type SentChanges = { readonly view: SheetView; readonly changes: readonly StatusChange[] };

/** The cells to write. A row that is not there, or says so already, needs none. */
export function cellsOf({ view, changes }: SentChanges): readonly CellUpdate[] {
  return changes.flatMap(({ tab, key, to }) => {
    const cell = view.statusOf(tab, key);
    if (!cell || cell.status === to) return [];
    return [{ tab: view.titleOf(tab), row: cell.row, column: cell.column, value: to }];
  });
}

/**
 * Sheets has no conditional write: rows that staff sorted between our reading and our writing get
 * each other's `Status`. What another row got by that, seen on reading back, is to become again
 * what it was.
 */
export function misplaced(
  { view, changes }: SentChanges,
  after: SheetView,
): readonly StatusChange[] {
  return changes.flatMap(({ tab, key, to }) => {
    const sentTo = view.statusOf(tab, key);
    const hit = sentTo && after.statusAt(tab, sentTo.row);
    if (!hit || hit.key === key || hit.status !== to) return [];
    const before = view.statusOf(tab, hit.key);
    if (!before || before.status === to) return [];
    if (changes.some((change) => change.tab === tab && change.key === hit.key)) return [];
    return [{ tab, key: hit.key, to: before.status }];
  });
}

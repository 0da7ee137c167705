import type { CellUpdate } from '../client/sheets-client.ts';
import type { SheetView, StatusCell, StatusTab } from './sheet-view.ts';
import { z } from 'zod';
import type { Store, StoreQueries } from '../../../agent/infra/store/database.ts';
import { readSnapshot, saveSnapshot } from '../../../agent/infra/store/snapshots.ts';

/** The `Status` of a row is to become `to`. `key` is the id that was read in it. */
export type StatusChange = Pick<StatusCell, 'tab' | 'key' | 'row'> & { readonly to: string };

/** Changes as they were sent, and what their tabs said before: the ids of the rows, by `Status`. */
export type SentChanges = {
  readonly changes: readonly StatusChange[];
  readonly before: Readonly<
    Partial<Record<StatusTab, Readonly<Record<string, readonly string[]>>>>
  >;
};

/** The snapshot that remembers them. */
const snapshotName = 'sheet-status-changes';

const tabSchema = z.enum(['Equipment', 'Bookings']);
const schema = z.object({
  changes: z.array(z.object({ tab: tabSchema, key: z.string(), row: z.number(), to: z.string() })),
  before: z.partialRecord(tabSchema, z.record(z.string(), z.array(z.string()))),
}) satisfies z.ZodType<SentChanges>;

/** The memory of changes until it is seen which rows they hit. */
export function sentChanges(view: SheetView, changes: readonly StatusChange[]): SentChanges {
  const tabs = [...new Set(changes.map(({ tab }) => tab))];
  const before = Object.fromEntries(tabs.map((tab) => [tab, keysByStatus(view.statuses(tab))]));
  return { changes, before };
}

/** The cells to write. A row that is not there, or says so already, needs none. */
export function cellsOf(view: SheetView, changes: readonly StatusChange[]): readonly CellUpdate[] {
  return changes.flatMap(({ tab, row, to }) => {
    const cell = view.statusAt(tab, row);
    if (!cell || cell.status === to) return [];
    return [{ tab: view.titleOf(tab), row, column: cell.column, value: to }];
  });
}

/**
 * Sheets has no conditional write: rows that staff sorted between our reading and our writing get
 * each other's `Status`. A row that is seen on reading back to have got ours gets its own again.
 */
export function misplaced(
  { changes, before }: SentChanges,
  after: SheetView,
): readonly StatusChange[] {
  return changes.flatMap(({ tab, key, row, to }) => {
    const hit = after.statusAt(tab, row);
    if (!hit || hit.key === key || hit.status !== to) return [];
    if (changes.some((change) => change.tab === tab && change.key === hit.key)) return [];
    const now = keysByStatus(after.statuses(tab));
    const countIn = (keys: readonly string[] = []) => keys.filter((of) => of === hit.key).length;
    // Several rows may have one id: what it has less often than before is what was written over.
    const lost = Object.entries(before[tab] ?? {}).find(
      ([status, keys]) => countIn(keys) > countIn(now[status]),
    );
    return lost ? [{ tab, key: hit.key, row, to: lost[0] }] : [];
  });
}

function keysByStatus(cells: readonly StatusCell[]): Readonly<Record<string, readonly string[]>> {
  const groups = Map.groupBy(cells, ({ status }) => status);
  return Object.fromEntries(
    [...groups].map(([status, of]) => [status, of.map(({ key }) => key)] as const),
  );
}

/** Keeps changes before they go out: whoever reads the sheet next sees which rows they hit. */
export async function saveSent(store: Store, json: SentChanges): Promise<void> {
  await store.transaction((tx) =>
    saveSnapshot(tx, { name: snapshotName, json, savedAtMs: Date.now() }),
  );
}

/** Changes that went out and were not read back yet, by this process or one before it; null for none. */
export async function readSent(store: StoreQueries): Promise<SentChanges | null> {
  const snapshot = await readSnapshot(store, snapshotName);
  return schema.safeParse(snapshot?.json).data ?? null;
}

/** Forgets the changes, once they were read back. */
export async function forgetSent(store: Store): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db.deleteFrom('snapshots').where('name', '=', snapshotName).execute();
  });
}

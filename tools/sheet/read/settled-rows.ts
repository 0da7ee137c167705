import { z } from 'zod';
import type { Store, StoreQueries } from '../../../agent/infra/store/database.ts';
import { readSnapshot, saveSnapshot } from '../../../agent/infra/store/snapshots.ts';
import { readProblems } from './sheet-problems.ts';

const name = 'settled rows';
const keysSchema = z.array(z.string());
/** Rows are settled one by one, by hand: more are long gone from the sheet. */
const mostKept = 2_000;

/** Fingerprints of the rows of `Bookings` that the yard has settled: they hold nothing more. */
export async function readSettledRows(store: StoreQueries): Promise<ReadonlySet<string>> {
  const saved = await readSnapshot(store, name);
  return new Set(keysSchema.safeParse(saved?.json).data ?? []);
}

/**
 * Settles the row of `Bookings` that cannot be read whole: as it stands now it holds nothing more.
 * Resolves with false when no such row is reported.
 */
export async function settleRow(store: Store, row: number, nowMs: number): Promise<boolean> {
  return store.transaction(async (tx) => {
    const reported = await readProblems(tx);
    const keys = reported.flatMap((of) => (of.row === row && of.rowKey ? [of.rowKey] : []));
    if (keys.length === 0) return false;
    const settled = new Set([...(await readSettledRows(tx)), ...keys]);
    await saveSnapshot(tx, { name, json: [...settled].slice(-mostKept), savedAtMs: nowMs });
    return true;
  });
}

import { z } from 'zod';
import type { Store, StoreQueries } from '../../agent/infra/store/database.ts';
import { readSnapshot, saveSnapshot } from '../../agent/infra/store/snapshots.ts';
import type { SentChanges } from '../sheet/write/status-changes.ts';

const name = 'sheet-status-changes';

const tabSchema = z.enum(['Equipment', 'Bookings']);
const schema = z.object({
  changes: z.array(z.object({ tab: tabSchema, key: z.string(), row: z.number(), to: z.string() })),
  before: z.partialRecord(tabSchema, z.record(z.string(), z.array(z.string()))),
}) satisfies z.ZodType<SentChanges>;

/** Written down before changes go out: whoever reads the sheet next sees which rows they hit. */
export async function saveSent(store: Store, json: SentChanges): Promise<void> {
  await store.transaction((tx) => saveSnapshot(tx, { name, json, savedAtMs: Date.now() }));
}

/** What went out and was not read back yet, by this process or one before it; null when nothing. */
export async function readSent(store: StoreQueries): Promise<SentChanges | null> {
  const snapshot = await readSnapshot(store, name);
  return schema.safeParse(snapshot?.json).data ?? null;
}

/** What went out was read back. */
export async function forgetSent(store: Store): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db.deleteFrom('snapshots').where('name', '=', name).execute();
  });
}

import type { Store, StoreQueries } from '../../agent/infra/store/database.ts';
import { phoneKey } from '../../agent/infra/phone-key.ts';

const hourMs = 3_600_000;

/** Counts the codes and names of nobody that a number has tried within the last hour. */
export async function countMisses(
  { db }: StoreQueries,
  phone: string | null,
  nowMs: number,
): Promise<number> {
  const row = await db
    .selectFrom('lookupMisses')
    .select(({ fn }) => fn.countAll<number>().as('misses'))
    .where('callerKey', '=', phoneKey(phone ?? ''))
    .where('atMs', '>', nowMs - hourMs)
    .executeTakeFirst();
  return row?.misses ?? 0;
}

/** Notes one more miss, and forgets those older than an hour. */
export async function noteMiss(store: Store, phone: string | null, nowMs: number): Promise<void> {
  const row = { callerKey: phoneKey(phone ?? ''), atMs: nowMs };
  await store.writeAll([
    store.db
      .deleteFrom('lookupMisses')
      .where('atMs', '<=', nowMs - hourMs)
      .compile(),
    store.db.insertInto('lookupMisses').values(row).compile(),
  ]);
}

import type { StoreQueries } from './database.ts';

/** The value saved last under a name, and when. `json` is to be validated by its reader. */
export type Snapshot = { readonly json: unknown; readonly savedAtMs: number };

/** Replaces what is saved under `name`. `json` is any value that JSON can hold. */
export async function saveSnapshot(
  { db }: Pick<StoreQueries, 'db'>,
  snapshot: { readonly name: string; readonly json: unknown; readonly savedAtMs: number },
): Promise<void> {
  const row = { json: JSON.stringify(snapshot.json), savedAtMs: snapshot.savedAtMs };
  await db
    .insertInto('snapshots')
    .values({ name: snapshot.name, ...row })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .execute();
}

/** The snapshot of that name, or undefined when none was saved yet. */
export async function readSnapshot(
  { db }: Pick<StoreQueries, 'db'>,
  name: string,
): Promise<Snapshot | undefined> {
  const row = await db
    .selectFrom('snapshots')
    .select(['json', 'savedAtMs'])
    .where('name', '=', name)
    .executeTakeFirst();
  return row && { json: JSON.parse(row.json), savedAtMs: row.savedAtMs };
}

/** The time that the snapshot was saved, or undefined: tells whether it is worth reading again. */
export async function readSnapshotTime(
  { db }: Pick<StoreQueries, 'db'>,
  name: string,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('snapshots')
    .select('savedAtMs')
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.savedAtMs;
}

import type { StoreQueries } from '../infra/store/database.ts';

/**
 * Keeps where the talk of a call stands, as JSON. False when a later job of the call has written
 * already: this one has lost the call.
 */
export async function saveCallState(
  { db }: StoreQueries,
  state: { readonly callId: string; readonly epoch: number; readonly json: string },
): Promise<boolean> {
  const row = { ...state, savedAtMs: Date.now() };
  const written = await db
    .insertInto('callStates')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .column('callId')
        .doUpdateSet({ epoch: row.epoch, json: row.json, savedAtMs: row.savedAtMs })
        .where('callStates.epoch', '<=', row.epoch),
    )
    .returning('callId')
    .executeTakeFirst();
  return written !== undefined;
}

/** What was kept last for the call; undefined when nothing was. */
export async function readCallState(
  { db }: StoreQueries,
  callId: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('callStates')
    .select('json')
    .where('callId', '=', callId)
    .executeTakeFirst();
  return row?.json;
}

/** Forgets it: what was said belongs to nobody once the call is over. Not what a later job keeps. */
export async function dropCallState(
  { db }: StoreQueries,
  callId: string,
  { epoch }: { readonly epoch?: number } = {},
): Promise<void> {
  await db
    .deleteFrom('callStates')
    .where('callId', '=', callId)
    .$if(epoch !== undefined, (query) => query.where('epoch', '<=', epoch ?? 0))
    .execute();
}

import { createHmac, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import { maskPhones } from '../log.ts';
import { forgetWords } from './call-words.ts';
import type { Store, StoreQueries } from './database.ts';
import { readSnapshot } from './snapshots.ts';

const dayMs = 86_400_000;

/** Transcripts, timelines and whole numbers stay so long; then a call row has the number's hash. */
const transcriptDays = 90;
/** Call rows stay so long, without the number. */
const callDays = 400;

/** One transaction removes so many rows: nobody who writes a call down waits for more. */
const batch = 200;

/** Rows removed by a sweep, by their class; `numbers` were hashed. */
export type Swept = {
  readonly transcripts: number;
  readonly events: number;
  readonly numbers: number;
  readonly calls: number;
  readonly callBacks: number;
  readonly states: number;
  readonly leases: number;
};

/**
 * Removes what is older than it may be. Messages and bookings stay until the owner deletes them;
 * counts by day and hour have nothing of a caller's in them.
 */
export async function sweepStore(store: Store, nowMs: number): Promise<Swept> {
  const old = nowMs - transcriptDays * dayMs;
  const key = await hashKey(store);
  return {
    transcripts: await inBatches(() => removeOldest(store, 'transcripts', old)),
    events: await inBatches(() => removeOldest(store, 'call_events', old)),
    numbers: await inBatches(() => hashNumbers(store, key, old)),
    calls: await inBatches(() => removeCalls(store, nowMs - callDays * dayMs)),
    callBacks: await removed(store.db.deleteFrom('callBacks').where('lastAtMs', '<', old)),
    ...(await removeOver(store)),
  };
}

/** Removes the states and leases of calls that are over: nobody goes on with them. */
async function removeOver({ db }: StoreQueries): Promise<Pick<Swept, 'states' | 'leases'>> {
  const over = db.selectFrom('calls').where('outcome', 'is not', null);
  const states = db.deleteFrom('callStates').where('callId', 'in', over.select('callId'));
  // A job that comes to itself finds no lease, and leaves.
  const leases = db
    .deleteFrom('leases')
    .where('expiresAtMs', '<', Date.now() - 3_600_000)
    .where('name', 'in', over.select(sql<string>`'call:' || call_id`.as('name')));
  return { states: await removed(states), leases: await removed(leases) };
}

/** The hash that stands for a number in the rows of old calls. The key stays in the store. */
export async function phoneHash(store: StoreQueries, phoneKey: string): Promise<string> {
  return hashOf(await hashKey(store), phoneKey);
}

const keyName = 'phone-hash-key';

async function hashKey(store: StoreQueries): Promise<string> {
  const made = { name: keyName, json: JSON.stringify(randomBytes(32).toString('hex')) };
  await store.db
    .insertInto('snapshots')
    .values({ ...made, savedAtMs: Date.now() })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  return z.string().parse((await readSnapshot(store, keyName))?.json);
}

function hashOf(key: string, phoneKey: string): string {
  return createHmac('sha256', key).update(phoneKey).digest('hex');
}

async function inBatches(removeSome: () => Promise<number>): Promise<number> {
  let all = 0;
  for (;;) {
    const some = await removeSome();
    all += some;
    if (some < batch) return all;
  }
}

async function removed(query: {
  executeTakeFirst(): Promise<{ readonly numDeletedRows: bigint } | undefined>;
}): Promise<number> {
  return Number((await query.executeTakeFirst())?.numDeletedRows ?? 0);
}

/** The ids grow with time: the oldest rows alone are looked at. */
async function removeOldest(
  { db }: StoreQueries,
  table: 'transcripts' | 'call_events',
  beforeMs: number,
): Promise<number> {
  const name = sql.table(table);
  const { numAffectedRows = 0n } = await sql`delete from ${name} where id in (
    select id from (select id, at_ms from ${name} order by id limit ${batch}) as oldest
    where at_ms < ${beforeMs})`.execute(db);
  return Number(numAffectedRows);
}

/** The words to search go with the number: by then the transcript is gone as well. */
function hashNumbers(store: Store, key: string, beforeMs: number): Promise<number> {
  return store.transaction(async (tx) => {
    const rows = await tx.db
      .selectFrom('calls')
      .select(['callId', 'room', 'phoneKey', 'wordsId'])
      .where('startedAtMs', '<', beforeMs)
      .where((eb) => eb.or([eb('phoneKey', 'is not', null), eb('wordsId', 'is not', null)]))
      .limit(batch)
      .execute();
    for (const { callId, room, phoneKey, wordsId } of rows) {
      await forgetWords(tx, wordsId);
      await tx.db
        .updateTable('calls')
        .set({
          phone: null,
          phoneKey: null,
          wordsId: null,
          room: maskPhones(room),
          ...(phoneKey === null ? {} : { phoneHash: hashOf(key, phoneKey) }),
        })
        .where('callId', '=', callId)
        .execute();
    }
    return rows.length;
  });
}

function removeCalls(store: Store, beforeMs: number): Promise<number> {
  return store.transaction(async (tx) => {
    const old = tx.db
      .selectFrom('calls')
      .select('callId')
      .where('startedAtMs', '<', beforeMs)
      .limit(batch);
    return removed(tx.db.deleteFrom('calls').where('callId', 'in', old));
  });
}

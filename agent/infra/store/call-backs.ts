import { sql, type Selectable } from 'kysely';
import { phoneKey } from '../phone-key.ts';
import type { Store, StoreQueries } from './database.ts';
import type { Schema } from './schema.ts';

/** A caller whom somebody is to call back, or was: one a number and day. */
export type CallBack = Selectable<Schema['callBacks']>;

/** A reason to call somebody back. */
export type CallBackReason =
  | 'emergency'
  | 'overflow'
  | 'failed'
  | 'dropped'
  | 'apology'
  | 'message'
  | 'no-audio'
  | 'abandoned';

/** Weight of a reason. 3: now; 2: our doing; 1: they asked; 0: they gave up. */
const urgencies: Readonly<Record<CallBackReason, number>> = {
  emergency: 3,
  overflow: 2,
  failed: 2,
  dropped: 2,
  apology: 2,
  message: 1,
  'no-audio': 0,
  abandoned: 0,
};

/** The digits by which a number is found, however it was written; null for none. */
export function phoneKeyOf(phone: string | null): string | null {
  return (phone && phoneKey(phone)) || null;
}

/**
 * Notes that a caller is to be called back. A further reason on the same day adds to the same item,
 * and opens it again.
 */
export async function noteCallBack(
  { db }: StoreQueries,
  need: {
    readonly callId: string;
    readonly day: string;
    readonly phone: string | null;
    readonly customer: string | null;
    readonly reason: CallBackReason;
    readonly wish: string | null;
    readonly atMs: number;
  },
): Promise<void> {
  const { atMs, reason, ...row } = need;
  const urgency = urgencies[reason];
  const later = { note: null, settledBy: null, settledAtMs: null };
  await db
    .insertInto('callBacks')
    .values({
      ...row,
      ...later,
      callerKey: phoneKeyOf(need.phone) ?? need.callId,
      reason,
      urgency,
      firstAtMs: atMs,
      lastAtMs: atMs,
      tries: 1,
      state: 'open',
    })
    .onConflict((conflict) =>
      conflict.columns(['callerKey', 'day']).doUpdateSet((eb) => ({
        ...later,
        state: 'open',
        lastAtMs: atMs,
        callId: need.callId,
        tries: eb('callBacks.tries', '+', 1),
        customer: eb.fn.coalesce(eb.val(need.customer), 'callBacks.customer'),
        wish: eb.fn.coalesce(eb.val(need.wish), 'callBacks.wish'),
        urgency: sql<number>`case when call_backs.state <> 'open' or call_backs.urgency < ${urgency}
          then ${urgency} else call_backs.urgency end`,
        reason: sql<string>`case when call_backs.state <> 'open' or call_backs.urgency <= ${urgency}
          then ${reason} else call_backs.reason end`,
      })),
    )
    .execute();
}

/** Closes what was open for the number: it was answered since, with a good end. */
export async function closeAnswered(
  { db }: StoreQueries,
  answered: {
    readonly callerKey: string;
    readonly startedAtMs: number;
    readonly endedAtMs: number;
  },
): Promise<void> {
  await db
    .updateTable('callBacks')
    .set({ state: 'answered', settledAtMs: answered.endedAtMs })
    .where('callerKey', '=', answered.callerKey)
    .where('state', '=', 'open')
    .where('lastAtMs', '<', answered.startedAtMs)
    // Staff are on their way to an emergency, or are not: a person says so.
    .where('urgency', '<', urgencies.emergency)
    .execute();
}

/** All callers who wait to be called back, worst first, then who waits longest. */
export function openCallBacks({ db }: StoreQueries, limit = 200): Promise<readonly CallBack[]> {
  return db
    .selectFrom('callBacks')
    .selectAll()
    .where('state', '=', sql.lit('open'))
    .orderBy('urgency', 'desc')
    .orderBy('firstAtMs')
    .limit(limit)
    .execute();
}

/**
 * A person called back, or says that there is no need; the messages of that number and day are dealt
 * with as well. False when it was settled already.
 */
export function settleCallBack(
  store: Store,
  settled: {
    readonly id: number;
    readonly state: 'done' | 'dismissed';
    readonly note: string | null;
    readonly by: string;
    readonly atMs: number;
  },
): Promise<boolean> {
  const { id, state, note, by, atMs } = settled;
  return store.transaction(async (tx) => {
    const item = await tx.db
      .updateTable('callBacks')
      .set({ state, note, settledBy: by, settledAtMs: atMs })
      .where('id', '=', id)
      .where('state', '=', 'open')
      .returning(['callerKey', 'callId', 'day'])
      .executeTakeFirst();
    if (!item) return false;
    const { callerKey, day } = item;
    await tx.db
      .updateTable('messages')
      .set({ resolvedAtMs: atMs })
      .where('resolvedAtMs', 'is', null)
      .where((eb) =>
        eb.or([
          eb('callId', '=', item.callId),
          eb(
            'callId',
            'in',
            eb
              .selectFrom('calls')
              .select('callId')
              .where('phoneKey', '=', callerKey)
              .where('day', '=', day),
          ),
        ]),
      )
      .execute();
    await addAudit(tx, { atMs, madeBy: by, action: `call-back ${state}`, subject: `${id}` });
    return true;
  });
}

/** Writes down what a person did. `subject` is a code or an id, never a caller's name or number. */
export async function addAudit(
  { db }: StoreQueries,
  audit: Omit<Selectable<Schema['audits']>, 'id'>,
): Promise<void> {
  await db.insertInto('audits').values(audit).execute();
}

/** Deeds of people, newest first. */
export function readAudits(
  { db }: StoreQueries,
  { limit = 100 }: { readonly limit?: number } = {},
): Promise<readonly Selectable<Schema['audits']>[]> {
  return db.selectFrom('audits').selectAll().orderBy('id', 'desc').limit(limit).execute();
}

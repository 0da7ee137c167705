import type { Selectable } from 'kysely';
import { phoneKeyOf } from './call-backs.ts';
import type { StoreQueries } from './database.ts';
import type { Schema } from './schema.ts';
import { StoreError } from './store-error.ts';

/** The columns that a job knows of; the ledger's are beside them. */
const columns = [
  'callId',
  'room',
  'callerNumberMasked',
  'startedAtMs',
  'answeredAtMs',
  'endedAtMs',
  'result',
  'reason',
  'endedBy',
  'turns',
  'summary',
  'jobId',
  'epoch',
] as const;

type CallColumns = Pick<Selectable<Schema['calls']>, (typeof columns)[number]>;

/** One call, as stored. `summary` is what its close gave. */
export type StoredCall = Omit<CallColumns, 'summary'> & { readonly summary: unknown };

/** One entry of a call's timeline. */
export type StoredCallEvent = {
  readonly atMs: number;
  readonly event: string;
  readonly data: unknown;
};

/**
 * Writes the row of a call, once. A further job of the same call becomes its job; a late one, with
 * an older epoch, does not. The number is kept for 90 days, its last four digits with the row.
 */
export async function recordCallStart(
  { db }: StoreQueries,
  call: {
    readonly callId: string;
    readonly room: string;
    readonly callerNumber: string | null;
    readonly startedAtMs: number;
    readonly jobId: string | null;
    readonly epoch: number;
    /** A call of the yard's own, to try the agent. */
    readonly isTest?: boolean;
  },
): Promise<void> {
  const { callerNumber, isTest = false, ...row } = call;
  const phoneKey = phoneKeyOf(callerNumber);
  await db
    .insertInto('calls')
    .values({
      ...row,
      callerNumberMasked: phoneKey?.slice(-4) ?? null,
      phone: phoneKey && callerNumber,
      phoneKey,
      isTest: isTest ? 1 : 0,
    })
    .onConflict((conflict) =>
      conflict
        .column('callId')
        .doUpdateSet({ jobId: call.jobId, epoch: call.epoch })
        .where('calls.epoch', '<=', call.epoch),
    )
    .execute();
}

/** True when another call from this number came to a talk, or a booking was made from it. */
export async function hasTalkedBefore(
  { db }: StoreQueries,
  { phoneNumber, callId }: { readonly phoneNumber: string | null; readonly callId: string | null },
): Promise<boolean> {
  const phoneKey = phoneKeyOf(phoneNumber);
  if (phoneKey === null) return false;
  const talked = db
    .selectFrom('calls')
    .select('callId')
    .where('phoneKey', '=', phoneKey)
    .where('turns', '>', 0)
    .where('callId', '!=', callId ?? '')
    .limit(1);
  const booked = db
    .selectFrom('bookings')
    .select('bookingId')
    .where('phoneKey', '=', phoneKey)
    .limit(1);
  if (await talked.executeTakeFirst()) return true;
  return (await booked.executeTakeFirst()) !== undefined;
}

/**
 * Notes when the call was answered. The first answer stands; returns whether this was it. A job with
 * an older `epoch` than the row's has lost the call, and writes nothing.
 */
export async function recordCallAnswered(
  { db }: StoreQueries,
  answer: { readonly callId: string; readonly answeredAtMs: number; readonly epoch: number },
): Promise<boolean> {
  const { callId, answeredAtMs, epoch } = answer;
  const { numUpdatedRows } = await db
    .updateTable('calls')
    .set({ answeredAtMs })
    .where('callId', '=', callId)
    .where('answeredAtMs', 'is', null)
    .where('epoch', '<=', epoch)
    .executeTakeFirst();
  return numUpdatedRows > 0;
}

/** Adds an entry to the call's timeline. `data` is kept as JSON. */
export async function recordCallEvent(
  { db }: StoreQueries,
  entry: {
    readonly callId: string;
    readonly atMs: number;
    readonly event: string;
    readonly data?: unknown;
  },
): Promise<void> {
  await db
    .insertInto('callEvents')
    .values({ ...entry, data: toJson(entry.data) })
    .execute();
}

/**
 * Writes how the call ended. The first close stands; returns whether this was it. A job with an older
 * `epoch` than the row's has lost the call, and closes nothing; without one, no job serves the call.
 * @throws {StoreError} `STORE_FAILED` when no start of this call was recorded.
 */
export async function recordCallClose(
  { db }: StoreQueries,
  close: {
    readonly callId: string;
    readonly result: string;
    readonly reason: string;
    readonly endedBy: string | null;
    readonly endedAtMs: number;
    readonly turns: number;
    readonly summary: unknown;
    readonly epoch?: number;
  },
): Promise<boolean> {
  const { callId, epoch, ...ending } = close;
  const { numUpdatedRows } = await db
    .updateTable('calls')
    .set({ ...ending, summary: toJson(close.summary) })
    .where('callId', '=', callId)
    .where('endedAtMs', 'is', null)
    .$if(epoch !== undefined, (query) => query.where('epoch', '<=', epoch ?? 0))
    .executeTakeFirst();
  if (numUpdatedRows > 0) return true;
  if (await findCall({ db }, callId)) return false;
  throw new StoreError('STORE_FAILED', 'The call to close was never recorded as started');
}

/** The call, or undefined when it was never recorded. */
export async function findCall(
  { db }: Pick<StoreQueries, 'db'>,
  callId: string,
): Promise<StoredCall | undefined> {
  const row = await db
    .selectFrom('calls')
    .select(columns)
    .where('callId', '=', callId)
    .executeTakeFirst();
  return row && asCall(row);
}

/** The id of the test call that began last, at `sinceMs` or later; null when there is none. */
export async function newestTestCall(
  { db }: Pick<StoreQueries, 'db'>,
  sinceMs: number,
): Promise<string | null> {
  const row = await db
    .selectFrom('calls')
    .select('callId')
    .where('isTest', '=', 1)
    .where('startedAtMs', '>=', sinceMs)
    .orderBy('startedAtMs', 'desc')
    .executeTakeFirst();
  return row?.callId ?? null;
}

/** The calls without an end, oldest first: live, or left behind by a process that died. */
export async function openCalls({ db }: StoreQueries): Promise<readonly StoredCall[]> {
  const rows = await db
    .selectFrom('calls')
    .select(columns)
    .where('endedAtMs', 'is', null)
    .orderBy('startedAtMs')
    .execute();
  return rows.map(asCall);
}

/** The timeline of a call, in the order of time, then of writing. */
export async function callTimeline(
  { db }: StoreQueries,
  callId: string,
): Promise<readonly StoredCallEvent[]> {
  const rows = await db
    .selectFrom('callEvents')
    .select(['atMs', 'event', 'data'])
    .where('callId', '=', callId)
    .orderBy('atMs')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, data: fromJson(row.data) }));
}

function asCall(row: CallColumns): StoredCall {
  return { ...row, summary: fromJson(row.summary) };
}

function toJson(value: unknown): string | null {
  return JSON.stringify(value) ?? null;
}

function fromJson(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}

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

/** The state that was kept last for the call; undefined when none was. */
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

/** Forgets the state: the talk is nobody's once the call is over. A later job's is left alone. */
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

/** The last sign of a call in the store, Unix milliseconds; null without one. */
export async function lastSignAtMs({ db }: StoreQueries, callId: string): Promise<number | null> {
  const state = await db
    .selectFrom('callStates')
    .select('savedAtMs')
    .where('callId', '=', callId)
    .executeTakeFirst();
  const event = await db
    .selectFrom('callEvents')
    .select(({ fn }) => fn.max('atMs').as('atMs'))
    .where('callId', '=', callId)
    .executeTakeFirst();
  const signs = [state?.savedAtMs ?? null, event?.atMs ?? null].filter((atMs) => atMs !== null);
  return signs.length > 0 ? Math.max(...signs) : null;
}

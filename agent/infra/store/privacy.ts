import { sql, type Selectable } from 'kysely';
import { fewestDigits, withoutNumber } from '../phone-mentions.ts';
import { phoneKeyOf } from './call-backs.ts';
import { forgetWords, keepWordsAnew } from './call-words.ts';
import type { Store, StoreQueries } from './database.ts';
import { readLedgerCall, type LedgerCall } from './ledger.ts';
import { phoneHash } from './retention.ts';
import type { Schema } from './schema.ts';
import { readTables } from './tables.ts';

/** Everything that the store has of one number. */
export type Person = {
  /** With transcripts, events, messages, bookings and call-backs. */
  readonly calls: readonly LedgerCall[];
  /** Of other calls: a number that somebody gave for theirs. */
  readonly messages: readonly Selectable<Schema['messages']>[];
  readonly bookings: readonly Selectable<Schema['bookings']>[];
  readonly offRents: readonly Selectable<Schema['offRents']>[];
  readonly callBacks: readonly Selectable<Schema['callBacks']>[];
};

/** The digits by which a person is found; null when `phone` has too few to be a number. */
export function personKey(phone: string): string | null {
  const key = phoneKeyOf(phone);
  return key !== null && key.length >= fewestDigits ? key : null;
}

/** Reads everything of a number, by its `personKey`; hashed rows too. */
export async function readPerson(store: StoreQueries, phoneKey: string): Promise<Person> {
  const { db } = store;
  const ids = await callIdsOf(store, phoneKey);
  const calls = await Promise.all(ids.map((callId) => readLedgerCall(store, callId)));
  const isTheirs = ({ phone }: { readonly phone: string | null }) => phoneKeyOf(phone) === phoneKey;
  const messages = await db.selectFrom('messages').selectAll().execute();
  const offRents = await db.selectFrom('offRents').selectAll().execute();
  return {
    calls: calls.filter((call) => call !== undefined),
    messages: messages.filter(isTheirs),
    bookings: await db
      .selectFrom('bookings')
      .selectAll()
      .where((eb) => eb.or([eb('phoneKey', '=', phoneKey), eb('callerKey', '=', phoneKey)]))
      .execute(),
    offRents: offRents.filter(isTheirs),
    callBacks: await db
      .selectFrom('callBacks')
      .selectAll()
      .where('callerKey', '=', phoneKey)
      .execute(),
  };
}

async function callIdsOf(store: StoreQueries, phoneKey: string): Promise<readonly string[]> {
  const hash = await phoneHash(store, phoneKey);
  const rows = await store.db
    .selectFrom('calls')
    .select('callId')
    .where((eb) => eb.or([eb('phoneKey', '=', phoneKey), eb('phoneHash', '=', hash)]))
    .execute();
  return rows.map(({ callId }) => callId);
}

/** Rows that an erasure removed, and those of others in which the number was struck out. */
export type Erased = {
  readonly calls: number;
  readonly messages: number;
  readonly bookings: number;
  readonly callBacks: number;
  readonly mentions: number;
};

/**
 * Erases a number, by its `personKey`: transcripts, timelines, messages and call-backs of its calls go,
 * the rows of calls and bookings stay without number and name, and wherever else the number stands, as
 * digits, formatted or spoken, it is struck out. On SQLite nothing of it stays in the file.
 */
export async function erasePerson(store: Store, phoneKey: string): Promise<Erased> {
  const ids = await callIdsOf(store, phoneKey);
  const person = await readPerson(store, phoneKey);
  for (const callId of ids) await store.transaction((tx) => eraseCall(tx, callId));
  const codes = [...person.messages, ...person.calls.flatMap(({ messages }) => messages)];
  for (const { code } of codes) await store.transaction((tx) => eraseMessage(tx, code));
  await store.transaction((tx) => eraseRest(tx, phoneKey));
  const mentions = await strikeOut(store, phoneKey);
  await leaveNoTrace(store);
  return {
    calls: ids.length,
    messages: new Set(codes.map(({ code }) => code)).size,
    bookings: person.bookings.length,
    callBacks: person.callBacks.length,
    mentions,
  };
}

async function eraseCall(tx: StoreQueries, callId: string): Promise<void> {
  const { db } = tx;
  const call = await db
    .selectFrom('calls')
    .select('wordsId')
    .where('callId', '=', callId)
    .executeTakeFirst();
  await forgetWords(tx, call?.wordsId ?? null);
  for (const table of ['transcripts', 'callEvents', 'callStates', 'callBacks'] as const) {
    await db.deleteFrom(table).where('callId', '=', callId).execute();
  }
  const none = { phone: null, phoneKey: null, phoneHash: null, callerNumberMasked: null };
  const row = { ...none, wordsId: null, room: 'erased' };
  await db.updateTable('calls').set(row).where('callId', '=', callId).execute();
}

async function eraseMessage({ db }: StoreQueries, code: string): Promise<void> {
  await db.deleteFrom('messages').where('code', '=', code).execute();
  await db.deleteFrom('outbox').where('kind', '=', 'message').where('ref', '=', code).execute();
}

async function eraseRest({ db }: StoreQueries, phoneKey: string): Promise<void> {
  const nobody = { customer: '(erased)', phone: '' };
  await db
    .updateTable('bookings')
    .set({ ...nobody, phoneKey: '', details: null, idempotencyKey: null })
    .where('phoneKey', '=', phoneKey)
    .execute();
  await db
    .updateTable('bookings')
    .set({ callerKey: null })
    .where('callerKey', '=', phoneKey)
    .execute();
  await db.deleteFrom('callBacks').where('callerKey', '=', phoneKey).execute();
  await db.deleteFrom('lookupMisses').where('callerKey', '=', phoneKey).execute();
  const offRents = await db.selectFrom('offRents').select(['rentalKey', 'phone']).execute();
  for (const { rentalKey, phone } of offRents) {
    if (phoneKeyOf(phone) !== phoneKey) continue;
    await db.updateTable('offRents').set(nobody).where('rentalKey', '=', rentalKey).execute();
  }
  // A room's name has its caller's number.
  const leases = await db.selectFrom('leases').select('name').execute();
  for (const { name } of leases) {
    if (withoutNumber(name, phoneKey) === null) continue;
    await db.deleteFrom('leases').where('name', '=', name).execute();
  }
}

const page = 1_000;

/** Goes through every text of every table, those of other parts of the product too. */
async function strikeOut(store: Store, phoneKey: string): Promise<number> {
  let mentions = 0;
  for (const { name: table, columns } of await readTables(store)) {
    for (const { name: column, isText } of columns) {
      if (isText) mentions += await strikeOutIn(store, { table, column, phoneKey });
    }
  }
  return mentions;
}

async function strikeOutIn(
  store: Store,
  { table, column, phoneKey }: { table: string; column: string; phoneKey: string },
): Promise<number> {
  const { db, dialect } = store;
  const [id, place] =
    dialect === 'sqlite'
      ? [sql`rowid`, (at: string) => sql`${Number(at)}`]
      : [sql`ctid`, (at: string) => sql`${at}::tid`];
  const [from, value] = [sql.table(table), sql.ref(column)];
  let [at, mentions] = [dialect === 'sqlite' ? '-1' : '(0,0)', 0];
  for (;;) {
    const { rows } = await sql<{ at: string; text: string | null }>`
      select cast(${id} as text) as at, ${value} as text from ${from}
      where ${id} > ${place(at)} order by ${id} limit ${page}`.execute(db);
    for (const { at: row, text } of rows) {
      const struck = text === null ? null : withoutNumber(text, phoneKey);
      if (struck === null) continue;
      mentions += 1;
      await store.transaction(async (tx) => {
        const [changed] = (
          await sql<{ callId?: string }>`update ${from} set ${value} = ${struck}
            where ${id} = ${place(row)} and ${value} = ${text} returning *`.execute(tx.db)
        ).rows;
        const { callId } = changed ?? {};
        if (table === 'transcripts' && callId !== undefined) await indexAnew(tx, callId);
      });
    }
    const last = rows.at(-1);
    if (!last) return mentions;
    at = last.at;
  }
}

/** Words of a transcript that was changed. */
async function indexAnew(tx: StoreQueries, callId: string): Promise<void> {
  const call = await tx.db
    .selectFrom('calls')
    .select(['startedAtMs', 'wordsId'])
    .where('callId', '=', callId)
    .executeTakeFirst();
  if (!call || call.wordsId === null) return;
  await forgetWords(tx, call.wordsId);
  await keepWordsAnew(tx, { callId, startedAtMs: call.startedAtMs });
}

/** Deleted rows leave SQLite's log too. Another process that reads just now may hold it a while. */
async function leaveNoTrace({ db, dialect }: StoreQueries): Promise<void> {
  if (dialect === 'postgres') return;
  await sql`pragma wal_checkpoint(truncate)`.execute(db);
}

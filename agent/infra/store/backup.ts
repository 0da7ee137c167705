import { chmod, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { openStore, type Store, type StoreQueries } from './database.ts';
import { keepWordsAnew } from './call-words.ts';
import { sqliteFileName } from './sqlite.ts';
import { StoreError } from './store-error.ts';
import { readTables } from './tables.ts';

type Place = Parameters<typeof openStore>[0];

/**
 * Copies the whole store into `folder`, which is made and must be empty: a store of its own, in a
 * SQLite file, whichever database it comes from. The service goes on meanwhile.
 * @throws {StoreError} when it cannot be read, or the folder is not empty.
 */
export async function backUpStore(place: Place, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) {
    throw new StoreError('STORE_CONFLICT', `The folder for the backup is not empty: ${folder}`);
  }
  await using store = await openStore(place);
  if (store.dialect === 'sqlite') {
    const file = path.join(folder, sqliteFileName);
    const source = new DatabaseSync(path.join(place.dataDir, sqliteFileName), { readOnly: true });
    try {
      await backup(source, file);
    } finally {
      source.close();
    }
    return chmod(file, 0o600);
  }
  await using target = await openStore({ dataDir: folder });
  // One moment of all tables.
  await store.transaction((tx) => copyTables(tx, target));
}

/**
 * Fills the store, which must be empty, from what `backUpStore` made, of this release or one before it.
 * @throws {StoreError} `STORE_CONFLICT` when there are calls or bookings in the store.
 */
export async function restoreStore(place: Place, folder: string): Promise<void> {
  await readdir(folder).then((files) => {
    if (files.includes(sqliteFileName)) return;
    throw new StoreError('STORE_UNAVAILABLE', `There is no backup in ${folder}`);
  });
  await using store = await openStore(place);
  for (const table of ['calls', 'bookings', 'messages'] as const) {
    const row = await store.db.selectFrom(table).select('callId').limit(1).executeTakeFirst();
    if (!row) continue;
    throw new StoreError('STORE_CONFLICT', 'The store is not empty: restore into a new one');
  }
  await using source = await openStore({ dataDir: folder });
  await copyTables(source, store);
}

const page = 200;

async function copyTables(source: StoreQueries, target: Store): Promise<void> {
  const known = await readTables(target);
  // The days of bookings refer to them.
  const tables = [...(await readTables(source))].sort(
    (a, b) => Number(b.name === 'bookings') - Number(a.name === 'bookings'),
  );
  for (const { name, columns } of tables) {
    const there = known.find((table) => table.name === name);
    if (!there) continue;
    const names = columns
      .map((column) => column.name)
      .filter((column) => there.columns.some((other) => other.name === column));
    await sql`delete from ${sql.table(name)}`.execute(target.db);
    await copyTable(source, target, { name, columns: names });
  }
  await indexWords(target);
}

async function copyTable(
  source: StoreQueries,
  { db, dialect }: Store,
  { name, columns }: { readonly name: string; readonly columns: readonly string[] },
): Promise<void> {
  const [table, fields] = [sql.table(name), sql.join(columns.map((column) => sql.ref(column)))];
  const read = sql.join(
    columns.map((column, at) => sql`${sql.ref(column)} as ${sql.ref(`c${at}`)}`),
  );
  const order = sql.ref(source.dialect === 'sqlite' ? 'rowid' : 'ctid');
  // An id that the database gives is kept all the same.
  const asTheyAre = sql.raw(dialect === 'postgres' ? 'overriding system value' : '');
  for (let from = 0; ; from += page) {
    const { rows } = await sql<Readonly<Record<string, unknown>>>`
      select ${read} from ${table} order by ${order} limit ${page} offset ${from}`.execute(
      source.db,
    );
    if (rows.length === 0) break;
    const values = rows.map((row) => sql`(${sql.join(columns.map((_, at) => row[`c${at}`]))})`);
    await sql`insert into ${table} (${fields}) ${asTheyAre} values ${sql.join(values)}`.execute(db);
  }
  if (dialect === 'postgres' && columns.includes('id')) {
    await sql`select setval(pg_get_serial_sequence(${name}, 'id'),
      (select coalesce(max(id), 0) + 1 from ${table}), false)
      where pg_get_serial_sequence(${name}, 'id') is not null`.execute(db);
  }
}

/** The words are indexed in each database's own way. */
async function indexWords(store: Store): Promise<void> {
  await sql`delete from call_words`.execute(store.db);
  const calls = await store.db
    .selectFrom('calls')
    .select(['callId', 'startedAtMs'])
    .where('wordsId', 'is not', null)
    .execute();
  await store.db.updateTable('calls').set({ wordsId: null }).execute();
  for (const { callId, startedAtMs } of calls) {
    await store.transaction((tx) => keepWordsAnew(tx, { callId, startedAtMs }));
  }
}

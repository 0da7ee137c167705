import timers from 'node:timers/promises';
import { CamelCasePlugin, Kysely, type CompiledQuery } from 'kysely';
import { migrate } from './migrate.ts';
import { postgresDatabase } from './postgres.ts';
import type { Schema, StoreDialect } from './schema.ts';
import { sqliteDatabase } from './sqlite.ts';
import { StoreError } from './store-error.ts';

/** The store itself, or a transaction of it: queries run in either. */
export type StoreQueries = { readonly db: Kysely<Schema>; readonly dialect: StoreDialect };

/** The store that all calls and processes share. The same queries run on both databases. */
export type Store = StoreQueries & {
  /**
   * Runs `work` as if no other transaction ran meanwhile. `work` uses `tx` only (a query on the
   * store itself would wait for its own transaction), and has no effect outside of it: after a
   * conflict it runs again.
   */
  transaction<T>(work: (tx: StoreQueries) => Promise<T>): Promise<T>;
  /**
   * Runs all queries, or none. For writes that are right or refused by a key, whatever happens
   * meanwhile: they need no `transaction`, and hold up others for a fraction of its time.
   */
  writeAll(queries: readonly CompiledQuery[]): Promise<void>;
  /** Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** One operation waits so long for locks of others: a caller hears nothing meanwhile. */
const defaultLockWaitMs = 5_000;

/**
 * Opens the store and brings its schema up to date: Postgres with `databaseUrl`, else a SQLite file
 * in `dataDir`, which is made if need be. Every failure of its queries is a `StoreError`.
 * @throws {StoreError} `STORE_UNAVAILABLE` when it cannot be opened or reached.
 */
export async function openStore(options: {
  readonly databaseUrl?: string | null | undefined;
  readonly dataDir: string;
  readonly lockWaitMs?: number | undefined;
}): Promise<Store> {
  const { databaseUrl, dataDir, lockWaitMs = defaultLockWaitMs } = options;
  const dialect = databaseUrl ? 'postgres' : 'sqlite';
  const { dialect: driver, writeAll } = databaseUrl
    ? postgresDatabase({ databaseUrl, lockWaitMs })
    : sqliteDatabase({ dataDir, lockWaitMs });
  const db = new Kysely<Schema>({ dialect: driver, plugins: [new CamelCasePlugin()] });
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= db.destroy());
  try {
    await migrate(db, dialect);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    db,
    dialect,
    transaction: (work) => runTransaction({ db, dialect }, work, lockWaitMs),
    writeAll,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** On SQLite one transaction at a time holds the write lock; Postgres finds conflicts at the end. */
async function runTransaction<T>(
  { db, dialect }: StoreQueries,
  work: (tx: StoreQueries) => Promise<T>,
  lockWaitMs: number,
): Promise<T> {
  const deadlineMs = performance.now() + lockWaitMs;
  for (;;) {
    try {
      return await db
        .transaction()
        .setIsolationLevel('serializable')
        .execute((tx) => work({ db: tx, dialect }));
    } catch (error) {
      const inConflict = error instanceof StoreError && error.code === 'STORE_BUSY';
      if (!inConflict || performance.now() >= deadlineMs) throw error;
      // 5-25 ms: two that met once should not meet again.
      await timers.setTimeout(5 + 20 * Math.random());
    }
  }
}

/** A process's one connection to the store; a failed opening is tried again by who asks next. */
export function storeOpener(place: Parameters<typeof openStore>[0]): () => Promise<Store> {
  let opened: Promise<Store> | undefined;
  return () => {
    opened ??= openStore(place).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import timers from 'node:timers/promises';
import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import { withDeadline } from '../deadline.ts';
import { StoreError, type StoreErrorCode } from './store-error.ts';

type SqliteOptions = { readonly dataDir: string; readonly lockWaitMs: number };

/**
 * How long SQLite itself waits for a lock. It stops the whole process meanwhile, so this covers
 * only another process's short commit; longer waits are made in JavaScript, up to `lockWaitMs`.
 */
const blockingWaitMs = 5;

/** `node:sqlite` below Kysely: one file, `pickup.sqlite` in `dataDir`, in WAL mode. */
export function sqliteDialect(options: SqliteOptions): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new SqliteDriver(options),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class Adapter extends SqliteAdapter {
  /** True keeps Kysely's own lock away: under it a read would wait for a write that waits. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/**
 * All of Kysely's "connections" are handles on one real one. A statement runs in one go, so two
 * can never mix; a transaction keeps the statements of other handles out until it ends.
 */
class SqliteDriver implements Driver {
  readonly #options: SqliteOptions;
  #db: DatabaseSync | undefined;
  #transaction: { readonly owner: DatabaseConnection; readonly ended: Promise<void> } | undefined;
  #endTransaction = () => {};

  constructor(options: SqliteOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {
    const { dataDir } = this.#options;
    try {
      // Callers' names and words live in it: a folder that we make is for nobody else to read.
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
      this.#db = new DatabaseSync(path.join(dataDir, 'pickup.sqlite'), { timeout: blockingWaitMs });
      // FULL: a booking that was confirmed aloud outlives a power cut. Foreign keys are on by default.
      for (const pragma of ['journal_mode = wal', 'synchronous = full']) {
        await this.#whenFree(undefined, (db) => db.exec(`pragma ${pragma}`));
      }
    } catch (error) {
      this.#db?.close();
      const code = error instanceof StoreError ? error.code : 'STORE_UNAVAILABLE';
      throw new StoreError(code, `No SQLite file can be opened in ${dataDir}`, { cause: error });
    }
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const connection: DatabaseConnection = {
      executeQuery: <R>(query: CompiledQuery) =>
        this.#whenFree(connection, (db) => execute<R>(db, query)),
      async *streamQuery<R>(query: CompiledQuery) {
        yield await connection.executeQuery<R>(query);
      },
    };
    return connection;
  }

  /** IMMEDIATE takes the write lock at once: no later statement can find the file locked. */
  async beginTransaction(owner: DatabaseConnection): Promise<void> {
    await this.#whenFree(owner, (db) => {
      db.exec('begin immediate');
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#transaction = { owner, ended: promise };
      this.#endTransaction = resolve;
    });
  }

  async commitTransaction(owner: DatabaseConnection): Promise<void> {
    await this.#whenFree(owner, (db) => {
      db.exec('commit');
      this.#leaveTransaction();
    });
  }

  async rollbackTransaction(owner: DatabaseConnection): Promise<void> {
    await this.#whenFree(owner, (db) => {
      // A full disk makes SQLite roll back on its own.
      if (db.isTransaction) db.exec('rollback');
      this.#leaveTransaction();
    });
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#whenFree(undefined, (db) => db.close());
  }

  #leaveTransaction(): void {
    this.#transaction = undefined;
    this.#endTransaction();
  }

  /** Runs `step` while no transaction but `owner`'s is open, and again for as long as the file is locked. */
  async #whenFree<T>(
    owner: DatabaseConnection | undefined,
    step: (db: DatabaseSync) => T,
  ): Promise<T> {
    const deadlineMs = performance.now() + this.#options.lockWaitMs;
    for (;;) {
      while (this.#transaction && this.#transaction.owner !== owner) {
        await waitUntil(this.#transaction.ended, deadlineMs - performance.now());
      }
      if (!this.#db) throw new StoreError('STORE_UNAVAILABLE', 'The SQLite file is not open');
      try {
        return step(this.#db);
      } catch (error) {
        const failure = asStoreError(error);
        if (failure.code !== 'STORE_BUSY' || performance.now() >= deadlineMs) throw failure;
        // 5-25 ms: processes that wait for the same lock should not come back together.
        await timers.setTimeout(5 + 20 * Math.random());
      }
    }
  }
}

async function waitUntil(ended: Promise<void>, ms: number): Promise<void> {
  try {
    await withDeadline(() => ended, { ms: Math.max(1, ms), label: 'another transaction' });
  } catch (error) {
    throw new StoreError('STORE_BUSY', 'Another transaction of this process did not end in time', {
      cause: error,
    });
  }
}

function execute<R>(db: DatabaseSync, { sql, parameters }: CompiledQuery): QueryResult<R> {
  const statement = db.prepare(sql);
  const values = parameters.map(bindable);
  if (statement.columns().length > 0) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Kysely knows the rows of a query, no driver does
    return { rows: statement.all(...values) as R[] };
  }
  const { changes, lastInsertRowid } = statement.run(...values);
  return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
}

function bindable(value: unknown): SQLInputValue {
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    return value;
  }
  throw new StoreError('STORE_FAILED', `SQLite has no type for a value of type ${typeof value}`);
}

/** By SQLite's primary result code (sqlite.org/rescode.html), the low byte of `errcode`. */
const codes: Readonly<Record<number, StoreErrorCode>> = {
  3: 'STORE_UNAVAILABLE', // PERM
  5: 'STORE_BUSY',
  6: 'STORE_BUSY', // LOCKED
  8: 'STORE_UNAVAILABLE', // READONLY
  10: 'STORE_UNAVAILABLE', // IOERR
  11: 'STORE_UNAVAILABLE', // CORRUPT
  13: 'STORE_FULL',
  14: 'STORE_UNAVAILABLE', // CANTOPEN
  15: 'STORE_BUSY', // PROTOCOL: too many processes open the file at once
  19: 'STORE_CONFLICT', // CONSTRAINT
  26: 'STORE_UNAVAILABLE', // NOTADB
};

/** IOERR_SHMSIZE: there is no space left for the shared-memory file beside the WAL. */
const noSpaceForSharedMemory = 4874;

function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
  const code =
    errcode === noSpaceForSharedMemory ? 'STORE_FULL' : (codes[errcode & 0xff] ?? 'STORE_FAILED');
  const what = error instanceof Error ? error.message : String(error);
  return new StoreError(code, `SQLite: ${what}`, { cause: error });
}

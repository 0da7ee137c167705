import { chmod, mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
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
import { backOffMs, type BackOff } from '../retry.ts';
import { StoreError, type StoreErrorCode } from './store-error.ts';

type SqliteOptions = { readonly dataDir: string; readonly lockWaitMs: number };

/**
 * SQLite itself waits so long for a lock. It stops the whole process meanwhile, so this covers
 * only another process's short commit; longer waits are made in JavaScript, up to `lockWaitMs`.
 */
const blockingWaitMs = 5;

/** The store's file in its folder. */
export const sqliteFileName = 'pickup.sqlite';

/** Far more than the queries that we have; lists of values of many lengths make more. */
const mostStatements = 200;

/** SQLite's primary result codes (sqlite.org/rescode.html), the low byte of `errcode`. */
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

type PreparedQuery = {
  readonly statement: StatementSync;
  readonly values: readonly SQLInputValue[];
};

/** Short at first, for others' commits; a lock that lasts must leave this process most of its time. */
const lockBackOff: BackOff = { initialMs: 2, multiplier: 1.3, maxMs: 25, jitter: 0.8 };

/** SQLite below Kysely, and beside it a way to write all queries, or none, in one go. */
type Sqlite = {
  readonly dialect: Dialect;
  readonly writeAll: (queries: readonly CompiledQuery[]) => Promise<void>;
};

/** `node:sqlite` below Kysely: one file, `pickup.sqlite` in `dataDir`, in WAL mode. */
export function sqliteDatabase(options: SqliteOptions): Sqlite {
  const driver = new SqliteDriver(options);
  const dialect: Dialect = {
    createAdapter: () => new Adapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return { dialect, writeAll: (queries) => driver.writeAll(queries) };
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
  readonly #log: WriteAheadLog;
  #db: DatabaseSync | undefined;
  /** Prepared statements by their text: preparing one takes longer than running it. */
  readonly #statements = new Map<string, StatementSync>();
  #transaction: { readonly owner: DatabaseConnection; readonly ended: Promise<void> } | undefined;
  #endTransaction = () => {};

  constructor(options: SqliteOptions) {
    this.#options = options;
    this.#log = new WriteAheadLog(path.join(options.dataDir, `${sqliteFileName}-wal`));
  }

  async init(): Promise<void> {
    const { dataDir } = this.#options;
    try {
      // Callers' names and words live in it: a folder that we make is for nobody else to read.
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
      const file = path.join(dataDir, sqliteFileName);
      // The files beside it get the mode of the database. Its owner may be another: then it is theirs.
      await (await open(file, 'a', 0o600)).close();
      await chmod(file, 0o600).catch(() => {});
      this.#db = new DatabaseSync(file, { timeout: blockingWaitMs });
      // What is deleted, or written over, is not to be read in the file any more.
      this.#db.exec('pragma secure_delete = on');
      // NORMAL is FULL without the sync after a commit, which is ours. Foreign keys are on by default.
      for (const pragma of ['journal_mode = wal', 'synchronous = normal']) {
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
      executeQuery: async <R>(query: CompiledQuery) => {
        const result = await this.#whenFree(connection, (db) =>
          execute<R>(this.#prepared(db, query)),
        );
        const isCommitted = this.#transaction?.owner !== connection;
        if (isCommitted && result.numAffectedRows) await this.#toDisk();
        return result;
      },
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
    await this.#toDisk();
  }

  async rollbackTransaction(owner: DatabaseConnection): Promise<void> {
    await this.#whenFree(owner, (db) => {
      // A full disk makes SQLite roll back on its own.
      if (db.isTransaction) db.exec('rollback');
      this.#leaveTransaction();
    });
  }

  /** The lock is held for as long as the statements run, and not until they are on the disk. */
  async writeAll(queries: readonly CompiledQuery[]): Promise<void> {
    let writes: readonly PreparedQuery[] | undefined;
    await this.#whenFree(undefined, (db) => {
      writes ??= queries.map((query) => this.#prepared(db, query));
      db.exec('begin immediate');
      try {
        for (const { statement, values } of writes) statement.run(...values);
        db.exec('commit');
      } catch (error) {
        if (db.isTransaction) db.exec('rollback');
        throw error;
      }
    });
    await this.#toDisk();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#statements.clear();
    await this.#whenFree(undefined, (db) => db.close());
    await this.#log.close();
  }

  #prepared(db: DatabaseSync, { sql, parameters }: CompiledQuery): PreparedQuery {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      if (this.#statements.size >= mostStatements) this.#statements.clear();
      this.#statements.set(sql, statement);
    }
    return { statement, values: parameters.map(bindable) };
  }

  /** Syncs the log: a booking that was confirmed aloud outlives a power cut. */
  async #toDisk(): Promise<void> {
    try {
      await this.#log.sync();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const kind = code === 'ENOSPC' ? 'STORE_FULL' : 'STORE_UNAVAILABLE';
      throw new StoreError(kind, 'What was written may not be on the disk', { cause: error });
    }
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
    for (let attempt = 1; ; attempt += 1) {
      while (this.#transaction && this.#transaction.owner !== owner) {
        await waitUntil(this.#transaction.ended, deadlineMs - performance.now());
      }
      if (!this.#db) throw new StoreError('STORE_UNAVAILABLE', 'The SQLite file is not open');
      try {
        return step(this.#db);
      } catch (error) {
        const failure = asStoreError(error);
        if (failure.code !== 'STORE_BUSY' || performance.now() >= deadlineMs) throw failure;
        await timers.setTimeout(backOffMs(lockBackOff, attempt));
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

function execute<R>({ statement, values }: PreparedQuery): QueryResult<R> {
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

/** Codes an error that `node:sqlite` threw. */
function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
  const code =
    errcode === noSpaceForSharedMemory ? 'STORE_FULL' : (codes[errcode & 0xff] ?? 'STORE_FAILED');
  const what = error instanceof Error ? error.message : String(error);
  return new StoreError(code, `SQLite: ${what}`, { cause: error });
}

/**
 * The `-wal` file of a SQLite database that is open with `synchronous = normal`: a commit in it is
 * durable once it has been synced (sqlite.org/wal.html). `synchronous = full` does that too, but
 * within the write lock and on the event loop: twenty writers wait for twenty syncs in a row, where
 * here the file system makes one of many that come together.
 */
class WriteAheadLog {
  readonly #path: string;
  #file: Promise<FileHandle> | undefined;

  constructor(file: string) {
    this.#path = file;
  }

  /** Resolves when every commit of before is on the disk, other processes' too. Rejects as the disk does. */
  async sync(): Promise<void> {
    // It stays the same file for as long as any process has the database open, and this one has.
    this.#file ??= open(this.#path).catch((error: unknown) => {
      this.#file = undefined;
      throw error;
    });
    await (await this.#file).datasync();
  }

  async close(): Promise<void> {
    await (await this.#file)?.close();
    this.#file = undefined;
  }
}

import {
  PostgresDialect,
  type CompiledQuery,
  type PostgresCursor,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import { DatabaseError, Pool, types } from 'pg';
import { StoreError, type StoreErrorCode } from './store-error.ts';

/** A healthy connection takes some 10 ms, 100 with TLS. */
const connectMs = 3_000;
/** A frozen process must not hold its row locks for longer than others wait for them, twice. */
const idleInTransactionMs = 10_000;
/** Each process's connections: a call has few queries, and all jobs stay below the usual 100. */
const maxConnections = 4;

/** Postgres below Kysely, and beside it a way to write all queries, or none, in one round trip. */
type Postgres = {
  readonly dialect: PostgresDialect;
  readonly writeAll: (queries: readonly CompiledQuery[]) => Promise<void>;
};

/**
 * Postgres below Kysely, through a pool of `pg`.
 * @throws {StoreError} `STORE_UNAVAILABLE` when `databaseUrl` is no Postgres URL.
 */
export function postgresDatabase(options: {
  readonly databaseUrl: string;
  readonly lockWaitMs: number;
}): Postgres {
  const { databaseUrl, lockWaitMs } = options;
  // Checked here because the error that `pg` throws later carries the URL, password and all.
  if (!/^postgres(ql)?:$/.test(URL.parse(databaseUrl)?.protocol ?? '')) {
    throw new StoreError('STORE_UNAVAILABLE', 'DATABASE_URL is not a postgres:// URL');
  }
  const pool = new Pool({
    connectionString: databaseUrl,
    max: maxConnections,
    connectionTimeoutMillis: connectMs,
    statement_timeout: lockWaitMs,
    // For a server that has gone silent, and so cannot keep its own timeout.
    query_timeout: lockWaitMs + 1_000,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    keepAlive: true,
    allowExitOnIdle: true,
    // Queries of one connection that do not wait for each other leave together.
    pipeline: true,
    application_name: 'pickup',
    types: { getTypeParser },
  });
  // Without a listener a dropped connection ends the process. The pool replaces one that was idle;
  // one that is in use fails its query.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const dialect = new PostgresDialect({
    pool: {
      options: pool.options,
      connect: () => connect(pool),
      end: () => pool.end(),
    },
  });
  return { dialect, writeAll: (queries) => writeAll(pool, queries) };
}

/** Sends all at once: after one that fails Postgres refuses the others, and rolls all back. */
async function writeAll(pool: Pool, queries: readonly CompiledQuery[]): Promise<void> {
  const client = await connect(pool);
  try {
    const sent = [
      client.query('begin isolation level read committed', []),
      ...queries.map(({ sql, parameters }) => client.query(sql, parameters)),
      client.query('commit', []),
    ];
    const results = await Promise.allSettled(sent);
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  } finally {
    client.release();
  }
}

async function connect(pool: Pool): Promise<CodedClient> {
  try {
    return new CodedClient(await pool.connect());
  } catch (error) {
    throw asStoreError(error);
  }
}

/** Parses as `pg` does, but bigint as a number: ours are milliseconds, epochs and counts. */
const getTypeParser: typeof types.getTypeParser = (oid, format) =>
  oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format);

/** A client of the pool whose failures are coded, and which is not used again once it is broken. */
class CodedClient implements PostgresPoolClient {
  readonly #client: PostgresPoolClient;
  #broken: StoreError | undefined;

  constructor(client: PostgresPoolClient) {
    this.#client = client;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    what: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    return typeof what === 'string' ? this.#run<R>(what, parameters) : this.#client.query(what);
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#broken !== undefined);
  }

  async #run<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    if (this.#broken) throw this.#broken;
    try {
      return await this.#client.query<R>(sql, parameters);
    } catch (error) {
      const failure = asStoreError(error);
      // Also after our own timeout: the client would queue the next query behind the lost one.
      if (failure.code === 'STORE_UNAVAILABLE') this.#broken = failure;
      throw failure;
    }
  }
}

/** SQLSTATEs, or their classes (postgresql.org/docs/current/errcodes-appendix.html). */
const codes: Readonly<Record<string, StoreErrorCode>> = {
  '40001': 'STORE_BUSY', // serialization_failure
  '40P01': 'STORE_BUSY', // deadlock_detected
  '55P03': 'STORE_BUSY', // lock_not_available
  '57014': 'STORE_BUSY', // query_canceled, by statement_timeout
  '53100': 'STORE_FULL', // disk_full
  '25006': 'STORE_UNAVAILABLE', // read_only_sql_transaction: a standby
  '25P03': 'STORE_UNAVAILABLE', // idle_in_transaction_session_timeout
  '08': 'STORE_UNAVAILABLE', // connection exception
  '23': 'STORE_CONFLICT', // integrity constraint violation
  '28': 'STORE_UNAVAILABLE', // invalid authorization
  '3D': 'STORE_UNAVAILABLE', // no such database
  '53': 'STORE_UNAVAILABLE', // insufficient resources
  '57': 'STORE_UNAVAILABLE', // operator intervention: it is shutting down or starting
  '58': 'STORE_UNAVAILABLE', // system error
};

function asStoreError(error: unknown): StoreError {
  const what = error instanceof Error ? error.message : String(error);
  // An error without an SQLSTATE is not the database's answer but the lack of one.
  const code =
    error instanceof DatabaseError && error.code
      ? (codes[error.code] ?? codes[error.code.slice(0, 2)] ?? 'STORE_FAILED')
      : 'STORE_UNAVAILABLE';
  return new StoreError(code, `Postgres: ${what}`, { cause: error });
}

import { sql, type Kysely } from 'kysely';
import {
  columnTypes,
  migrations,
  type Migration,
  type Schema,
  type StoreDialect,
} from './schema.ts';

// Any constant will do, as long as every release uses the same ("pickup" in ASCII).
const postgresLockId = 0x7069636b7570;

/**
 * Brings the schema up to date, once, however many processes do so at the same time. A database
 * that is newer than this release is left as it is.
 */
export async function migrate(
  db: Kysely<Schema>,
  dialect: StoreDialect,
  steps: readonly Migration[] = migrations,
): Promise<void> {
  // Without a lock first: a job that starts must not wait for some other process's write.
  if (!pending(steps, await currentVersion(db, dialect)).length) return;
  // Read committed, so that what was done while we waited for the lock is seen after it.
  await db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (tx) => {
      // SQLite's transactions hold the write lock from their start.
      if (dialect === 'postgres')
        await sql`select pg_advisory_xact_lock(${postgresLockId})`.execute(tx);
      for (const step of pending(steps, await currentVersion(tx, dialect))) {
        await apply(tx, dialect, step);
      }
    });
}

function pending(steps: readonly Migration[], version: number): readonly Migration[] {
  return steps.filter((step) => step.version > version);
}

async function currentVersion(db: Kysely<Schema>, dialect: StoreDialect): Promise<number> {
  const table =
    dialect === 'postgres'
      ? // Not to_regclass(): its cache may not know of a table that was made while we waited.
        sql`select 1 from pg_tables
          where schemaname = current_schema() and tablename = 'schema_migrations'`
      : sql`select 1 from sqlite_master where type = 'table' and name = 'schema_migrations'`;
  if (!(await table.execute(db)).rows.length) return 0;
  const newest = await sql<{
    version: number | null;
  }>`select max(version) as version from schema_migrations`.execute(db);
  return newest.rows[0]?.version ?? 0;
}

async function apply(db: Kysely<Schema>, dialect: StoreDialect, step: Migration): Promise<void> {
  const types = columnTypes[dialect];
  const table = `create table if not exists schema_migrations (
    version ${types.int} primary key,
    name text not null,
    applied_at_ms ${types.int} not null
  )`;
  for (const statement of [table, ...step.statements(types)]) {
    await sql.raw(statement).execute(db);
  }
  await sql`insert into schema_migrations (version, name, applied_at_ms)
    values (${step.version}, ${step.name}, ${Date.now()})`.execute(db);
}

import { sql, type RawBuilder } from 'kysely';
import type { StoreQueries } from './database.ts';
import type { StoreDialect } from './schema.ts';

/**
 * The right to act under a name, until it expires. Clocks may jump and processes freeze, so the
 * time is only a hint to others; what protects is `epoch`: a new holder always has a higher one,
 * and what an older one still writes can be told apart.
 */
export type Lease = {
  readonly name: string;
  readonly holder: string;
  readonly epoch: number;
  /** The database's clock. */
  readonly expiresAtMs: number;
};

/**
 * Takes the lease if it is free, expired, ours already, or held by `supersedes`; else null.
 * One that is ours keeps its epoch and lasts `ttlMs` from now.
 * `nowMs` stands in for the database's clock, in tests.
 */
export async function claimLease(
  { db, dialect }: StoreQueries,
  claim: {
    readonly name: string;
    readonly holder: string;
    readonly ttlMs: number;
    readonly nowMs?: number | undefined;
    readonly supersedes?: string | undefined;
  },
): Promise<Lease | null> {
  const { name, holder, ttlMs, supersedes = holder } = claim;
  const nowMs =
    claim.nowMs === undefined ? clockMs(dialect) : sql<number>`cast(${claim.nowMs} as bigint)`;
  // One statement, so that of several that claim at once exactly one finds the row as it was.
  const row = await db
    .insertInto('leases')
    .values({ name, holder, epoch: 1, expiresAtMs: sql`${nowMs} + ${ttlMs}` })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((eb) => ({
          holder,
          epoch: eb
            .case()
            .when('leases.holder', '=', holder)
            .then(eb.ref('leases.epoch'))
            .else(eb('leases.epoch', '+', 1))
            .end(),
          expiresAtMs: eb.ref('excluded.expiresAtMs'),
        }))
        .where((eb) =>
          eb.or([
            eb('leases.holder', 'is', null),
            eb('leases.holder', 'in', [holder, supersedes]),
            eb('leases.expiresAtMs', '<=', nowMs),
          ]),
        ),
    )
    .returning(['epoch', 'expiresAtMs'])
    .executeTakeFirst();
  return row ? { name, holder, ...row } : null;
}

/** Makes the lease last `ttlMs` from now. False when another holds it: stop acting under it. */
export async function renewLease(
  { db, dialect }: StoreQueries,
  lease: Lease,
  { ttlMs }: { readonly ttlMs: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('leases')
    .set({ expiresAtMs: sql`${clockMs(dialect)} + ${ttlMs}` })
    .where('name', '=', lease.name)
    .where('holder', '=', lease.holder)
    .where('epoch', '=', lease.epoch)
    .executeTakeFirst();
  return numUpdatedRows > 0;
}

/** Gives the lease to another holder, in a new epoch. False when it was not ours any more. */
export async function handLease(
  { db, dialect }: StoreQueries,
  lease: Lease,
  { to, ttlMs }: { readonly to: string; readonly ttlMs: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('leases')
    .set((eb) => ({
      holder: to,
      epoch: eb('epoch', '+', 1),
      expiresAtMs: sql<number>`${clockMs(dialect)} + ${ttlMs}`,
    }))
    .where('name', '=', lease.name)
    .where('holder', '=', lease.holder)
    .where('epoch', '=', lease.epoch)
    .executeTakeFirst();
  return numUpdatedRows > 0;
}

/** Frees the lease for the next one. Does nothing when another holds it. */
export async function releaseLease({ db }: StoreQueries, lease: Lease): Promise<void> {
  await db
    .updateTable('leases')
    .set({ holder: null, expiresAtMs: 0 })
    .where('name', '=', lease.name)
    .where('holder', '=', lease.holder)
    .where('epoch', '=', lease.epoch)
    .execute();
}

/** The lease's holder now; null when it is free or expired. */
export async function readLease(
  { db, dialect }: StoreQueries,
  name: string,
): Promise<Lease | null> {
  const row = await db
    .selectFrom('leases')
    .selectAll()
    .where('name', '=', name)
    .where('expiresAtMs', '>', clockMs(dialect))
    .executeTakeFirst();
  return row?.holder ? { ...row, holder: row.holder } : null;
}

/** All leases that somebody holds now and whose names begin with `prefix`. */
export async function listLeases(
  { db, dialect }: StoreQueries,
  prefix: string,
): Promise<readonly Lease[]> {
  const rows = await db
    .selectFrom('leases')
    .selectAll()
    .where('name', 'like', `${prefix}%`)
    .where('expiresAtMs', '>', clockMs(dialect))
    .execute();
  return rows.flatMap(({ holder, ...row }) => (holder === null ? [] : [{ ...row, holder }]));
}

/**
 * Removes the leases that nobody holds any more and whose names begin with `prefix`. Their epochs
 * begin anew: only for names under which nothing is written.
 */
export async function removeExpiredLeases(
  { db, dialect }: StoreQueries,
  prefix: string,
): Promise<void> {
  await db
    .deleteFrom('leases')
    .where('name', 'like', `${prefix}%`)
    .where('expiresAtMs', '<=', clockMs(dialect))
    .execute();
}

/** True while the lease is held by its holder in its epoch, and has not expired. */
export async function holdsLease(store: StoreQueries, lease: Lease): Promise<boolean> {
  const current = await readLease(store, lease.name);
  return current?.holder === lease.holder && current.epoch === lease.epoch;
}

/**
 * The database's clock, read when the statement runs: on Postgres the machines' own clocks differ,
 * and on both the statement may have waited for a lock.
 */
function clockMs(dialect: StoreDialect): RawBuilder<number> {
  return dialect === 'postgres'
    ? sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`
    : sql<number>`cast(round(unixepoch('subsec') * 1000) as bigint)`;
}

/** The name of a call's lease: its holder is the job that may speak. */
export function callLeaseName(callId: string): string {
  return `call:${callId}`;
}

/** The name of the lease under which one of several guardians acts for a room. */
export function guardianLeaseName(room: string): string {
  return `guardian:${room}`;
}

import { sql } from 'kysely';
import timers from 'node:timers/promises';
import type { Store } from '../../agent/infra/store/database.ts';
import { StoreError } from '../../agent/infra/store/store-error.ts';

/** Other processes' reads hold a checkpoint up for a few ms each. */
const checkpointAttempts = 5;
const checkpointPauseMs = 20;

/** Nobody can tell whether a write was done. Doing the same again is safe, and settles it. */
export class UnsureError extends Error {
  override readonly name = 'UnsureError';
  readonly code = 'WRITE_UNSURE';
}

/**
 * Runs `write`, and when the store fails looks once whether it was done all the same: the reply to a
 * commit may be lost, and a commit that could not be synced is there for all to see. `look` resolves
 * to undefined when it was not done.
 * @throws {UnsureError} when that cannot be told; {StoreError} when nothing was written.
 */
export async function withSecondLook<T>(
  store: Store,
  {
    write,
    look,
  }: { readonly write: () => Promise<T>; readonly look: () => Promise<T | undefined> },
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const seen = await found(store, look).catch(() => {
      throw unsure(error);
    });
    if (seen !== undefined) return seen;
    // Without an answer the commit may still be on its way to Postgres, or at work there.
    const wasAnswered = store.dialect === 'sqlite' || error.code !== 'STORE_UNAVAILABLE';
    throw wasAnswered ? error : unsure(error);
  }
}

/**
 * As `withSecondLook`, for a write that may have been made before, or that another call may be quicker
 * with: then it is tried once more, and sees what was in its way.
 */
export async function writtenOnce<T>(
  store: Store,
  attempt: { readonly write: () => Promise<T>; readonly look: () => Promise<T | undefined> },
): Promise<T> {
  const before = await found(store, attempt.look);
  if (before !== undefined) return before;
  try {
    return await withSecondLook(store, attempt);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'STORE_CONFLICT') throw error;
    return withSecondLook(store, attempt);
  }
}

/**
 * The result of `look`, once that is sure to outlive a power cut; undefined when there is none.
 * @throws {UnsureError} when it is there and may not be on the disk.
 */
export async function found<T>(
  store: Store,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const seen = await look();
  if (seen === undefined) return undefined;
  if (await isOnDisk(store).catch(() => false)) return seen;
  throw unsure();
}

/**
 * Postgres shows only what it has flushed. In SQLite a sync that failed may not simply be tried
 * again: Linux takes what it could not write for written (`fsync(2)`). A checkpoint writes it anew,
 * into the database itself, and syncs that.
 */
async function isOnDisk({ db, dialect }: Store): Promise<boolean> {
  if (dialect === 'postgres') return true;
  for (let attempt = 1; attempt <= checkpointAttempts; attempt += 1) {
    const pragma = sql<{ busy: number; log: number; checkpointed: number }>`
      pragma wal_checkpoint(full)`;
    const [result] = (await pragma.execute(db)).rows;
    if (result && result.busy === 0 && result.log === result.checkpointed) return true;
    await timers.setTimeout(checkpointPauseMs);
  }
  return false;
}

function unsure(cause?: StoreError): UnsureError {
  return new UnsureError('What was written may or may not be kept', { cause });
}

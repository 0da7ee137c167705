import type { Selectable } from 'kysely';
import type { Store, StoreQueries } from '../../agent/infra/store/database.ts';
import type { Schema } from '../../agent/infra/store/schema.ts';
import type { ConflictReason } from './booking.ts';
import { codeOf } from './booking-code.ts';
import { releaseConfirmations } from './confirmations.ts';
import { addToOutbox, endBooking, readLines, type BookingRow } from './journal.ts';

/** One message for the staff, as stored. */
export type MessageRow = Selectable<Schema['messages']>;

/** A booking that the sheet is to be brought up to date with, and the outbox rows that say so. */
export type DueBooking = { readonly outboxIds: readonly number[]; readonly booking: BookingRow };

/** A message that the sheet is to show. */
export type DueMessage = { readonly outboxIds: readonly number[]; readonly message: MessageRow };

/** Bookings and messages to deliver now, in the order in which they came. */
export type Due = {
  readonly bookings: readonly DueBooking[];
  readonly messages: readonly DueMessage[];
};

/**
 * Sets right what a clock that was ahead of `nowMs` has written: a row sent later than now was sent
 * now, and one put off for longer than `mostMs` is due.
 */
export async function heedClock(
  store: Store,
  { nowMs, mostMs }: { readonly nowMs: number; readonly mostMs: number },
): Promise<void> {
  await store.transaction(async ({ db }) => {
    const sent = { sentAtMs: nowMs };
    await db.updateTable('bookings').set(sent).where('sentAtMs', '>', nowMs).execute();
    await db.updateTable('messages').set(sent).where('sentAtMs', '>', nowMs).execute();
    const due = db.updateTable('outbox').set({ notBeforeMs: 0 });
    await due.where('notBeforeMs', '>', nowMs + mostMs).execute();
  });
}

/** Reads the rows of the outbox that are due at `nowMs`, at most `limit`. */
export async function readDue(
  { db }: StoreQueries,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<Due> {
  const rows = await db
    .selectFrom('outbox')
    .select(['id', 'kind', 'ref'])
    .where('notBeforeMs', '<=', nowMs)
    .orderBy('id')
    .limit(limit)
    .execute();
  const idsOf = (kind: 'booking' | 'message') =>
    Map.groupBy(
      rows.filter((row) => row.kind === kind),
      ({ ref }) => ref,
    );
  const bookingIds = idsOf('booking');
  const codes = idsOf('message');
  const bookings = await rowsBy(bookingIds, (refs) =>
    db.selectFrom('bookings').selectAll().where('bookingId', 'in', refs).execute(),
  );
  const messages = await rowsBy(codes, (refs) =>
    db.selectFrom('messages').selectAll().where('code', 'in', refs).execute(),
  );
  return {
    bookings: [...bookingIds].flatMap(([ref, of]) => {
      const booking = bookings.find(({ bookingId }) => bookingId === ref);
      return booking ? [{ booking, outboxIds: of.map(({ id }) => id) }] : [];
    }),
    messages: [...codes].flatMap(([ref, of]) => {
      const message = messages.find(({ code }) => code === ref);
      return message ? [{ message, outboxIds: of.map(({ id }) => id) }] : [];
    }),
  };
}

async function rowsBy<T>(
  refs: ReadonlyMap<string, unknown>,
  read: (refs: readonly string[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  return refs.size === 0 ? [] : read([...refs.keys()]);
}

/** `notBeforeMs` of a row that a person wants delivered now, whatever went wrong before. */
const urgent = -1;

/** Has everything tried at once, by whoever is the writer. */
export async function retryNow({ db }: StoreQueries): Promise<void> {
  await db.updateTable('outbox').set({ notBeforeMs: urgent }).execute();
}

/** Takes a person's request for a retry, which uses it up; false when there was none. */
export async function takeRetry({ db }: StoreQueries): Promise<boolean> {
  const asked = await db
    .selectFrom('outbox')
    .select('id')
    .where('notBeforeMs', '=', urgent)
    .limit(1)
    .executeTakeFirst();
  if (!asked) return false;
  const update = db.updateTable('outbox').set({ notBeforeMs: 0 });
  await update.where('notBeforeMs', '=', urgent).execute();
  return true;
}

/** Counts the rows of the outbox, those put off too. */
export async function countOutbox({ db }: StoreQueries): Promise<number> {
  const row = await db
    .selectFrom('outbox')
    .select((eb) => eb.fn.countAll<number>().as('rows'))
    .executeTakeFirst();
  return row?.rows ?? 0;
}

/** Marks rows before they go out: whoever comes next then knows that they may be on their way. */
export async function markSent(
  store: Store,
  { bookingIds, codes, nowMs }: SentRows & { readonly nowMs: number },
): Promise<void> {
  await setSent(store, { bookingIds, codes }, nowMs);
}

/** Takes the mark back: Google refused the rows as a whole, so none is on its way. */
export async function unmarkSent(store: Store, rows: SentRows): Promise<void> {
  await setSent(store, rows, null);
}

type SentRows = { readonly bookingIds: readonly string[]; readonly codes: readonly string[] };

async function setSent(store: Store, rows: SentRows, sentAtMs: number | null): Promise<void> {
  await store.transaction((tx) => setSentAt(tx, rows, sentAtMs));
}

async function setSentAt(
  { db }: StoreQueries,
  { bookingIds, codes }: SentRows,
  sentAtMs: number | null,
): Promise<void> {
  if (bookingIds.length > 0) {
    const update = db.updateTable('bookings').set({ sentAtMs });
    await update.where('bookingId', 'in', bookingIds).execute();
  }
  if (codes.length > 0) {
    await db.updateTable('messages').set({ sentAtMs }).where('code', 'in', codes).execute();
  }
}

/** Leaves rows of the outbox alone until `notBeforeMs`. */
export async function putOff(
  { db }: StoreQueries,
  outboxIds: readonly number[],
  notBeforeMs: number,
): Promise<void> {
  if (outboxIds.length === 0) return;
  await db.updateTable('outbox').set({ notBeforeMs }).where('id', 'in', outboxIds).execute();
}

/** The sheet's word on a booking. */
export type Outcome =
  | { readonly state: 'confirmed' }
  /** `isInSheet`: its row is there, and is still to be marked as cancelled. */
  | { readonly state: 'conflict'; readonly reason: ConflictReason; readonly isInSheet: boolean }
  /** The sheet shows what the journal says; or, not `isInSheet`, has no business with it. */
  | { readonly state: 'unchanged'; readonly isInSheet: boolean };

/**
 * Writes down what became of a booking, and takes it out of the outbox. False when it was changed
 * meanwhile: that change has its own row in the outbox, and stands. A booking that was asked for
 * with several machines is had with all of them or not at all: one conflict undoes the others.
 */
export async function settle(
  store: Store,
  { booking, outboxIds }: DueBooking,
  { outcome, nowMs }: { readonly outcome: Outcome; readonly nowMs: number },
): Promise<boolean> {
  const { bookingId } = booking;
  return store.transaction(async (tx) => {
    await tx.db.deleteFrom('outbox').where('id', 'in', outboxIds).execute();
    if (outcome.state === 'unchanged') {
      // Its row was seen: what becomes of it from now on is staff's.
      if (outcome.isInSheet) await setSentAt(tx, { bookingIds: [bookingId], codes: [] }, null);
      return true;
    }
    const current = await tx.db
      .selectFrom('bookings')
      .select(['state', 'superseded'])
      .where('bookingId', '=', bookingId)
      .executeTakeFirst();
    if (current?.state !== booking.state || current.superseded !== booking.superseded) return false;
    if (outcome.state === 'conflict') {
      const { state, reason } = outcome;
      // As above: staff have dealt with a row that came in.
      if (reason === 'cancelled-by-staff') {
        await setSentAt(tx, { bookingIds: [bookingId], codes: [] }, null);
      }
      await endBooking(tx, bookingId, { state, conflict: reason, nowMs });
      if (outcome.isInSheet) await addToOutbox(tx, { kind: 'booking', ref: bookingId, nowMs });
      if (reason !== 'other-line') await undoOthers(tx, booking, nowMs);
      await releaseConfirmations(tx, { bookingId, nowMs });
    } else {
      await tx.db
        .updateTable('bookings')
        .set({ state: 'confirmed', changedAtMs: nowMs, sentAtMs: null, superseded: null })
        .where('bookingId', '=', bookingId)
        .execute();
      await releaseConfirmations(tx, { bookingId, nowMs });
    }
    return true;
  });
}

/** Undoes the machines asked for together with one that cannot be had, while none was promised. */
async function undoOthers(tx: StoreQueries, booking: BookingRow, nowMs: number): Promise<void> {
  if (booking.state !== 'pending' || booking.superseded !== null) return;
  for (const line of await readLines(tx, codeOf(booking.bookingId))) {
    const { bookingId: ref, state, createdAtMs } = line;
    if (ref === booking.bookingId || (state !== 'pending' && state !== 'confirmed')) continue;
    // A machine that was added later takes nothing with it that was promised before.
    if (createdAtMs !== booking.createdAtMs) continue;
    await endBooking(tx, ref, { state: 'conflict', conflict: 'other-line', nowMs });
    // Its row may be there, or on its way.
    await addToOutbox(tx, { kind: 'booking', ref, nowMs });
  }
}

/** Writes down that the sheet shows a message. */
export async function settleMessage(
  store: Store,
  { message, outboxIds }: DueMessage,
  nowMs: number,
): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db.deleteFrom('outbox').where('id', 'in', outboxIds).execute();
    await db
      .updateTable('messages')
      .set({ deliveredAtMs: nowMs, sentAtMs: null })
      .where('code', '=', message.code)
      .execute();
  });
}

import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { phoneKey } from '../../agent/infra/phone-key.ts';
import type { Store, StoreQueries } from '../../agent/infra/store/database.ts';
import type { Schema } from '../../agent/infra/store/schema.ts';
import { isLive, type JournalBooking } from './booking.ts';
import { codeOf } from './booking-code.ts';
import { readLines, toBooking } from './journal.ts';

/**
 * The deed that a customer gets in writing. `requested`: staff are yet to confirm; `text-agreed`: the
 * customer said yes to texts after the booking was told of.
 */
export type ConfirmationKind =
  'booked' | 'requested' | 'changed' | 'extended' | 'off-rent' | 'cancelled' | 'text-agreed';

const line = z.object({
  bookingId: z.string(),
  itemId: z.string(),
  item: z.string(),
  start: z.string().nullable(),
  end: z.string().nullable(),
  /** Minutes of the day. */
  pickUpAt: z.number().nullable(),
  returnBy: z.number().nullable(),
  isHalfDay: z.boolean(),
  totalCents: z.number().nullable(),
});

const storedFacts = z.object({
  code: z.string(),
  customer: z.string(),
  phone: z.string(),
  lines: z.array(line).readonly(),
  totalCents: z.number().nullable(),
  delivery: z
    .object({
      address: z.string(),
      window: z.string().nullable(),
      feeCents: z.number().nullable(),
    })
    .nullable(),
  offRentCode: z.string().nullable(),
  /** The customer's last word on texts; null when they were never asked. */
  texts: z.boolean().nullable(),
});

/** A booking as it was when it was confirmed. */
export type ConfirmationFacts = z.infer<typeof storedFacts>;

type ConfirmationRow = Selectable<Schema['confirmations']>;

/** A confirmation to send: `eventId` is the same in each attempt. */
export type DueConfirmation = Pick<
  ConfirmationRow,
  'id' | 'eventId' | 'code' | 'notBeforeMs' | 'attempts' | 'createdAtMs'
> & { readonly kind: ConfirmationKind; readonly facts: ConfirmationFacts };

/** A confirmation that waits for the sheet has no facts yet, and is not due. */
const held = Number.MAX_SAFE_INTEGER;
/** An hour between two attempts, and a quarter of one more, are the most. */
const mostPutOffMs = 2 * 3_600_000;

type Noted = { readonly code: string; readonly kind: ConfirmationKind; readonly nowMs: number };

/** The queries of `holdConfirmation` for a booking that is new. */
export function confirmationQuery(store: StoreQueries, { code, kind, nowMs }: Noted) {
  return store.db.insertInto('confirmations').values(newRow({ code, kind, nowMs })).compile();
}

function newRow({ code, kind, nowMs }: Noted) {
  return {
    eventId: `msg_${randomUUID()}`,
    code,
    kind,
    facts: null,
    notBeforeMs: held,
    attempts: 0,
    createdAtMs: nowMs,
    gaveUpAtMs: null,
  };
}

/**
 * Has a change confirmed once the sheet shows it, as a part of its transaction. What is not confirmed
 * yet is confirmed with it, as one.
 */
export async function holdConfirmation(tx: StoreQueries, noted: Noted): Promise<void> {
  const waiting = await tx.db
    .selectFrom('confirmations')
    .select('id')
    .where('code', '=', noted.code)
    .where('facts', 'is', null)
    .executeTakeFirst();
  if (!waiting) await tx.db.insertInto('confirmations').values(newRow(noted)).execute();
}

/** Has what waits of a booking sent, once the sheet shows all of it. */
export async function releaseConfirmations(
  tx: StoreQueries,
  { bookingId, nowMs }: { readonly bookingId: string; readonly nowMs: number },
): Promise<void> {
  const code = codeOf(bookingId);
  const waiting = tx.db.selectFrom('confirmations').select('id').where('code', '=', code);
  if (!(await waiting.where('facts', 'is', null).executeTakeFirst())) return;
  const live = (await readLines(tx, code)).filter(isLive);
  if (live.length === 0) return forgetHeld(tx, code);
  if (live.some(({ state, superseded }) => state === 'pending' || superseded !== null)) return;
  const text = JSON.stringify(await factsOf(tx, live.map(toBooking)));
  await tx.db
    .updateTable('confirmations')
    .set({ facts: text, notBeforeMs: nowMs })
    .where('code', '=', code)
    .where('facts', 'is', null)
    .execute();
}

/** Takes back what was not sent: the booking is cancelled, or cannot be had. */
export async function forgetHeld(
  { db }: StoreQueries,
  code: string,
  kinds: readonly ConfirmationKind[] = [],
): Promise<void> {
  const query = db.deleteFrom('confirmations').where('code', '=', code).where('facts', 'is', null);
  await (kinds.length > 0 ? query.where('kind', 'in', kinds) : query).execute();
}

/** Has a deed confirmed at once, as a part of its transaction. */
export async function addConfirmation(
  tx: StoreQueries,
  of: {
    readonly kind: ConfirmationKind;
    readonly facts: ConfirmationFacts;
    readonly nowMs: number;
  },
): Promise<void> {
  const { kind, nowMs } = of;
  const row = newRow({ code: of.facts.code, kind, nowMs });
  await tx.db
    .insertInto('confirmations')
    .values({ ...row, facts: JSON.stringify(of.facts), notBeforeMs: nowMs })
    .execute();
}

/** Has a cancelling confirmed, in place of what was not sent of the booking. */
export async function confirmCancelling(
  tx: StoreQueries,
  lines: readonly JournalBooking[],
  nowMs: number,
): Promise<void> {
  const facts = await factsOf(tx, lines);
  await forgetHeld(tx, facts.code);
  await addConfirmation(tx, { kind: 'cancelled', facts, nowMs });
}

/** The facts of a booking's lines: at least one. */
export async function factsOf(
  store: StoreQueries,
  lines: readonly JournalBooking[],
): Promise<ConfirmationFacts> {
  const [first] = lines;
  if (!first) throw new Error('A booking without a machine');
  const deliveries = lines.flatMap(({ details }) => details?.delivery ?? []);
  const fees = deliveries.map(({ feeCents }) => feeCents);
  const [delivery] = deliveries;
  const sum = (cents: readonly (number | null)[]) =>
    cents.includes(null) ? null : cents.reduce<number>((total, of) => total + (of ?? 0), 0);
  return {
    code: first.code,
    customer: first.customer,
    phone: first.phone,
    lines: lines.map((of) => ({
      bookingId: of.bookingId,
      itemId: of.itemId,
      item: of.itemName,
      start: of.start,
      end: of.end,
      pickUpAt: of.pickUpAt ?? null,
      returnBy: of.returnBy ?? null,
      isHalfDay: of.isHalfDay ?? false,
      totalCents: of.totalCents,
    })),
    totalCents: sum(lines.map((of) => of.totalCents)),
    delivery: delivery ? { ...delivery, feeCents: sum(fees) } : null,
    offRentCode: lines.find((of) => of.offRentCode !== undefined)?.offRentCode ?? null,
    texts: await readTexts(store, first.phone),
  };
}

/** The customer's last word on texts to this number; null when they were never asked. */
export async function readTexts({ db }: StoreQueries, phone: string): Promise<boolean | null> {
  const row = await db
    .selectFrom('textConsents')
    .select('isWelcome')
    .where('phoneKey', '=', phoneKey(phone))
    .executeTakeFirst();
  return row ? row.isWelcome === 1 : null;
}

/**
 * Keeps the customer's word on texts, for this booking and for all that come later. A yes is told of,
 * unless the booking itself is still to be.
 */
export async function keepTexts(
  store: Store,
  of: {
    readonly callId: string;
    readonly phone: string;
    readonly code: string | null;
    readonly isWelcome: boolean;
    readonly nowMs: number;
  },
): Promise<void> {
  const { callId, code, isWelcome, nowMs } = of;
  await store.transaction(async (tx) => {
    const key = phoneKey(of.phone);
    const before = await readTexts(tx, of.phone);
    const row = { isWelcome: isWelcome ? 1 : 0, code, callId, atMs: nowMs };
    await tx.db
      .insertInto('textConsents')
      .values({ phoneKey: key, ...row })
      .onConflict((conflict) => conflict.column('phoneKey').doUpdateSet(row))
      .execute();
    if (!isWelcome || before === true || code === null) return;
    const live = (await readLines(tx, code)).filter(isLive).map(toBooking);
    const waits = tx.db.selectFrom('confirmations').select('id').where('code', '=', code);
    if (live.length === 0 || (await waits.where('facts', 'is', null).executeTakeFirst())) return;
    await addConfirmation(tx, { kind: 'text-agreed', facts: await factsOf(tx, live), nowMs });
  });
}

/** The confirmations to send now, the oldest of each booking: a later one waits for it. */
export async function readDueConfirmations(
  { db }: StoreQueries,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<readonly DueConfirmation[]> {
  const rows = await db
    .selectFrom('confirmations')
    .selectAll()
    .where('gaveUpAtMs', 'is', null)
    .where((eb) =>
      eb.or([
        eb('notBeforeMs', '<=', nowMs),
        // Nothing is put off for so long, but by a clock that was ahead.
        eb.and([eb('notBeforeMs', '>', nowMs + mostPutOffMs), eb('notBeforeMs', '<', held)]),
      ]),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('confirmations as earlier')
            .select('earlier.id')
            .whereRef('earlier.code', '=', 'confirmations.code')
            .whereRef('earlier.id', '<', 'confirmations.id')
            .where('earlier.facts', 'is not', null)
            .where('earlier.gaveUpAtMs', 'is', null),
        ),
      ),
    )
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.flatMap((row) =>
    row.facts === null
      ? []
      : [
          {
            ...row,
            kind: row.kind as ConfirmationKind,
            facts: storedFacts.parse(JSON.parse(row.facts)),
          },
        ],
  );
}

/**
 * Takes a confirmation for one attempt, until `untilMs`: whoever else looks leaves it alone so long,
 * and takes it then, should this process be gone. False when another was quicker.
 */
export async function claimConfirmation(
  { db }: StoreQueries,
  { id, notBeforeMs, attempts }: DueConfirmation,
  untilMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('confirmations')
    .set({ notBeforeMs: untilMs, attempts: attempts + 1 })
    .where('id', '=', id)
    .where('notBeforeMs', '=', notBeforeMs)
    .where('attempts', '=', attempts)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The receiver has it. */
export async function removeConfirmation({ db }: StoreQueries, id: number): Promise<void> {
  await db.deleteFrom('confirmations').where('id', '=', id).execute();
}

/** The receiver did not take it: it is tried again at `notBeforeMs`, or given up. */
export async function putOffConfirmation(
  { db }: StoreQueries,
  id: number,
  later: { readonly notBeforeMs: number } | { readonly gaveUpAtMs: number },
): Promise<void> {
  await db.updateTable('confirmations').set(later).where('id', '=', id).execute();
}

/** Confirmations that the receiver did not take yet, and those that were given up since `sinceMs`. */
export type ConfirmationBacklog = {
  readonly waiting: number;
  readonly waitingSinceMs: number | null;
  readonly gaveUp: number;
};

/** Reads the backlog; what still waits for the sheet is not in it. */
export async function readConfirmationBacklog(
  { db }: StoreQueries,
  sinceMs: number,
): Promise<ConfirmationBacklog> {
  const waiting = await db
    .selectFrom('confirmations')
    .select(({ fn }) => [fn.countAll<number>().as('rows'), fn.min('createdAtMs').as('sinceMs')])
    .where('gaveUpAtMs', 'is', null)
    .where('facts', 'is not', null)
    .executeTakeFirst();
  const gaveUp = await db
    .selectFrom('confirmations')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('gaveUpAtMs', '>=', sinceMs)
    .executeTakeFirst();
  return {
    waiting: waiting?.rows ?? 0,
    waitingSinceMs: waiting?.sinceMs ?? null,
    gaveUp: gaveUp?.rows ?? 0,
  };
}

import { isDeepStrictEqual } from 'node:util';
import { phoneKey } from '../../agent/infra/phone-key.ts';
import type { Store, StoreQueries } from '../../agent/infra/store/database.ts';
import { StoreError } from '../../agent/infra/store/store-error.ts';
import { keptText, plainText } from '../sheet/write/safe-cell.ts';
import type { Place } from '../sheet/write/sheet-rows.ts';
import { overlaps } from '../yard/availability.ts';
import type { Inventory } from '../yard/equipment.ts';
import { todayIn } from '../yard/rental-dates.ts';
import { freeDays, placesFor, takeDays, takenPlaces } from './booked-days.ts';
import { isLive } from './booking.ts';
import { codeOf, newBookingCode } from './booking-code.ts';
import {
  detailsFromText,
  detailsToText,
  feeOf,
  timesOf,
  type BookingDelivery,
} from './booking-details.ts';
import { forgetHeld, holdConfirmation } from './confirmations.ts';
import type { BookingChange, BookingLine, ChangeResult } from './booking-service.ts';
import {
  deliveryAt,
  emptyRow,
  leftByStaff,
  lineKey,
  quantityOf,
  refusalOf,
  unitOf,
} from './commit-booking.ts';
import { writtenOnce } from './commit-verification.ts';
import {
  addToOutbox,
  endBooking,
  messageQueries,
  readLines,
  supersede,
  supersededBy,
  toBooking,
  type BookingRow,
} from './journal.ts';
import type { Move } from './staff-changes.ts';

type Clock = { nowMs(): number };

type ChangeCall = {
  readonly callId: string;
  readonly change: BookingChange;
  readonly clock: Clock;
  /** The customer gets it in writing. */
  readonly confirms?: boolean;
};

/** The columns that a change sets. */
type Wanted = Pick<
  BookingRow,
  'itemId' | 'startDay' | 'endDay' | 'totalCents' | 'customer' | 'phone' | 'details'
>;

/**
 * Changes the lines of a booking in one transaction: the new days are taken, the old ones released,
 * and the sheet's own cells follow by the outbox. The same change again finds it done.
 * @throws {StoreError} when nothing was changed; {UnsureError} when that cannot be told.
 */
export async function changeBooking(store: Store, change: ChangeCall): Promise<ChangeResult> {
  const write = () => store.transaction((tx) => changeOnce(tx, change));
  const look = async (): Promise<ChangeResult | undefined> => {
    const live = (await readLines(store, change.change.code)).filter(isLive);
    return isDone(live, change) ? { kind: 'changed', bookings: live.map(toBooking) } : undefined;
  };
  return writtenOnce(store, { write, look });
}

/** The booking is as it was to be: all that is live of it, and nothing more. */
function isDone(
  live: readonly BookingRow[],
  { callId, change }: { readonly callId: string; readonly change: BookingChange },
): boolean {
  const { lines, added = [], dropped = [], customer } = change;
  const wanted = wantedBy(live, change);
  return (
    live.length > 0 &&
    lines.every((line) => live.some((row) => isOf(row, line))) &&
    live.every((row) => !dropped.includes(row.bookingId) && isAs(row, wanted(row))) &&
    added.every((line) =>
      live.some((row) => row.idempotencyKey === lineKey(callId, line, customer)),
    )
  );
}

async function changeOnce(
  tx: StoreQueries,
  { callId, change, clock, confirms }: ChangeCall,
): Promise<ChangeResult> {
  const { code, lines, added = [], dropped = [], inventory } = change;
  const rows = await readLines(tx, code);
  const live = rows.filter(isLive);
  const named = [...lines.map(({ bookingId }) => bookingId), ...dropped];
  const isGone = named.some((id) => live.every(({ bookingId }) => bookingId !== id));
  if (live.length === 0 || isGone) return { kind: 'gone' };
  const held = live.filter(({ bookingId }) => !dropped.includes(bookingId));
  const wantedOf = wantedBy(live, change);
  const changed = held.filter((row) => !isAs(row, wantedOf(row)));
  const nowMs = clock.nowMs();
  const today = todayIn(inventory.yard.timeZone, clock);
  const own = new Set(live.map(({ bookingId }) => bookingId));
  const moved = changed.filter((row) => !isPlace(row, wantedOf(row)));
  const near = await tx.db
    .selectFrom('bookings')
    .selectAll()
    .where('itemId', 'in', ['', ...[...lines, ...added].map(({ itemId }) => itemId)])
    .where('bookingId', 'not in', [...own])
    .where('endDay', '>=', today)
    .execute();
  const taking = [...lines.filter((of) => moved.some((row) => isOf(row, of))), ...added];
  const seen = [...near, ...live];
  const wholly = [...held.map((row) => toPlace(wantedOf(row))), ...added];
  for (const line of taking) {
    // Its own lines are given up for it, and needed all together.
    const needed = wholly.filter((of) => of.itemId === line.itemId && overlaps(of, line)).length;
    const asked = { callId, inventory, today, own, needed };
    const refusal = refusalOf(seen, line, asked);
    if (refusal) return { kind: 'refused', itemId: line.itemId, refusal };
  }
  const take = async (bookingId: string, of: Days) => {
    const mostOn = leftByStaff(inventory, seen, of.itemId);
    if (await takeDays(tx, { bookingId, ...toPlace(of) }, mostOn)) return;
    throw new StoreError('STORE_CONFLICT', 'A machine of the change was taken meanwhile');
  };
  const first = live[0];
  const delivery = deliveryOf(live, change);
  const news = first
    ? added.map((line, nth) => newLine(first, line, { callId, change, nowMs, nth, rows, delivery }))
    : [];
  const clash = clashAmong(inventory, [
    ...held.map((row) => ({ row, wanted: wantedOf(row) })),
    ...news.map((row) => ({ row, wanted: row })),
  ]);
  if (clash) return clash;
  for (const { bookingId } of moved) await freeDays(tx, bookingId);
  for (const ref of dropped) {
    await endBooking(tx, ref, { state: 'cancelled', conflict: null, nowMs });
    await addToOutbox(tx, { kind: 'booking', ref, nowMs });
  }
  for (const row of changed) {
    const wanted = wantedOf(row);
    if (moved.includes(row)) await take(row.bookingId, wanted);
    await tx.db
      .updateTable('bookings')
      .set({
        ...wanted,
        itemName: unitOf(inventory, wanted.itemId)?.name ?? row.itemName,
        phoneKey: phoneKey(wanted.phone),
        idempotencyKey: lineKey(row.callId, { ...toPlace(wanted), ...nthOf(row) }, wanted.customer),
        state: 'pending',
        superseded: supersede(row),
        changedAtMs: nowMs,
      })
      .where('bookingId', '=', row.bookingId)
      .execute();
    await addToOutbox(tx, { kind: 'booking', ref: row.bookingId, nowMs });
  }
  for (const row of news) {
    await tx.db.insertInto('bookings').values(row).execute();
    await take(row.bookingId, row);
    await addToOutbox(tx, { kind: 'booking', ref: row.bookingId, nowMs });
  }
  if (confirms && changed.length + news.length + dropped.length > 0) {
    const isLonger = (row: BookingRow) => {
      const { itemId, startDay, endDay } = wantedOf(row);
      return itemId === row.itemId && startDay === row.startDay && endDay > row.endDay;
    };
    const isExtended = news.length + dropped.length === 0 && changed.every(isLonger);
    const kind = isExtended ? 'extended' : 'changed';
    await holdConfirmation(tx, { code: codeOf(first?.bookingId ?? ''), kind, nowMs });
  }
  if (change.note !== undefined) await leaveNote(tx, { callId, change, nowMs, note: change.note });
  return { kind: 'changed', bookings: (await readLines(tx, code)).filter(isLive).map(toBooking) };
}

/** A further machine of a booking, under the next id that none of its lines ever had. */
function newLine(
  first: BookingRow,
  line: BookingLine,
  about: {
    readonly callId: string;
    readonly change: BookingChange;
    readonly nowMs: number;
    readonly nth: number;
    readonly rows: readonly BookingRow[];
    readonly delivery: BookingDelivery | null;
  },
): BookingRow {
  const { callId, change, nowMs, nth, rows, delivery } = about;
  const { itemId, start, end, totalCents } = line;
  const numbers = rows.map(({ bookingId }) => Number(bookingId.split('-')[1] ?? 1));
  const customer = keptText(change.customer);
  return {
    ...emptyRow,
    bookingId: `${codeOf(first.bookingId)}-${Math.max(...numbers) + nth + 1}`,
    idempotencyKey: lineKey(callId, line, customer),
    callId,
    itemId,
    itemName: unitOf(change.inventory, itemId)?.name ?? itemId,
    startDay: start,
    endDay: end,
    customer,
    phone: plainText(change.phone),
    phoneKey: phoneKey(change.phone),
    callerKey: first.callerKey,
    totalCents,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    details: detailsToText({
      ...(delivery && { delivery: deliveryAt(delivery, 1) }),
      ...timesOf(line),
    }),
  };
}

/** Staff are told what the sheet alone does not say of a change. */
async function leaveNote(
  tx: StoreQueries,
  about: {
    readonly callId: string;
    readonly change: BookingChange;
    readonly nowMs: number;
    readonly note: string;
  },
): Promise<void> {
  const { callId, change, nowMs, note } = about;
  const code = newBookingCode();
  const message = {
    code,
    idempotencyKey: `${change.code} ${code}`,
    callId,
    customer: keptText(change.customer),
    phone: plainText(change.phone),
    text: keptText(`${change.code}: ${note}`),
  };
  for (const query of messageQueries(tx, message, nowMs)) await tx.db.executeQuery(query);
}

/**
 * Takes a change back that the sheet leaves no room for, or that staff were quicker than: the
 * booking is what the sheet shows, and staff are asked to call the customer. False when another
 * booking has those days by now: then it is a conflict, and its row is to be marked.
 */
export async function takeBackChange(
  store: Store,
  booking: BookingRow,
  { to, nowMs }: { readonly to: Move['to']; readonly nowMs: number },
): Promise<boolean> {
  return store.transaction(async (tx) => {
    const { bookingId, superseded } = booking;
    const [row] = await tx.db
      .selectFrom('bookings')
      .selectAll()
      .where('bookingId', '=', bookingId)
      .execute();
    // Changed once more, or cancelled: that has its own row in the outbox.
    if (!row || !isLive(row) || row.superseded !== superseded) return true;
    await forgetHeld(tx, codeOf(bookingId), ['changed', 'extended']);
    await freeDays(tx, bookingId);
    const shown = { itemId: to.itemId, startDay: to.start, endDay: to.end };
    const isTaken = !(await takeDays(tx, { bookingId, ...toPlace(shown) }, () => to.quantity ?? 1));
    await addToOutbox(tx, { kind: 'booking', ref: bookingId, nowMs });
    if (isTaken) {
      await endBooking(tx, bookingId, { state: 'conflict', conflict: 'booked', nowMs });
      return false;
    }
    const before = supersededBy(row).findLast((of) => isPlace(of, shown));
    await tx.db
      .updateTable('bookings')
      .set({
        ...shown,
        itemName: to.itemName,
        totalCents: (before ?? row).totalCents,
        details: (before ?? row).details,
        idempotencyKey: lineKey(row.callId, { ...to, ...nthOf(row) }, row.customer),
        superseded: supersede(row),
        changedAtMs: nowMs,
      })
      .where('bookingId', '=', bookingId)
      .execute();
    const message = {
      code: newBookingCode(),
      idempotencyKey: `${bookingId} ${superseded}`,
      callId: row.callId,
      customer: row.customer,
      phone: row.phone,
      text:
        `${bookingId}: asked to change to ${row.itemName}, ${row.startDay} to ${row.endDay}, which ` +
        'cannot be had any more. The booking stands as the sheet has it; please call the customer.',
    };
    for (const query of messageQueries(tx, message, nowMs)) await tx.db.executeQuery(query);
    return true;
  });
}

/** Has a booking hold its machine under the id that staff gave it; false when it cannot. */
export async function followRename(
  store: Store,
  { bookingId, itemId }: BookingRow,
  {
    to,
    quantity,
    nowMs,
  }: { readonly to: string; readonly quantity: number; readonly nowMs: number },
): Promise<boolean> {
  return store.transaction(async (tx) => {
    const query = tx.db.selectFrom('bookings').selectAll().where('bookingId', '=', bookingId);
    const row = await query.executeTakeFirst();
    if (!row || !isLive(row) || row.itemId !== itemId) return false;
    const { startDay: start, endDay: end } = row;
    const wanted = { bookingId, itemId: to, start, end };
    // Two bookings of one machine: staff see both in the sheet.
    const free = placesFor(wanted, await takenPlaces(tx, wanted, [bookingId]), () => quantity);
    if (!free) return false;
    await freeDays(tx, bookingId);
    await tx.db.insertInto('bookedDays').values(free).execute();
    await tx.db
      .updateTable('bookings')
      .set({ itemId: to, superseded: supersede(row), changedAtMs: nowMs })
      .where('bookingId', '=', bookingId)
      .execute();
    // What was set for it is set back by the new id.
    const marks = await tx.db
      .selectFrom('statusMarks')
      .select('itemId')
      .where('bookingKey', '=', bookingId)
      .execute();
    if (marks.some((mark) => mark.itemId === to)) {
      await addToOutbox(tx, { kind: 'booking', ref: bookingId, nowMs });
      return true;
    }
    await tx.db
      .updateTable('statusMarks')
      .set({ itemId: to })
      .where('itemId', '=', itemId)
      .where('bookingKey', '=', bookingId)
      .execute();
    await addToOutbox(tx, { kind: 'booking', ref: bookingId, nowMs });
    return true;
  });
}

/** Refuses a change that puts two machines of one booking into the same days of one unit. */
function clashAmong(
  inventory: Inventory,
  lines: readonly { readonly row: BookingRow; readonly wanted: Wanted }[],
): ChangeResult | null {
  for (const [nth, { wanted }] of lines.entries()) {
    const other = lines
      .slice(0, nth)
      .find(
        (one) =>
          one.wanted.itemId === wanted.itemId && overlaps(toPlace(one.wanted), toPlace(wanted)),
      );
    // Of several there may be one for each.
    if (!other || quantityOf(inventory, wanted.itemId) > 1) continue;
    const { itemId } = wanted;
    const until = other.wanted.endDay;
    const refusal = { free: false, reason: 'booked', until, own: toBooking(other.row) } as const;
    return { kind: 'refused', itemId, refusal };
  }
  return null;
}

/** Which of a row's machines of one booking it is, as its key tells. */
function nthOf({ idempotencyKey }: BookingRow): { readonly nth: number } {
  const parts: unknown = idempotencyKey === null ? [] : JSON.parse(idempotencyKey);
  const nth = Array.isArray(parts) ? (parts[5] as unknown) : undefined;
  return { nth: typeof nth === 'number' ? nth : 0 };
}

/** The booking's delivery as it is to be: the changed one, else that of its machines together. */
function deliveryOf(
  live: readonly BookingRow[],
  { delivery }: BookingChange,
): BookingDelivery | null {
  if (delivery !== undefined) return delivery;
  const ofLines = live.flatMap((row) => detailsFromText(row.details)?.delivery ?? []);
  const [first] = ofLines;
  if (!first) return null;
  const isOpen = ofLines.some(({ feeCents }) => feeCents === null);
  return {
    ...first,
    feeCents: isOpen ? null : ofLines.reduce((sum, { feeCents }) => sum + (feeCents ?? 0), 0),
  };
}

/** Says of each live row what it is to be. */
function wantedBy(live: readonly BookingRow[], change: BookingChange): (row: BookingRow) => Wanted {
  const { lines, dropped = [], customer, phone } = change;
  const held = live.filter(({ bookingId }) => !dropped.includes(bookingId));
  const delivery = deliveryOf(live, change);
  return (row) => {
    const line = lines.find((of) => isOf(row, of));
    const { itemId, startDay, endDay } = row;
    const {
      delivery: before,
      pickUpAt,
      returnBy,
      isHalfDay,
      ...others
    } = detailsFromText(row.details) ?? {};
    const details = {
      ...others,
      ...(delivery && { delivery: deliveryAt(delivery, held.indexOf(row)) }),
      ...timesOf(line ?? { pickUpAt, returnBy, isHalfDay }),
    };
    const rentCents = line?.totalCents ?? row.totalCents - (before?.feeCents ?? 0);
    return {
      ...(line
        ? { itemId: line.itemId, startDay: line.start, endDay: line.end }
        : { itemId, startDay, endDay }),
      totalCents: rentCents + feeOf(details),
      customer: keptText(customer),
      phone: plainText(phone),
      details: isDeepStrictEqual(details, detailsFromText(row.details) ?? {})
        ? row.details
        : detailsToText(details),
    };
  };
}

function isOf(row: BookingRow, line: { readonly bookingId: string }): boolean {
  return row.bookingId === line.bookingId;
}

type Days = Pick<BookingRow, 'itemId' | 'startDay' | 'endDay'>;

function isPlace(a: Days, b: Days): boolean {
  return a.itemId === b.itemId && a.startDay === b.startDay && a.endDay === b.endDay;
}

function isAs(row: BookingRow, wanted: Wanted): boolean {
  return (
    isPlace(row, wanted) &&
    row.totalCents === wanted.totalCents &&
    row.details === wanted.details &&
    row.customer === wanted.customer &&
    row.phone === wanted.phone
  );
}

function toPlace({ itemId, startDay: start, endDay: end }: Days): Place {
  return { itemId, start, end };
}

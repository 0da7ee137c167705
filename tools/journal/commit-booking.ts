import type { Store } from '../../agent/infra/store/database.ts';
import { StoreError } from '../../agent/infra/store/store-error.ts';
import { availabilityOf } from '../yard/availability.ts';
import type { Inventory, IsoDate, SheetBooking } from '../yard/equipment.ts';
import { addDays, daysIn, todayIn } from '../yard/rental-dates.ts';
import { newBookingCode } from './booking-code.ts';
import type { BookingRequest, CommitResult, Refusal } from './booking-service.ts';
import { customerKey, outboxQueries, phoneKey, toBooking, type BookingRow } from './journal.ts';
import { keptText, plainText } from '../sheet/write/safe-cell.ts';
import { found, withSecondLook } from './commit-verification.ts';

type Clock = { nowMs(): number };

type BookingCall = {
  readonly callId: string;
  readonly request: BookingRequest;
  readonly clock: Clock;
};

/** A commit that a key refused is tried again, and then sees what it was refused for. */
const commitAttempts = 5;

/** As many as it takes until the engine has compiled what a commit runs through. */
const warmUps = 20;

/**
 * Commits a booking, or refuses it. Whoever comes second finds the day taken, by the key of
 * `booked_days`, on both databases. The same request of the same call gives the same booking again.
 * The sheet's own bookings count as `request.inventory` has them.
 * @throws {StoreError} when nothing was committed; {UnsureError} when that cannot be told.
 */
export async function commitBooking(store: Store, call: BookingCall): Promise<CommitResult> {
  // What the sheet has free is written without a look at the journal, whose keys know better.
  let looksFirst = !isFreeInSheet(call);
  for (let attempt = 1; ; attempt += 1) {
    const answer = looksFirst ? await answerOf(store, call) : null;
    if (answer) return answer;
    try {
      return await write(store, call);
    } catch (error) {
      const isTaken = error instanceof StoreError && error.code === 'STORE_CONFLICT';
      if (!isTaken || attempt === commitAttempts) throw error;
      looksFirst = true;
    }
  }
}

/**
 * Does all of a commit but the commit, for a process that is warmed before its call: the first one
 * takes 20 ms of a processor more than those after it, and twenty at once wait for the processor.
 */
export async function warmCommit(store: Store): Promise<void> {
  const day = '2000-01-01';
  const row = { ...emptyRow, startDay: day, endDay: day };
  for (let n = 0; n < warmUps; n += 1) {
    commitQueries(store, { row, days: [{ itemId: '', day, bookingId: '' }] });
    todayIn('America/New_York', { nowMs: () => Date.now() });
    await rowsOf(store, { itemId: '', fromDay: day, idempotencyKey: '' });
  }
}

/**
 * What the journal says to a request: the same booking, why there is none, or null. It takes no
 * lock; what changes between this and the inserts, their keys refuse.
 */
async function answerOf(store: Store, call: BookingCall): Promise<CommitResult | null> {
  const { itemId, start } = call.request;
  const today = todayOf(call);
  const idempotencyKey = keyOf(call);
  const fromDay = start < today ? start : today;
  const rows = await rowsOf(store, { itemId, fromDay, idempotencyKey });
  const made = rows.find((row) => row.idempotencyKey === idempotencyKey);
  const kept = await found(store, async () => made);
  if (kept) return { kind: 'committed', booking: toBooking(kept), repeated: true };
  const refusal = refusalOf(rows, call);
  return refusal && { kind: 'refused', refusal };
}

async function write(store: Store, call: BookingCall): Promise<CommitResult> {
  const { itemId, start, end, customer, phone, totalCents, inventory } = call.request;
  const idempotencyKey = keyOf(call);
  const nowMs = call.clock.nowMs();
  const row: BookingRow = {
    ...emptyRow,
    bookingId: newBookingCode(),
    idempotencyKey,
    callId: call.callId,
    itemId,
    itemName: unitOf(inventory, itemId)?.name ?? itemId,
    startDay: start,
    endDay: end,
    customer: keptText(customer),
    phone: plainText(phone),
    phoneKey: phoneKey(phone),
    totalCents,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
  };
  const days = daysOf(call.request).map((day) => ({ itemId, day, bookingId: row.bookingId }));
  // Ready before anything is locked.
  const queries = commitQueries(store, { row, days });
  const committed = await withSecondLook(store, {
    write: async () => {
      await store.writeAll(queries);
      return row;
    },
    look: () => rowWithKey(store, idempotencyKey),
  });
  const repeated = committed.bookingId !== row.bookingId;
  return { kind: 'committed', booking: toBooking(committed), repeated };
}

const emptyRow: BookingRow = {
  bookingId: '',
  idempotencyKey: null,
  callId: '',
  itemId: '',
  itemName: '',
  startDay: '',
  endDay: '',
  customer: '',
  phone: '',
  phoneKey: '',
  totalCents: 0,
  state: 'pending',
  conflict: null,
  createdAtMs: 0,
  changedAtMs: 0,
  sentAtMs: null,
  resolvedAtMs: null,
};

/** What may stand in the way of a booking from `fromDay` on, or be the same booking. */
function rowsOf(
  { db }: Store,
  asked: { readonly itemId: string; readonly fromDay: IsoDate; readonly idempotencyKey: string },
): Promise<BookingRow[]> {
  return db
    .selectFrom('bookings')
    .selectAll()
    .where('itemId', '=', asked.itemId)
    .where((eb) =>
      eb.or([eb('endDay', '>=', asked.fromDay), eb('idempotencyKey', '=', asked.idempotencyKey)]),
    )
    .execute();
}

function rowWithKey({ db }: Store, key: string): Promise<BookingRow | undefined> {
  return db.selectFrom('bookings').selectAll().where('idempotencyKey', '=', key).executeTakeFirst();
}

function commitQueries(
  store: Store,
  made: {
    readonly row: BookingRow;
    readonly days: readonly { itemId: string; day: IsoDate; bookingId: string }[];
  },
) {
  const { row, days } = made;
  const { bookingId: ref, createdAtMs: nowMs } = row;
  return [
    store.db.insertInto('bookings').values(row).compile(),
    store.db.insertInto('bookedDays').values(days).compile(),
    ...outboxQueries(store, { kind: 'booking', ref, nowMs }),
  ];
}

/** A unit that is out may be free by a booking that the journal knows to be cancelled. */
function isFreeInSheet(call: BookingCall): boolean {
  const { itemId, inventory } = call.request;
  const unit = unitOf(inventory, itemId);
  if (unit?.status !== 'AVAILABLE') return false;
  return availabilityOf(unit, inventory.bookings, call.request, todayOf(call)).free;
}

/** Why the unit cannot be booked, or null. The journal and the sheet count together. */
function refusalOf(rows: readonly BookingRow[], call: BookingCall): Refusal | null {
  const { itemId, start, end, inventory } = call.request;
  const unit = unitOf(inventory, itemId);
  if (!unit) return { reason: 'no-such-unit' };
  const live = rows.filter((row) => row.state === 'pending' || row.state === 'confirmed');
  const inSheet = new Set(inventory.bookings.map(({ bookingId }) => bookingId));
  const cancelled = new Set(
    rows.filter((row) => row.state === 'cancelled').map(({ bookingId }) => bookingId),
  );
  const bookings: readonly SheetBooking[] = [
    // The sheet may still show what was cancelled on the phone a moment ago.
    ...inventory.bookings.filter(({ bookingId }) => !cancelled.has(bookingId)),
    ...live.filter(({ bookingId }) => !inSheet.has(bookingId)).map(toSheetBooking),
  ];
  const taken = live.filter((row) => row.startDay <= end && start <= row.endDay);
  const availability = availabilityOf(unit, bookings, { start, end }, todayOf(call));
  if (availability.free && taken.length === 0) return null;
  if (!availability.free && availability.reason !== 'booked') return availability;
  const ends = taken.map(({ endDay }) => endDay);
  if (!availability.free) ends.push(availability.until);
  const own = taken.find((row) => row.callId === call.callId);
  const until = ends.sort().at(-1) ?? end;
  return { free: false, reason: 'booked', until, own: own ? toBooking(own) : null };
}

function toSheetBooking({ bookingId, itemId, startDay, endDay }: BookingRow): SheetBooking {
  return { bookingId, itemId, start: startDay, end: endDay, status: 'CONFIRMED' };
}

function unitOf({ units }: Inventory, itemId: string) {
  return units.find((unit) => unit.itemId === itemId);
}

function daysOf(range: { readonly start: IsoDate; readonly end: IsoDate }): readonly IsoDate[] {
  return Array.from({ length: daysIn(range) }, (_, offset) => addDays(range.start, offset));
}

function todayOf({ request, clock }: BookingCall): IsoDate {
  return todayIn(request.inventory.yard.timeZone, clock);
}

function keyOf({ callId, request }: BookingCall): string {
  const { itemId, start, end, customer } = request;
  return JSON.stringify([callId, itemId, start, end, customerKey(keptText(customer))]);
}

import { phoneKey } from '../../agent/infra/phone-key.ts';
import type { Store } from '../../agent/infra/store/database.ts';
import { StoreError } from '../../agent/infra/store/store-error.ts';
import { availabilityOf, overlaps } from '../yard/availability.ts';
import type { Inventory, IsoDate } from '../yard/equipment.ts';
import { heldDaysOf } from '../yard/held-days.ts';
import { daysOf, todayIn } from '../yard/rental-dates.ts';
import { withJournal } from '../yard/with-journal.ts';
import { isPlaceOf, numberOf, placesFor, takenPlaces, type BookedDay } from './booked-days.ts';
import { isLive } from './booking.ts';
import { codeOf, lineIds, newBookingCode } from './booking-code.ts';
import {
  detailsToText,
  feeOf,
  timesOf,
  type BookingDelivery,
  type BookingDetails,
} from './booking-details.ts';
import { confirmationQuery } from './confirmations.ts';
import type { BookingLine, BookingRequest, CommitResult, Refusal } from './booking-service.ts';
import {
  customerKey,
  messageQueries,
  outboxQueries,
  toBooking,
  type BookingRow,
} from './journal.ts';
import { keptText, plainText } from '../sheet/write/safe-cell.ts';
import { found, withSecondLook } from './commit-verification.ts';

type Clock = { nowMs(): number };

type BookingCall = {
  readonly callId: string;
  readonly request: BookingRequest;
  readonly clock: Clock;
  /** The customer gets it in writing (`CONFIRMATION_WEBHOOK_URL`). */
  readonly confirms?: boolean;
};

/** A commit that a key refused is tried again, and then sees what it was refused for. */
const commitAttempts = 5;

/** The engine has compiled what a commit runs through after so many runs. */
const warmUps = 20;

/**
 * Commits all lines of a booking, or refuses it. Whoever comes second finds the day taken, by the
 * key of `booked_days`, on both databases. A call's same request gives the same booking again.
 * The sheet's own bookings count as `request.inventory` has them.
 * @throws {StoreError} when nothing was committed; {UnsureError} when that cannot be told.
 */
export async function commitBooking(store: Store, call: BookingCall): Promise<CommitResult> {
  // What the sheet has free is written without a look at the journal, whose keys know better.
  let looksFirst = !isFreeInSheet(call);
  for (let attempt = 1; ; attempt += 1) {
    const seen = looksFirst ? await lookAt(store, call) : [];
    if ('kind' in seen) return seen;
    try {
      return await write(store, call, seen);
    } catch (error) {
      const isTaken = error instanceof StoreError && error.code === 'STORE_CONFLICT';
      if (!isTaken || attempt >= commitAttempts + mostMachines(call)) throw error;
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
    commitQueries(store, [row], [{ itemId: '', day, bookingId: '' }]);
    todayIn('America/New_York', { nowMs: () => Date.now() });
    await rowsOf(store, { itemIds: [''], fromDay: day, keys: [''] });
  }
}

/** Callers at once for a row of several may each lose a machine to every other. */
function mostMachines({ request: { lines, inventory } }: BookingCall): number {
  return Math.max(...lines.map(({ itemId }) => quantityOf(inventory, itemId))) - 1;
}

/**
 * The journal's answer to a request: the same booking or a refusal; else the rows near it. The look
 * takes no lock: the keys of the inserts refuse what changes in between.
 */
async function lookAt(
  store: Store,
  call: BookingCall,
): Promise<CommitResult | readonly BookingRow[]> {
  const { lines } = call.request;
  const today = todayOf(call);
  const keys = lines.map((line) => keyOf(call, line));
  const [fromDay = today] = [today, ...lines.map(({ start }) => start)].sort();
  const itemIds = lines.map(({ itemId }) => itemId);
  const rows = await rowsOf(store, { itemIds, fromDay, keys });
  const kept = await found(store, async () => madeFrom(rows, keys));
  if (kept) return { kind: 'committed', bookings: kept.map(toBooking), repeated: true };
  for (const [nth, line] of lines.entries()) {
    const { callId } = call;
    const { inventory } = call.request;
    const before = lines.slice(0, nth).filter((of) => of.itemId === line.itemId);
    const needed = before.filter((of) => overlaps(of, line)).length + 1;
    const refusal = refusalOf(rows, line, { callId, inventory, today, needed });
    if (refusal) return { kind: 'refused', itemId: line.itemId, refusal };
  }
  return rows;
}

/**
 * A day of a machine for each line and day: of a row of several one that is free. A line for which
 * there is none by now is as if its key had refused it.
 */
async function daysFor(
  store: Store,
  call: BookingCall,
  { rows, seen }: { readonly rows: readonly BookingRow[]; readonly seen: readonly BookingRow[] },
): Promise<readonly BookedDay[]> {
  const { inventory } = call.request;
  const days: BookedDay[] = [];
  for (const { bookingId, itemId, startDay: start, endDay: end } of rows) {
    const wanted = { bookingId, itemId, start, end };
    const quantity = quantityOf(inventory, itemId);
    if (quantity === 1) {
      days.push(...daysOf(wanted).map((day) => ({ itemId, day, bookingId })));
      continue;
    }
    const taken = await takenPlaces(store, wanted);
    for (const one of days.filter((of) => isPlaceOf(of, itemId))) {
      const numbers = taken.get(one.day) ?? new Set<number>();
      taken.set(one.day, numbers.add(numberOf(one.itemId, itemId)));
    }
    const places = placesFor(wanted, taken, leftByStaff(inventory, seen, itemId));
    if (!places) throw new StoreError('STORE_CONFLICT', 'The last of several machines was taken');
    days.push(...places);
  }
  return days;
}

/** The machines of a row that staff's own rows leave to the journal, by day. `seen` are its rows. */
export function leftByStaff(
  inventory: Inventory,
  seen: readonly BookingRow[],
  itemId: string,
): (day: IsoDate) => number {
  const quantity = quantityOf(inventory, itemId);
  const { bookings } = withJournal(inventory, seen.map(toBooking));
  const ours = seen.filter((row) => row.itemId === itemId && isLive(row));
  return (day) => {
    const held = heldDaysOf(bookings, itemId).most({ start: day, end: day });
    const own = ours.filter((row) => row.startDay <= day && day <= row.endDay).length;
    return quantity - Math.max(0, held - own);
  };
}

async function write(
  store: Store,
  call: BookingCall,
  seen: readonly BookingRow[],
): Promise<CommitResult> {
  const { lines, customer, phone, callerPhone, inventory } = call.request;
  const keys = lines.map((line) => keyOf(call, line));
  const nowMs = call.clock.nowMs();
  const ids = lineIds(newBookingCode(), lines.length);
  const rows = lines.map((line, at): BookingRow => {
    const { itemId, start, end, totalCents } = line;
    const details = { ...detailsOf(call.request.details, at), ...timesOf(line) };
    return {
      ...emptyRow,
      bookingId: ids[at] ?? '',
      idempotencyKey: keys[at] ?? '',
      callId: call.callId,
      itemId,
      itemName: unitOf(inventory, itemId)?.name ?? itemId,
      startDay: start,
      endDay: end,
      customer: keptText(customer),
      phone: plainText(phone),
      phoneKey: phoneKey(phone),
      callerKey: callerPhone ? phoneKey(callerPhone) : null,
      totalCents: totalCents + feeOf(details),
      createdAtMs: nowMs,
      changedAtMs: nowMs,
      continues: call.request.continues?.bookingId ?? null,
      details: detailsToText(details),
    };
  });
  // Ready before anything is locked.
  const days = await daysFor(store, call, { rows, seen });
  const kind = call.request.continues ? 'requested' : 'booked';
  const confirmation = { code: codeOf(rows[0]?.bookingId ?? ''), kind, nowMs } as const;
  const queries = [
    ...commitQueries(store, rows, days),
    ...noteQueries(store, call, rows),
    ...(call.confirms ? [confirmationQuery(store, confirmation)] : []),
  ];
  const committed = await withSecondLook(store, {
    write: async () => {
      await store.writeAll(queries);
      return rows;
    },
    look: () => madeBefore(store, keys),
  });
  const repeated = committed[0]?.bookingId !== rows[0]?.bookingId;
  return { kind: 'committed', bookings: committed.map(toBooking), repeated };
}

/** The delivery as the machine at this place of its booking has it: the fee stands with the first. */
export function deliveryAt(delivery: BookingDelivery, at: number): BookingDelivery {
  return {
    address: keptText(delivery.address),
    window: delivery.window === null ? null : plainText(delivery.window),
    feeCents: at === 0 ? delivery.feeCents : 0,
  };
}

function detailsOf(details: BookingDetails | undefined, at: number): BookingDetails | undefined {
  if (!details) return undefined;
  const { delivery, job, po, notes } = details;
  return {
    ...details,
    ...(delivery && { delivery: deliveryAt(delivery, at) }),
    ...(job === undefined ? {} : { job: keptText(job) }),
    ...(po === undefined ? {} : { po: keptText(po) }),
    ...(notes === undefined ? {} : { notes: keptText(notes) }),
  };
}

/** A booking's row before it is filled in. */
export const emptyRow: BookingRow = {
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
  callerKey: null,
  totalCents: 0,
  state: 'pending',
  conflict: null,
  createdAtMs: 0,
  changedAtMs: 0,
  sentAtMs: null,
  superseded: null,
  resolvedAtMs: null,
  offRentCode: null,
  continues: null,
  details: null,
};

/** The rows that may stand in a booking's way from `fromDay` on, or be the same booking. */
function rowsOf(
  { db }: Store,
  asked: {
    readonly itemIds: readonly string[];
    readonly fromDay: IsoDate;
    readonly keys: readonly string[];
  },
): Promise<BookingRow[]> {
  return db
    .selectFrom('bookings')
    .selectAll()
    .where('itemId', 'in', asked.itemIds)
    .where((eb) =>
      eb.or([eb('endDay', '>=', asked.fromDay), eb('idempotencyKey', 'in', asked.keys)]),
    )
    .execute();
}

async function madeBefore(
  { db }: Store,
  keys: readonly string[],
): Promise<readonly BookingRow[] | undefined> {
  const query = db.selectFrom('bookings').selectAll().where('idempotencyKey', 'in', keys);
  return madeFrom(await query.execute(), keys);
}

/** The rows of these keys, by line, when there is one of each. */
function madeFrom(
  rows: readonly BookingRow[],
  keys: readonly string[],
): readonly BookingRow[] | undefined {
  const made = keys.flatMap((key) => rows.find((row) => row.idempotencyKey === key) ?? []);
  return made.length === keys.length ? made : undefined;
}

function commitQueries(store: Store, rows: readonly BookingRow[], days: readonly BookedDay[]) {
  return [
    store.db.insertInto('bookings').values(rows).compile(),
    store.db.insertInto('bookedDays').values(days).compile(),
    ...rows.flatMap(({ bookingId: ref, createdAtMs: nowMs }) =>
      outboxQueries(store, { kind: 'booking', ref, nowMs }),
    ),
  ];
}

/** The message that asks staff to confirm what continues a rental of theirs. */
function noteQueries(store: Store, { request }: BookingCall, [row]: readonly BookingRow[]) {
  if (!row || !request.continues) return [];
  const { bookingId, callId, customer, phone } = row;
  const text = keptText(`${bookingId}: ${request.continues.note}`);
  const message = { code: newBookingCode(), idempotencyKey: bookingId, callId, customer, phone };
  return messageQueries(store, { ...message, text }, row.createdAtMs);
}

/** A unit that is out may be free by a booking that the journal knows to be cancelled. */
function isFreeInSheet(call: BookingCall): boolean {
  const { lines, inventory } = call.request;
  return lines.every((line) => {
    const unit = unitOf(inventory, line.itemId);
    // Which of several is free only the journal knows.
    if (unit?.status !== 'AVAILABLE' || (unit.quantity ?? 1) > 1) return false;
    return availabilityOf(unit, inventory.bookings, line, todayOf(call)).free;
  });
}

/**
 * The reason against booking the unit, or null. The journal and the sheet count together; the lines
 * `own` are to be given up for it, and so stand in nobody's way.
 */
export function refusalOf(
  rows: readonly BookingRow[],
  { itemId, start, end }: BookingLine,
  asked: {
    readonly callId: string;
    readonly inventory: Inventory;
    readonly today: IsoDate;
    readonly own?: ReadonlySet<string>;
    /** So many machines of the row, those of the booking's lines before it included. */
    readonly needed?: number;
  },
): Refusal | null {
  const { callId, inventory, today, own = new Set(), needed = 1 } = asked;
  const listed = unitOf(inventory, itemId);
  if (!listed) return { reason: 'no-such-unit' };
  const ownRows = rows.filter(({ bookingId }) => own.has(bookingId));
  const { bookings } = withJournal(
    inventory,
    rows.map((row) => ({
      ...toBooking(row),
      ...(ownRows.includes(row) && { state: 'cancelled' }),
    })),
  );
  // It is `RENTED` for the line that is given up, and due back when that ends.
  const isOutForUs = ownRows.some(
    (row) =>
      row.itemId === itemId &&
      row.startDay <= today &&
      today <= row.endDay &&
      (listed.dueBack === null || listed.dueBack < start || listed.dueBack <= row.endDay),
  );
  const unit = isOutForUs && listed.status === 'RENTED' ? { ...listed, ...inTheYard } : listed;
  const taken = rows.filter(
    (row) =>
      isLive(row) &&
      !own.has(row.bookingId) &&
      row.itemId === itemId &&
      row.startDay <= end &&
      start <= row.endDay,
  );
  const availability = availabilityOf(unit, bookings, { start, end }, today, needed);
  if (availability.free && (taken.length === 0 || (unit.quantity ?? 1) > 1)) return null;
  if (!availability.free && availability.reason !== 'booked') return availability;
  const ends = taken.map(({ endDay }) => endDay);
  if (!availability.free) ends.push(availability.until);
  const ours = taken.find((row) => row.callId === callId);
  const until = ends.sort().at(-1) ?? end;
  return { free: false, reason: 'booked', until, own: ours ? toBooking(ours) : null };
}

const inTheYard = { status: 'AVAILABLE', dueBack: null } as const;

/** The unit with exactly that id. */
export function unitOf({ units }: Inventory, itemId: string) {
  return units.find((unit) => unit.itemId === itemId);
}

/** The machines that the row stands for. */
export function quantityOf(inventory: Inventory, itemId: string): number {
  return unitOf(inventory, itemId)?.quantity ?? 1;
}

function todayOf({ request, clock }: BookingCall): IsoDate {
  return todayIn(request.inventory.yard.timeZone, clock);
}

function keyOf({ callId, request: { customer } }: BookingCall, line: BookingLine): string {
  return lineKey(callId, line, customer);
}

/**
 * Two lines share a key when machine, days, customer and call are the same, and each is the same of
 * those of a row of several.
 */
export function lineKey(
  callId: string,
  { itemId, start, end, nth = 0 }: Pick<BookingLine, 'itemId' | 'start' | 'end' | 'nth'>,
  customer: string,
): string {
  const parts = [callId, itemId, start, end, customerKey(keptText(customer))];
  return JSON.stringify(nth === 0 ? parts : [...parts, nth]);
}

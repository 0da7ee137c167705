import type { Store, StoreQueries } from '../../agent/infra/store/database.ts';
import { keptText, plainText } from '../sheet/write/safe-cell.ts';
import { newBookingCode } from './booking-code.ts';
import { addConfirmation, factsOf, readTexts, type ConfirmationFacts } from './confirmations.ts';
import type { OffRent, OffRentRequest } from './booking-service.ts';
import { writtenOnce } from './commit-verification.ts';
import { addToOutbox, messageQueries, supersede, toBooking } from './journal.ts';

type CallOff = {
  readonly callId: string;
  readonly request: OffRentRequest;
  readonly clock: { nowMs(): number };
  /** The customer gets it in writing. */
  readonly confirms?: boolean;
};

/**
 * Calls rentals off rent in one transaction: their number and time are kept, staff get a message,
 * and the rows of our own bookings follow by the outbox. A rental that was called off before keeps
 * its number and time, whoever asks again. Resolves with the call-off of the first.
 * @throws {StoreError} when nothing was called off; {UnsureError} when that cannot be told.
 */
export async function callOffRent(store: Store, callOff: CallOff): Promise<OffRent> {
  const keys = callOff.request.rentals.map(({ rentalKey }) => rentalKey);
  const look = async () => {
    const called = await findOffRents(store, keys);
    return called.length === keys.length ? called[0] : undefined;
  };
  const write = () => store.transaction((tx) => callOffOnce(tx, callOff));
  return writtenOnce(store, { write, look });
}

/** The call-offs of these rentals, in the order of the keys. */
export async function findOffRents(
  { db }: StoreQueries,
  keys: readonly string[],
): Promise<readonly OffRent[]> {
  if (keys.length === 0) return [];
  const query = db.selectFrom('offRents').select(['rentalKey', 'code', 'calledAtMs']);
  const rows = await query.where('rentalKey', 'in', keys).execute();
  return rows.toSorted((a, b) => keys.indexOf(a.rentalKey) - keys.indexOf(b.rentalKey));
}

async function callOffOnce(
  tx: StoreQueries,
  { callId, request, clock, confirms }: CallOff,
): Promise<OffRent> {
  const { rentals, note } = request;
  const customer = keptText(request.customer);
  const phone = plainText(request.phone);
  const keys = rentals.map(({ rentalKey }) => rentalKey);
  const before = await findOffRents(tx, keys);
  const open = rentals.filter((of) => before.every(({ rentalKey }) => rentalKey !== of.rentalKey));
  const [first] = before;
  if (open.length === 0 && first) return first;
  const code = newBookingCode();
  const calledAtMs = clock.nowMs();
  for (const { rentalKey, itemId, itemName } of open) {
    const row = { rentalKey, code, callId, itemId, itemName, customer, phone, calledAtMs };
    await tx.db.insertInto('offRents').values(row).execute();
    const booking = await tx.db
      .selectFrom('bookings')
      .selectAll()
      .where('bookingId', '=', rentalKey)
      .executeTakeFirst();
    if (!booking) continue;
    await tx.db
      .updateTable('bookings')
      .set({ offRentCode: code, superseded: supersede(booking), changedAtMs: calledAtMs })
      .where('bookingId', '=', rentalKey)
      .execute();
    await addToOutbox(tx, { kind: 'booking', ref: rentalKey, nowMs: calledAtMs });
  }
  if (confirms) {
    const facts = await offRentFacts(tx, { ...request, rentals: open, customer, phone, code });
    await addConfirmation(tx, { kind: 'off-rent', facts, nowMs: calledAtMs });
  }
  const text = keptText(`OFF RENT ${code}: ${note}`);
  const message = { code: newBookingCode(), idempotencyKey: `off rent ${code}`, callId, text };
  for (const query of messageQueries(tx, { ...message, customer, phone }, calledAtMs)) {
    await tx.db.executeQuery(query);
  }
  return { rentalKey: open[0]?.rentalKey ?? '', code, calledAtMs };
}

/** Facts of a call-off: of rentals that staff wrote the machines alone are known here. */
async function offRentFacts(
  tx: StoreQueries,
  of: Pick<OffRentRequest, 'rentals' | 'customer' | 'phone'> & { readonly code: string },
): Promise<ConfirmationFacts> {
  const keys = of.rentals.map(({ rentalKey }) => rentalKey);
  const rows = await tx.db
    .selectFrom('bookings')
    .selectAll()
    .where('bookingId', 'in', keys)
    .orderBy('bookingId')
    .execute();
  if (rows.length === keys.length) return factsOf(tx, rows.map(toBooking));
  return {
    code: of.code,
    customer: of.customer,
    phone: of.phone,
    lines: of.rentals.map(({ rentalKey, itemId, itemName }) => ({
      bookingId: rentalKey,
      itemId,
      item: itemName,
      start: null,
      end: null,
      pickUpAt: null,
      returnBy: null,
      isHalfDay: false,
      totalCents: null,
    })),
    totalCents: null,
    delivery: null,
    offRentCode: of.code,
    texts: await readTexts(tx, of.phone),
  };
}

import { Confirmation } from './confirmation.ts';
import { UnsureError } from '../journal/commit-verification.ts';
import type { ToolDeps } from '../tool.ts';
import type { BookEquipmentAnswer, Wish } from './booking-request.ts';
import type { Inventory, SheetBooking } from '../yard/equipment.ts';
import { readSnapshot, type Snapshot } from '../yard/snapshot.ts';

/** The booking tools of one call remember this between two uses. */
export type BookingTalk = {
  readonly confirmation: Confirmation;
  /** The newest list that a tool has seen: a price that it changed must not change back. */
  freshest: Inventory | null;
  /** Days on which a unit turned out to be taken, though the list did not say so. */
  readonly taken: SheetBooking[];
  /** Codes that the caller gave and that are nobody's: guessing has an end. */
  wrongCodes: number;
  /** Messages that were taken, so that a tool called twice keeps one. */
  readonly messages: Map<string, string>;
  /** Delivery addresses that the caller has heard and agreed to. */
  readonly agreedAddresses: Set<string>;
  /** Addresses of which the miles were asked for. */
  readonly askedMiles: Set<string>;
  /** The caller was asked whether texts are welcome. */
  askedTexts: boolean;
  /** The wish of the caller's last turn: a model calls a tool once for each machine. */
  lastUse: {
    readonly turn: number;
    readonly wish: Wish;
    readonly answer: BookEquipmentAnswer;
  } | null;
  /** Writes that are under way, or may have been done: no answer says that they were not. */
  readonly unsureOf: Set<Writing>;
};

type Writing = 'booking' | 'cancelling' | 'message' | 'call-off';

/** One call's memory, which its tools share. */
export function createBookingTalk(): BookingTalk {
  return {
    confirmation: new Confirmation(),
    freshest: null,
    taken: [],
    wrongCodes: 0,
    messages: new Map(),
    agreedAddresses: new Set(),
    askedMiles: new Set(),
    askedTexts: false,
    lastUse: null,
    unsureOf: new Set(),
  };
}

/** Runs `write`, and keeps `what` in mind for as long as nobody can tell whether it was done. */
export async function writing<T>(
  { unsureOf }: BookingTalk,
  what: Writing,
  write: () => Promise<T>,
): Promise<T> {
  unsureOf.add(what);
  try {
    const written = await write();
    unsureOf.delete(what);
    return written;
  } catch (error) {
    if (!(error instanceof UnsureError)) unsureOf.delete(what);
    throw error;
  }
}

/** The newer of the call's list and the one read for a booking, with the days taken since. */
export function newestSnapshot(
  deps: Pick<ToolDeps, 'inventory' | 'clock' | 'inventoryMaxAgeMs'>,
  { freshest, taken }: BookingTalk,
): Snapshot | null {
  const ofCall = deps.inventory();
  const isNewer = (freshest?.fetchedAtMs ?? -Infinity) > (ofCall?.fetchedAtMs ?? -Infinity);
  const newest = isNewer ? freshest : ofCall;
  const inventory =
    newest && taken.length > 0 ? { ...newest, bookings: [...newest.bookings, ...taken] } : newest;
  return readSnapshot({ ...deps, inventory: () => inventory });
}

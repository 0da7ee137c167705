import { Confirmation } from './confirmation.ts';
import { UnsureError } from '../journal/commit-verification.ts';
import type { ToolDeps } from '../tool.ts';
import type { BookEquipmentAnswer, Wish } from './booking-request.ts';
import type { Inventory, SheetBooking } from '../yard/equipment.ts';
import { readSnapshot, type Snapshot } from '../yard/snapshot.ts';

/** What the booking tools of one call remember between two uses. */
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
  /** What was asked for at the caller's last turn: a model calls a tool once for each machine. */
  lastUse: {
    readonly turn: number;
    readonly wish: Wish;
    readonly answer: BookEquipmentAnswer;
  } | null;
  /** What may or may not have been done, or is still being done: no answer says that it was not. */
  readonly unsureOf: Set<Writing>;
};

/** What the tools write. */
type Writing = 'booking' | 'cancelling' | 'message';

/** For one call, whose tools share it. */
export function createBookingTalk(): BookingTalk {
  return {
    confirmation: new Confirmation(),
    freshest: null,
    taken: [],
    wrongCodes: 0,
    messages: new Map(),
    lastUse: null,
    unsureOf: new Set(),
  };
}

/** Runs `write`, and keeps in mind for as long as nobody can tell whether it was done. */
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

/** The newer of the call's list and what was read for a booking, and what was learnt since. */
export function newestSnapshot(
  deps: Pick<ToolDeps, 'inventory' | 'clock' | 'inventoryMaxAgeMs'>,
  { freshest, taken }: BookingTalk,
): Snapshot | null {
  const ofCall = deps.inventory();
  const isNewer = (freshest?.fetchedAtMs ?? -Infinity) > (ofCall?.fetchedAtMs ?? -Infinity);
  const newest = isNewer ? freshest : ofCall;
  const inventory = newest && { ...newest, bookings: [...newest.bookings, ...taken] };
  return readSnapshot({ ...deps, inventory: () => inventory });
}

import type { BookingService } from './booking-service.ts';

/** A call that only tries the agent was about to write something. */
export class TrialCallError extends Error {
  override readonly name = 'TrialCallError';
  readonly code = 'TRIAL_CALL';

  constructor() {
    super('Nothing is written in a trial call');
  }
}

/**
 * The bookings of a call that only tries the agent: all that is there is read, and whatever would
 * write rejects with a `TrialCallError`.
 */
export function trialBookings(desk: BookingService): BookingService {
  const nothing = async (): Promise<never> => {
    throw new TrialCallError();
  };
  return {
    freshInventory: (options) => desk.freshInventory(options),
    waitForState: (bookingIds, options) => desk.waitForState(bookingIds, options),
    find: (query) => desk.find(query),
    findOffRents: (rentalKeys) => desk.findOffRents(rentalKeys),
    texts: (phone) => desk.texts(phone),
    recentMisses: (phone) => desk.recentMisses(phone),
    noteMiss: async () => {},
    commit: nothing,
    cancel: nothing,
    change: nothing,
    callOffRent: nothing,
    keepTexts: nothing,
    takeMessage: nothing,
  };
}

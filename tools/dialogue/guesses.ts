import type { BookingService } from '../journal/booking-service.ts';
import { numbersOf, type ToolDeps } from '../tool.ts';
import type { BookingTalk } from './dialogue-memory.ts';

/** After so many codes and names that are nobody's a caller is guessing. */
const maxMissesPerCall = 3;
/** A number can call again, and any number can be pretended. */
const maxMissesPerHour = 10;

/** Whether this caller may try a code or a name. @throws {StoreError}. */
export async function mayGuess(
  deps: ToolDeps,
  desk: BookingService,
  talk: BookingTalk,
): Promise<boolean> {
  if (talk.wrongCodes >= maxMissesPerCall) return false;
  return (await desk.recentMisses(numbersOf(deps).own)) < maxMissesPerHour;
}

/** Notes a code or a name that is nobody's. @throws {StoreError}. */
export async function noteMiss(
  deps: ToolDeps,
  desk: BookingService,
  talk: BookingTalk,
): Promise<void> {
  talk.wrongCodes += 1;
  await desk.noteMiss(numbersOf(deps).own);
}

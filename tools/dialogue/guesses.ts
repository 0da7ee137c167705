import type { BookingService } from '../journal/booking-service.ts';
import { numbersOf, type ToolDeps } from '../tool.ts';
import type { BookingTalk } from './dialogue-memory.ts';

/** A caller is guessing after so many codes and names of nobody. */
const maxMissesPerCall = 3;
/** A guesser can ring again, under any number. */
const maxMissesPerHour = 10;

/** The caller may still try a code or name, by call and by number. @throws {StoreError} */
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

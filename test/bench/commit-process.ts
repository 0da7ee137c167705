/** Commits a booking of its own unit each time it is told the number of a round, and tells how long it took. */
import { openStore } from '../../agent/store/database.ts';
import { commitBooking, warmCommit } from '../../tools/bookings/commit-booking.ts';
import { addDays } from '../../tools/yard/rental-dates.ts';
import type { StorePlace } from '../store/both-databases.ts';
import { clock, listOf, request } from '../tools/bookings/example-booking.ts';

const [place = '{}', itemId = ''] = process.argv.slice(2);
const store = await openStore(JSON.parse(place) as StorePlace);

// As a job does before its call.
await warmCommit(store);

async function commit(round: number): Promise<number> {
  const start = addDays('2026-12-01', 4 * round);
  const wish = request({ itemId, start, end: addDays(start, 2), inventory: listOf(itemId) });
  const startedMs = performance.now();
  const { kind } = await commitBooking(store, { callId: `call-${itemId}`, request: wish, clock });
  if (kind !== 'committed') throw new Error(`${itemId} was not booked in round ${round}`);
  return performance.now() - startedMs;
}

process.on('message', (round: number) => {
  void commit(round).then((ms) => process.send?.(ms));
});
process.send?.(0);

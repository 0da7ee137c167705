/** Commits a booking of its own unit in each of the rounds that it is told of, and tells how long each took. */
import timers from 'node:timers/promises';
import { openStore } from '../../agent/infra/store/database.ts';
import { commitBooking, warmCommit } from '../../tools/journal/commit-booking.ts';
import { addDays } from '../../tools/yard/rental-dates.ts';
import type { StorePlace } from '../agent/infra/store/both-databases.ts';
import { clock, listOf, request } from '../tools/journal/example-booking.ts';

/** When the rounds begin, by the wall clock. */
export type CommitRounds = {
  readonly firstAtMs: number;
  readonly everyMs: number;
  readonly count: number;
};

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

async function commitAll({ firstAtMs, everyMs, count }: CommitRounds): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < count; round += 1) {
    await timers.setTimeout(firstAtMs + round * everyMs - Date.now());
    times.push(await commit(round));
  }
  return times;
}

process.on('message', (rounds: CommitRounds) => {
  void commitAll(rounds).then((times) => process.send?.(times));
});
process.send?.([]);

import { countReads } from './inventory-reads.ts';
import { measureJobProcess } from './job-process.ts';
import { measureSearch } from './inventory-search.ts';
import { measureCommits, measureNotFree, measureSnapshotRead } from './inventory-store.ts';
import { compareTurns } from './inventory-turns.ts';

/** How much is measured. */
export type InventoryBenchOptions = {
  readonly calls: number;
  readonly together: number;
  readonly pairs: number;
  readonly rounds: number;
  readonly starts: number;
  readonly seed: number;
  readonly onProgress: (line: string) => void;
};

/**
 * What the inventory and the bookings cost. Milliseconds, megabytes (10^6 bytes); the method of each:
 *
 * - `readsInAllPer100Calls`: requests that read, at the emulated sheet, from the first of the calls
 *   to the end of the last, as many as per 100 calls. Whole calls on the whole stack, in which the
 *   caller asks for a machine and books nothing, with the budgets of production. `seconds` is how
 *   long they took.
 * - `readsByCallsPer100Calls`: of these, those that came earlier than `inventoryTtlMs` after the last
 *   one of the timer, which alone never reads so early.
 * - `turnRatioSheetHanging`: turns of whole calls, in pairs, in each of which the sheet hangs for one
 *   (from the moment the caller speaks; the list is refreshed every second, so it does meet that) and
 *   is well for the other, in random order. Latency is from the end of the caller's speech to the
 *   first sound of the answer, in the recording. The geometric mean of the pairs' ratios, hanging to
 *   healthy; `turnRatioCi95` is its percentile bootstrap over the pairs (10,000 draws).
 * - `snapshotReadP95Ms`: what a job does to read the list, the journal's bookings included, with
 *   5,000 units, 2,000 bookings in the sheet and 200 in the journal (100 of them in both) on SQLite:
 *   300 times, after 20 that do not count. Before each the list is saved anew, so that all of it is
 *   unpacked: what a job does once a minute. After its other turns it finds that the list is the
 *   same, in a third of the time.
 * - `notFreeP95Ms`: what an answer "it is out, next free on" takes, with the nearest days and machines
 *   that do the same, with 5,000 units, 25,000 bookings in the sheet and 200 in the journal, all of
 *   them laid together for each answer: 300 times, after 20 that do not count.
 * - `searchP95Ms`, `findP95Ms`: a search in 5,000 units of as many names, and the whole answer of
 *   `find_equipment` with 25,000 bookings: 1,000 of each by eight kinds of words, after 100 that do
 *   not count. `indexHeldMs` is the longest that the event loop was held while the index was made.
 * - `commitP95Ms`: 20 processes, each with its own connection, commit at the same time by the clock,
 *   each a unit of its own, several rounds; from the call to its return. Postgres runs with fsync.
 * - `jobRssMb`, `jobStartMs`: a process that loads the job's program, and one that loads a Google
 *   client besides: medians of the resident memory after a collection, and of the time from the fork
 *   to the end of loading, kinds taking turns.
 */
export async function benchInventory(options: InventoryBenchOptions) {
  /** A part takes minutes: what one has found is told before the next begins. */
  const measured = async <T>(what: string, measure: () => Promise<T>): Promise<T> => {
    options.onProgress(what);
    const found = await measure();
    options.onProgress(`  ${JSON.stringify(found)}`);
    return found;
  };
  const job = await measured('job processes', () => measureJobProcess(options));
  const commitP95Ms = await measured('commits', () => measureCommits(options));
  const snapshotReadP95Ms = await measured('the snapshot', measureSnapshotRead);
  const notFreeP95Ms = await measured('not free', async () => measureNotFree());
  const search = await measured('searches', measureSearch);
  const turns = await measured('turns', () => compareTurns(options));
  const reads = await measured('whole calls', () => countReads(options));
  return { ...reads, ...turns, snapshotReadP95Ms, notFreeP95Ms, ...search, commitP95Ms, ...job };
}

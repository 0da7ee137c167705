import { defaultTimeouts } from '../../agent/config/timeouts.ts';
import { scriptSteps } from '../stack/scripts.ts';
import { Yard } from '../harness/yard/yard.ts';
import { rounded } from './statistics.ts';

/** The methods of Google's API that read. */
const readKinds: readonly string[] = ['values.get', 'values.batchGet', 'spreadsheets.get'];

/**
 * How often the sheet is read while whole calls are held that book nothing.
 * @throws Error when a call was not held to its end, or a reading failed: on a machine that is too
 * busy for it, what is read again soon after cannot be told from what a call causes.
 */
export async function countReads(options: { readonly calls: number; readonly together: number }) {
  const { calls, together } = options;
  await using yard = await Yard.open({
    env: { NUM_IDLE_PROCESSES: String(together), MAX_CALLS: String(together + 1) },
  });
  const service = yard.service();
  await service.ready({ warm: together });
  const startedAtMs = Date.now();
  let next = 0;
  const lanes = Array.from({ length: together }, async (_, lane) => {
    while (next < calls) {
      const seed = (next += 1);
      const script = scriptSteps('short', { seed, endBy: 'agent' });
      const from = `+131255501${String(lane).padStart(2, '0')}`;
      const { ended } = await yard.call({ script, from });
      const { answered, endedBy } = await ended;
      if (!answered || endedBy !== 'agent') throw new Error(`Call ${seed} was not held to its end`);
    }
  });
  await Promise.all(lanes);
  const elapsedMs = Date.now() - startedAtMs;
  const failed = service.lines.filter(({ event }) => event === 'inventory.failed').length;
  if (failed > 0) throw new Error(`${failed} readings failed: take fewer calls --together`);
  const reads = yard.sheets.requests.filter(({ kind }) => readKinds.includes(kind));
  const times = reads.map(({ atMs }) => atMs);
  const early = earlyReads(times, defaultTimeouts.inventoryTtlMs);
  const since = (all: readonly number[]) => all.filter((atMs) => atMs >= startedAtMs).length;
  const per100 = (count: number) => rounded((count * 100) / calls, 1);
  return {
    readsByCallsPer100Calls: per100(since(early)),
    readsInAllPer100Calls: per100(since(times)),
    seconds: Math.round(elapsedMs / 1_000),
  };
}

/** Those of the readings that did not wait for the timer, which is set anew after each of its own. */
function earlyReads(times: readonly number[], ttlMs: number): readonly number[] {
  let lastMs = -Infinity;
  return times.filter((atMs) => {
    // The emulator's clock reads whole milliseconds, and a request takes some to arrive.
    const isEarly = atMs < lastMs + ttlMs - 1_000;
    if (!isEarly) lastMs = atMs;
    return isEarly;
  });
}

import { defaultTimeouts } from '../../agent/timeouts.ts';
import { measuredCall } from '../scenarios/measured-call.ts';
import { scriptSteps } from '../scenarios/scripts.ts';
import { Yard } from '../stack/yard.ts';
import { rounded } from './statistics.ts';

/** The methods of Google's API that read. */
const readKinds: readonly string[] = ['values.get', 'values.batchGet', 'spreadsheets.get'];

/** How often the sheet is read while whole calls are held that book nothing. */
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
      const call = await measuredCall({ yard, service }, { script, from, recordTo: null });
      if (!call.answered) throw new Error(`Call ${seed} was not answered: ${call.reason}`);
    }
  });
  await Promise.all(lanes);
  const elapsedMs = Date.now() - startedAtMs;
  const reads = yard.sheets.requests.filter(
    ({ kind, atMs }) => readKinds.includes(kind) && atMs >= startedAtMs,
  ).length;
  const byClock = Math.floor(elapsedMs / defaultTimeouts.inventoryTtlMs);
  const per100 = (count: number) => rounded((Math.max(0, count) * 100) / calls, 1);
  return {
    readsByCallsPer100Calls: per100(reads - byClock),
    readsInAllPer100Calls: per100(reads),
    seconds: Math.round(elapsedMs / 1_000),
  };
}

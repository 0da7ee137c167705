import type { Step } from '../harness/caller/script.ts';
import { seeded } from '../stack/scripts.ts';
import { Yard } from '../harness/yard/yard.ts';
import { meanRatio, rounded } from './statistics.ts';

const machines = ['skid steer', 'scissor lift', 'generator', 'trencher', 'plate compactor'];
const pairsPerCall = 5;
/** A call in which a turn was not heard is not counted; past so many the bench gives up. */
const maxSpareCalls = 6;

/** How much slower the agent answers while the sheet hangs: pairs of turns in whole calls. */
export async function compareTurns(options: { readonly pairs: number; readonly seed: number }) {
  const random = seeded(options.seed);
  await using yard = await Yard.open({ env: { INVENTORY_TTL_MS: '1000' } });
  const service = yard.service();
  const ratios: number[] = [];
  const maxCalls = Math.ceil(options.pairs / pairsPerCall) + maxSpareCalls;
  for (let calls = 0; ratios.length < options.pairs; calls += 1) {
    if (calls === maxCalls) throw new Error(`Only ${ratios.length} pairs came of ${calls} calls`);
    await service.ready();
    ratios.push(...(await pairsOfCall(yard, random)));
  }
  const { mean, ci95 } = meanRatio(ratios, random);
  return {
    turnRatioSheetHanging: rounded(mean, 3),
    turnRatioCi95: ci95.map((end) => rounded(end, 3)),
    pairs: ratios.length,
  };
}

/** The ratios, hanging to healthy, of the pairs of one call. */
async function pairsOfCall(yard: Yard, random: () => number): Promise<readonly number[]> {
  const hangsFirst = Array.from({ length: pairsPerCall }, () => random() < 0.5);
  const hangs = hangsFirst.flatMap((first) => [first, !first]);
  const lines = hangs.map((_, turn) => `Do you have a ${machines[Math.floor(turn / 2)]}?`);
  const script: Step[] = [...lines.map((say) => ({ say })), { hangUp: true }];
  const { faults } = yard.sheets;
  let turn = 0;
  const call = await yard.call({
    script,
    onEvent: ({ type }) => {
      if (type !== 'saying') return;
      faults.clear();
      if (hangs[turn]) faults.on('*', { do: 'hang' });
      turn += 1;
    },
  });
  const report = await call.ended;
  faults.clear();
  const latencyMs = (at: number) => report.turns[at]?.latencyMs ?? null;
  return hangsFirst.flatMap((first, pair) => {
    const [one, two] = [latencyMs(2 * pair), latencyMs(2 * pair + 1)];
    if (one === null || two === null || one <= 0 || two <= 0) return [];
    return [first ? one / two : two / one];
  });
}

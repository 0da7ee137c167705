import type { Step } from '../harness/caller/script.ts';
import { seeded } from '../stack/scripts.ts';
import type { Service } from '../harness/yard/service.ts';
import { Yard } from '../harness/yard/yard.ts';
import { meanRatio, rounded } from './statistics.ts';

const machines = ['skid steer', 'scissor lift', 'generator', 'trencher', 'plate compactor'];
const pairsPerCall = 5;
/** A call in which a turn was not heard is not counted; past so many the bench gives up. */
const maxSpareCalls = 6;

/** How much slower the agent answers while the sheet hangs: pairs of turns in whole calls. */
export async function compareTurns(options: { readonly pairs: number; readonly seed: number }) {
  await using yard = await Yard.open({ env: { INVENTORY_TTL_MS: '1000' } });
  const { faults } = yard.sheets;
  const { mean, ci95, pairs } = await pairedTurns(yard, yard.service(), {
    ...options,
    disturb: (isOn) => {
      faults.clear();
      if (isOn) faults.on('*', { do: 'hang' });
    },
  });
  return { turnRatioSheetHanging: mean, turnRatioCi95: ci95, pairs };
}

/**
 * The ratio, disturbed to undisturbed, of the latencies of turns that follow each other in one call, in
 * an order that is drawn; `disturb` is told at the beginning of each line that the caller says.
 */
export async function pairedTurns(
  yard: Yard,
  service: Service,
  options: {
    readonly pairs: number;
    readonly seed: number;
    readonly disturb: (isOn: boolean) => void;
  },
) {
  const random = seeded(options.seed);
  const ratios: number[] = [];
  const maxCalls = Math.ceil(options.pairs / pairsPerCall) + maxSpareCalls;
  for (let calls = 0; ratios.length < options.pairs; calls += 1) {
    if (calls === maxCalls) throw new Error(`Only ${ratios.length} pairs came of ${calls} calls`);
    await service.ready();
    ratios.push(...(await pairsOfCall(yard, random, options.disturb)));
  }
  const { mean, ci95 } = meanRatio(ratios, random);
  return {
    mean: rounded(mean, 3),
    ci95: ci95.map((end) => rounded(end, 3)),
    pairs: ratios.length,
  };
}

/** The ratios of the pairs of one call. */
async function pairsOfCall(
  yard: Yard,
  random: () => number,
  disturb: (isOn: boolean) => void,
): Promise<readonly number[]> {
  const onFirst = Array.from({ length: pairsPerCall }, () => random() < 0.5);
  const isOn = onFirst.flatMap((first) => [first, !first]);
  const lines = isOn.map((_, turn) => `Do you have a ${machines[Math.floor(turn / 2)]}?`);
  const script: Step[] = [...lines.map((say) => ({ say })), { hangUp: true }];
  let turn = 0;
  const call = await yard.call({
    script,
    onEvent: ({ type }) => {
      if (type !== 'saying') return;
      disturb(isOn[turn] ?? false);
      turn += 1;
    },
  });
  const report = await call.ended;
  disturb(false);
  const latencyMs = (at: number) => report.turns[at]?.latencyMs ?? null;
  return onFirst.flatMap((first, pair) => {
    const [one, two] = [latencyMs(2 * pair), latencyMs(2 * pair + 1)];
    if (one === null || two === null || one <= 0 || two <= 0) return [];
    return [first ? one / two : two / one];
  });
}

import { address, delivery } from '../faults/call-lines.ts';
import { CallPlace } from '../faults/call-place.ts';
import type { CallSetting } from '../faults/call-place.ts';
import { CallScene } from '../faults/call-scene.ts';
import { handOverGapsMs } from '../faults/hand-over-gaps.ts';
import { calm, overlapNoiseMs } from '../faults/survival-case.ts';
import type { Survivor } from '../faults/survival-case.ts';
import { heardOfFault } from '../faults/survival-heard.ts';
import { heardAgain, hurtJob, workerPid } from '../faults/survival-hurt.ts';
import { drawStories } from '../faults/survival-story.ts';
import { quantile } from './statistics.ts';

/** How much is measured. */
export type SurvivalBenchOptions = {
  readonly runs: number;
  readonly seed: number;
  readonly onProgress: (line: string) => void;
};

/** Some two turns of a caller who talks all the time. */
const handOverAfterMs = 12_000;
/** A call stays well below its longest. */
const handOversInCall = 5;
/** A call of so many takes a minute and a half. */
const maxCallMs = 240_000;
const together = 4;
const usual: CallSetting = { env: {} };
const handingOver: CallSetting = { env: { HANDOVER_AFTER_MS: String(handOverAfterMs) } };
const forFour: CallSetting = { env: { NUM_IDLE_PROCESSES: String(together) } };

/**
 * What a caller hears of a call that changes its job, all in their recordings, one place after
 * another and nothing else on the machine.
 *
 * `killedJob`: whole calls, in each of which the job is killed while it speaks; from the kill to the
 * first sound of the next agent. No more than three a minute: beyond that the guardian apologises.
 *
 * `handover`: calls that are handed over every few turns while the caller talks all the time. The
 * gap of a hand-over is how much longer than the median of the other turns of its call the caller
 * waited after the first line that ended after it, said in vain or not; 0 when it was no longer.
 *
 * `killedWorker`: four calls at once, and their worker is killed. A call survives that a fresh job
 * goes on with, alone, and that answers rightly what was said before; its gap is the longest silence,
 * from the kill on, in which it was the agent's turn, the wait of every usual turn included.
 */
export async function benchSurvival({ runs, seed, onProgress }: SurvivalBenchOptions) {
  const killed = await killedJobs(runs, onProgress);
  const handed = await handOvers(runs, onProgress);
  return {
    killedJob: { p50Ms: quantile(killed, 0.5), p95Ms: quantile(killed, 0.95), n: killed.length },
    handover: {
      gapP50Ms: quantile(handed.gapsMs, 0.5),
      gapP95Ms: quantile(handed.gapsMs, 0.95),
      overlapMs: handed.overlapMs,
      n: handed.gapsMs.length,
    },
    killedWorker: await killedWorker(seed, onProgress),
  };
}

type Progress = SurvivalBenchOptions['onProgress'];

async function killedJobs(runs: number, onProgress: Progress): Promise<number[]> {
  await using place = await CallPlace.open(usual);
  const heardMs: number[] = [];
  while (heardMs.length < runs) {
    await place.mend();
    await calm(place, 1);
    await using scene = await CallScene.phone(place);
    await scene.greeted();
    const { atMs } = await scene.call.say(delivery.say);
    await scene.call.waitFor('agent-audio-start', (event) => event.atMs >= atMs);
    hurtJob(scene);
    await heardAgain(scene);
    const { heardAgainMs } = heardOfFault(await scene.hangUp(), scene.struckMs ?? 0);
    if (heardAgainMs === null) throw new Error('Nobody was heard after the kill');
    heardMs.push(heardAgainMs);
    onProgress(`killed job ${heardMs.length} of ${runs}: heard again after ${heardAgainMs} ms`);
  }
  return heardMs;
}

async function handOvers(runs: number, onProgress: Progress) {
  await using place = await CallPlace.open(handingOver);
  const gapsMs: number[] = [];
  let overlapMs = 0;
  while (gapsMs.length < runs) {
    await place.mend();
    const wanted = Math.min(handOversInCall, runs - gapsMs.length);
    await using scene = await CallScene.phone(place, { maxCallMs });
    await scene.greeted();
    while (scene.count('job.handed-over') < wanted) {
      await scene.ask(delivery);
      await scene.ask(address);
    }
    await scene.ask(delivery);
    const handedAt = scene.lines.filter(({ event }) => event === 'job.handed-over');
    const report = await scene.hangUp();
    const atMs = handedAt.map(({ time }) => Date.parse(time) - report.startedAtEpochMs);
    const gaps = handOverGapsMs(report.turns, atMs.slice(0, wanted));
    gapsMs.push(...gaps);
    overlapMs = Math.max(overlapMs, Math.round(report.overlapMs));
    onProgress(
      `${gapsMs.length} of ${runs} hand-overs: gaps ${gaps.join(', ')} ms, overlap ${overlapMs} ms`,
    );
  }
  return { gapsMs, overlapMs };
}

async function killedWorker(seed: number, onProgress: Progress) {
  await using place = await CallPlace.open(forFour);
  await using cleanUp = new AsyncDisposableStack();
  const stories = drawStories(seed, together);
  await place.yard.teach(stories.flatMap(({ tell, recall }) => [tell.say, recall.say]));
  const callers: Survivor[] = [];
  for (const [nth, story] of stories.entries()) {
    const scene = cleanUp.use(await CallScene.phone(place, { from: `+1312555030${nth}` }));
    callers.push({ scene, story });
  }
  await Promise.all(callers.map(({ scene }) => scene.greeted()));
  await Promise.all(callers.map(({ scene, story }) => scene.ask(story.tell)));
  for (const { scene } of callers) scene.strike();
  const killedAtMs = Date.now();
  process.kill(workerPid(place), 'SIGKILL');
  const outcomes = await Promise.all(callers.map((caller) => outlive(caller, killedAtMs)));
  for (const [nth, outcome] of outcomes.entries()) onProgress(`call ${nth + 1}: ${told(outcome)}`);
  const gaps = outcomes.flatMap((outcome) => ('gapMs' in outcome ? [outcome.gapMs] : []));
  return {
    calls: callers.length,
    survived: gaps.length,
    gapP95Ms: gaps.length > 0 ? quantile(gaps, 0.95) : null,
  };
}

/** What became of a call whose worker was killed; `why` it did not survive. */
type Outlived = { readonly gapMs: number; readonly overlapMs: number } | { readonly why: string };

/** Brings the call to its end. Never rejects. */
async function outlive({ scene, story }: Survivor, killedAtMs: number): Promise<Outlived> {
  try {
    await scene.ask(delivery);
    // The job that was there talks on for a while: what it says proves nothing.
    await scene.logged('job.resumed', ({ time }) => Date.parse(time) >= killedAtMs);
    await scene.ask(story.recall);
    const report = await scene.hangUp();
    const overlapMs = Math.round(report.overlapMs);
    const { gapMs } = heardOfFault(report, scene.struckMs ?? 0);
    if (report.endedBy !== 'caller') return { why: `it was ended by the ${report.endedBy}` };
    if (overlapMs >= overlapNoiseMs) return { why: `two agents spoke for ${overlapMs} ms` };
    if (gapMs === null) return { why: 'nothing was heard after the kill' };
    return { gapMs, overlapMs };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function told(outcome: Outlived): string {
  if ('why' in outcome) return `did not survive: ${outcome.why}`;
  return `survived, gap ${outcome.gapMs} ms, overlap ${outcome.overlapMs} ms`;
}

import { join } from 'node:path';
import type { Call } from '../harness/caller/call.ts';
import type { CallReport } from '../harness/caller/call-report.ts';
import type { Step } from '../harness/caller/script.ts';
import { eventually } from '../harness/eventually.ts';
import { jobPids } from '../stack/aftermath.ts';
import { seeded } from '../stack/scripts.ts';
import { processEnd } from '../harness/yard/process-end.ts';
import type { Service } from '../harness/yard/service.ts';
import { Yard } from '../harness/yard/yard.ts';
import { bareAgentName } from './bare-settings.ts';
import type { BareEvent } from './bare-settings.ts';
import { meanRatio, rounded } from './statistics.ts';

/** How much is measured. */
export type CallBenchOptions = {
  readonly pairs: number;
  readonly seed: number;
  readonly onProgress: (line: string) => void;
};

/** Answered by the model in words, from its instructions: the same work for both agents. */
const questions = ['Do you deliver?', 'Where are you located?'];
const script: Step[] = [...questions.map((say) => ({ say })), { hangUp: true }];
const warm = 2;
/** A round in which something was not heard is not counted; past so many the bench gives up. */
const mostSpareRounds = 6;
const processMs = 60_000;
/** A call that nobody takes makes its round a spare one; it need not ring for three minutes. */
const patience = { ringTimeoutMs: 20_000, maxCallMs: 60_000 };

/** What is compared: of one call, the first word, and the mean of its turns. */
type Figures = { readonly firstWordMs: number; readonly turnMs: number };
type Who = 'ours' | 'again' | 'bare';
/** In every so many rounds ours is called twice. */
const againEvery = 3;

/**
 * What our layers cost a healthy call. Rounds of two whole calls, one at a time, in random order:
 * one through Pickup, and one through a bare session of the framework with the same plugins, models
 * and settings (`bare-job.ts`); in every third round there is another one of ours. `firstWordRatio`
 * compares the time from the ring to the first sound of the agent, `turnRatio` that from the end of
 * the caller's speech to the first sound of the answer (the mean of a call's turns), all in the
 * caller's recording. Each is the geometric mean of the rounds' ratios, ours to bare; `ci95` are
 * percentile bootstraps over the rounds (10,000 draws). `aa` are the same ratios of ours to ours:
 * what the method itself makes of no difference.
 */
export async function benchCall({ pairs, seed, onProgress }: CallBenchOptions) {
  const random = seeded(seed);
  await using yard = await Yard.open({ onProgress, env: { NUM_IDLE_PROCESSES: String(warm) } });
  const service = yard.service();
  const bare = yard.service({
    command: [process.execPath, 'test/bench/bare-worker.ts'],
    env: {
      NODE_ENV: 'production',
      NODE_COMPILE_CACHE: join(yard.folder, 'bare-compile-cache'),
    },
  });
  await yard.teach(questions);
  await bare.waitFor('bare.registered' satisfies BareEvent);
  const bench: Bench = { yard, service, bare, random };
  const rounds: Round[] = [];
  for (let tried = 0; rounds.length < pairs; tried += 1) {
    if (tried === pairs + mostSpareRounds)
      throw new Error(`Only ${rounds.length} pairs were heard`);
    const round = await callAll(bench, rounds.length % againEvery === 0);
    if (round) rounds.push(round);
    onProgress(`${rounds.length} of ${pairs} pairs: ${JSON.stringify(round)}`);
  }
  const compare = (figure: keyof Figures, who: 'bare' | 'again') =>
    meanRatio(
      rounds.flatMap(({ ours, [who]: other }) => (other ? ours[figure] / other[figure] : [])),
      random,
    );
  const firstWord = compare('firstWordMs', 'bare');
  const turn = compare('turnMs', 'bare');
  const ends = (interval: readonly [number, number]) => interval.map((end) => rounded(end, 3));
  return {
    pairs,
    firstWordRatio: rounded(firstWord.mean, 3),
    turnRatio: rounded(turn.mean, 3),
    ci95: { firstWord: ends(firstWord.ci95), turn: ends(turn.ci95) },
    aa: {
      firstWord: rounded(compare('firstWordMs', 'again').mean, 3),
      turn: rounded(compare('turnMs', 'again').mean, 3),
    },
  };
}

type Round = { readonly ours: Figures; readonly bare: Figures; readonly again: Figures | null };

type Bench = {
  readonly yard: Yard;
  readonly service: Service;
  readonly bare: Service;
  readonly random: () => number;
};

/** One round, or null when one of the calls was not heard from beginning to end. */
async function callAll(bench: Bench, withAgain: boolean): Promise<Round | null> {
  const all: readonly Who[] = withAgain ? ['ours', 'bare', 'again'] : ['ours', 'bare'];
  const order = all
    .map((who) => ({ who, at: bench.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ who }) => who);
  const heard = new Map<Who, Figures | null>();
  for (const who of order) {
    await bench.service.ready({ warm });
    await bareIsReady(bench);
    const agentName = who === 'bare' ? bareAgentName : 'pickup';
    const call = await bench.yard.call({ script, agentName, ...patience });
    heard.set(who, figuresOf(await call.ended));
    await jobsAreGone(bench, call);
  }
  const [ours, bare, again] = [heard.get('ours'), heard.get('bare'), heard.get('again')];
  return ours && bare && (again || !withAgain) ? { ours, bare, again: again ?? null } : null;
}

/** Two processes wait: each call that was taken has used one up. */
async function bareIsReady({ bare }: Bench): Promise<void> {
  const count = (wanted: BareEvent) => bare.lines.filter(({ event }) => event === wanted).length;
  const isWarm = () => count('bare.warm') >= warm + count('bare.taken');
  await eventually('the bare agent is ready', isWarm, processMs);
}

/** Nothing of a call runs beside the next one. */
async function jobsAreGone({ service, bare }: Bench, call: Call): Promise<void> {
  const ofBare = bare.lines.filter(({ room }) => room === call.room);
  const pids = [...jobPids(service, call), ...ofBare.map((line) => Number(line['jobPid']))];
  for (const pid of pids) {
    if ((await processEnd(pid, processMs)) === null) throw new Error(`Job ${pid} does not end`);
  }
}

function figuresOf({ ringToFirstWordMs, turns }: CallReport): Figures | null {
  const latencies = turns.flatMap(({ latencyMs }) => latencyMs ?? []);
  if (ringToFirstWordMs === null || latencies.length < questions.length) return null;
  return {
    firstWordMs: ringToFirstWordMs,
    turnMs: latencies.reduce((sum, latencyMs) => sum + latencyMs, 0) / latencies.length,
  };
}

import { readFile } from 'node:fs/promises';
import { turnsFile } from '../cases/turns.ts';
import type { CallReport } from '../harness/caller/call-report.ts';
import type { Call } from '../harness/caller/call.ts';
import { processEnd } from '../harness/yard/process-end.ts';
import type { Service } from '../harness/yard/service.ts';
import { Yard } from '../harness/yard/yard.ts';
import { jobPids } from '../stack/aftermath.ts';
import { askIn, heardTurns, inCalls, stepsOf } from '../stack/paused-turns.ts';
import { scriptSteps } from '../stack/scripts.ts';
import { quantile } from './statistics.ts';

/** How much is measured. */
export type TurnsBenchOptions = {
  /** Whole rental calls with each of the rules. */
  readonly calls: number;
  /** Turns with pauses in them with each of the rules. */
  readonly paused: number;
  readonly seed: number;
  readonly onProgress: (line: string) => void;
};

const latencyMs = { stt: 250, llm: 400, tts: 250 };
const processMs = 60_000;
const patience = { ringTimeoutMs: 60_000, maxCallMs: 180_000 };

type Part = 'hearing' | 'endOfTurn' | 'model' | 'voice' | 'way';
type Parts = Readonly<Record<Part, number>>;
/** A turn: from the end of the caller's sound to the first of the answer, and where that time went. */
type Turn = { readonly ms: number; readonly parts: Parts | null };

/**
 * Turn latency on whole calls through the SIP stack, with ends of turn by what was asked and said,
 * and `before`, with voice activity alone (`END_OF_TURN=fixed`), call by call in turn. `parts` are
 * medians: from the end of the caller's sound to the final words; what the answer waited for the end
 * of the turn; from the words to the text for the voice; to its first sound; and the rest. Ends that
 * came too early or too late are those of 30 turns with pauses in them.
 */
export async function benchTurns({ calls, paused, seed, onProgress }: TurnsBenchOptions) {
  await using yard = await Yard.open({ latencyMs, onProgress });
  const bench = { yard, onProgress };
  const rules = {
    now: serviceOf(yard, 'pickup', {}),
    before: serviceOf(yard, 'pickup-before', { END_OF_TURN: 'fixed' }),
  };
  const figures = { now: new Figures(), before: new Figures() };
  const { turns } = turnsFile.parse(
    JSON.parse(await readFile(new URL('../cases/turns.json', import.meta.url), 'utf8')),
  );
  // Half of them, of each question as many as of the others.
  const chosen = turns.filter((_, at) => at % 2 === 0).slice(-paused);
  for (const which of ['now', 'before'] as const) {
    await rules[which].service.ready({ warm: 1 });
    await rules[which].service.waitFor('phrase.ready');
  }
  for (let nth = 0; nth < calls; nth += 1) {
    for (const which of nth % 2 === 0
      ? (['now', 'before'] as const)
      : (['before', 'now'] as const)) {
      const script = scriptSteps('rental', { seed: seed + nth, endBy: 'caller' });
      const { call, report } = await oneCall(bench, rules[which], script);
      const heard = report.turns.flatMap((_, at) => turnOf(yard, call, report, at) ?? []);
      figures[which].turns.push(...heard);
      onProgress(`${which}: ${heard.map(({ ms }) => Math.round(ms)).join(' ')}`);
    }
  }
  for (const call of inCalls(chosen)) {
    for (const which of ['now', 'before'] as const) {
      askIn(yard, call);
      const { report } = await oneCall(bench, rules[which], stepsOf(call));
      for (const { falseEnds, isMissed } of heardTurns(report, call)) {
        figures[which].paused += 1;
        figures[which].falseEnds += falseEnds;
        figures[which].missedEnds += isMissed ? 1 : 0;
      }
    }
  }
  return { ...figures.now.sum, before: figures.before.sum };
}

/** Lines that the receptionist answers with a tool, and one without. */
const askedInTurn = [
  'Do you have a skid steer?',
  'How much would it be for three days from tomorrow?',
  'Do you have a generator?',
  'Do you deliver?',
];
/** The latency of one turn says little: it is the median of so many about it. */
const about = 5;
/** A turn of such a call takes less. */
const longTurnMs = 15_000;

/**
 * One call of `turns` turns: bytes of the request to the model and latency of turn 5, and of the last
 * ones. The latencies are medians of five turns about it.
 */
export async function benchLongCall({
  turns,
  onProgress,
}: Pick<TurnsBenchOptions, 'onProgress'> & { readonly turns: number }) {
  await using yard = await Yard.open({ latencyMs, onProgress });
  const { service } = serviceOf(yard, 'pickup', {});
  await service.ready({ warm: 1 });
  await service.waitFor('phrase.ready');
  const lines = Array.from({ length: turns }, (_, at) => ({
    say: askedInTurn[at % askedInTurn.length] ?? '',
  }));
  const maxCallMs = turns * longTurnMs;
  const script = [...lines, { hangUp: true } as const];
  const call = await yard.call({ script, agentQuietMs: 1_000, ...patience, maxCallMs });
  const report = await call.ended;
  const heard = report.turns.map((_, at) => turnOf(yard, call, report, at)?.ms ?? null);
  const asked = yard.of(call, yard.openai.requests).filter(({ endpoint }) => endpoint === 'chat');
  const bytesIn = (at: number) => {
    const { callerFromMs = 0 } = report.turns[at] ?? {};
    const untilMs = report.turns[at + 1]?.callerFromMs ?? Infinity;
    const ofTurn = asked.filter(
      ({ atMs }) =>
        atMs >= report.startedAtEpochMs + callerFromMs && atMs < report.startedAtEpochMs + untilMs,
    );
    return Math.max(0, ...ofTurn.map(({ body }) => Buffer.byteLength(body)));
  };
  const turnAt = (nth: number) => {
    const from = Math.max(0, Math.min(nth - Math.ceil(about / 2), turns - about));
    const answered = heard.slice(from, from + about).filter((ms) => ms !== null);
    return { bytes: bytesIn(nth - 1), latencyP50Ms: quantile(answered, 0.5) };
  };
  return {
    turns: report.turns.length,
    answered: heard.filter((ms) => ms !== null).length,
    mostBytes: Math.max(...asked.map(({ body }) => Buffer.byteLength(body))),
    turn5: turnAt(5),
    lastTurn: turnAt(turns),
  };
}

type Rules = { readonly service: Service; readonly agentName: string };

function serviceOf(yard: Yard, agentName: string, env: Readonly<Record<string, string>>): Rules {
  const own = { DATA_DIR: `${yard.folder}/${agentName}`, AGENT_NAME: agentName };
  return {
    agentName,
    service: yard.service({
      env: { ...env, ...own, NUM_IDLE_PROCESSES: '1', LOG_LEVEL: 'debug' },
    }),
  };
}

async function oneCall(
  { yard }: { readonly yard: Yard },
  { service, agentName }: Rules,
  script: ReturnType<typeof stepsOf>,
): Promise<{ readonly call: Call; readonly report: CallReport }> {
  await service.ready({ warm: 1 });
  const call = await yard.call({ script, agentName, agentQuietMs: 2_500, ...patience });
  const report = await call.ended;
  for (const pid of jobPids(service, call)) await processEnd(pid, processMs);
  return { call, report };
}

/** One turn of a call, or null when it was not answered. */
function turnOf(yard: Yard, call: Call, report: CallReport, at: number): Turn | null {
  const { latencyMs: ms = null, callerToMs = 0 } = report.turns[at] ?? {};
  if (ms === null) return null;
  const endedMs = report.startedAtEpochMs + callerToMs;
  const heardMs = endedMs + ms;
  const during = <Entry extends { readonly client: number | null; readonly atMs: number }>(
    entries: readonly Entry[],
  ) => yard.of(call, entries).filter(({ atMs }) => atMs > endedMs - 1_000 && atMs < heardMs);
  const words = during(yard.deepgram.sttLog).findLast(({ text }) => text !== '');
  const asked = during(yard.openai.requests).findLast(({ endpoint }) => endpoint === 'chat');
  const spoken = during(yard.spoken).at(0);
  if (!words || !asked || !spoken) return { ms, parts: null };
  const wordsMs = words.atMs + latencyMs.stt;
  const soundMs = spoken.atMs + latencyMs.tts;
  const startedMs = Math.max(soundMs, speakingSince(yard, call, soundMs, heardMs) ?? soundMs);
  return {
    ms,
    parts: {
      hearing: wordsMs - endedMs,
      model: spoken.atMs - wordsMs,
      voice: latencyMs.tts,
      endOfTurn: startedMs - soundMs,
      way: heardMs - startedMs,
    },
  };
}

/** The moment at which the job gave out the first sound of the answer. */
function speakingSince(yard: Yard, call: Call, fromMs: number, toMs: number): number | undefined {
  return yard.services
    .flatMap((service) => service.callLines(call.callId))
    .filter(({ event }) => event === 'turn.completed')
    .map(({ time }) => Date.parse(time))
    .find((atMs) => atMs > fromMs - latencyMs.tts && atMs < toMs);
}

class Figures {
  readonly turns: Turn[] = [];
  paused = 0;
  falseEnds = 0;
  missedEnds = 0;

  get sum() {
    const median = (values: readonly number[]) =>
      values.length > 0 ? Math.round(quantile(values, 0.5)) : null;
    const all = this.turns.map(({ ms }) => ms);
    const parts = this.turns.flatMap(({ parts: of }) => of ?? []);
    const part = (name: Part) => median(parts.map((of) => of[name]));
    const in100 = (count: number) => Math.round((100 * count) / this.paused);
    return {
      turnP50Ms: median(all),
      turnP95Ms: all.length > 0 ? Math.round(quantile(all, 0.95)) : null,
      parts: {
        hearing: part('hearing'),
        endOfTurn: part('endOfTurn'),
        model: part('model'),
        voice: part('voice'),
        way: part('way'),
      },
      falseEndsPer100: in100(this.falseEnds),
      missedEndsPer100: in100(this.missedEnds),
      turns: all.length,
      pausedTurns: this.paused,
    };
  }
}

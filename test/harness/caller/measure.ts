import type { Segment } from './speech-detector.ts';

/**
 * Speech that goes on this long after the caller's line is the agent's answer to it, or its old
 * sentence that it keeps to; what ends sooner is an interrupted sentence dying away.
 */
export const SPOKE_THROUGH_MS = 1_000;

/** One answer as heard, from its first sound to its last. */
export type Answer = { readonly agentFromMs: number; readonly agentToMs: number };

/** A line of the caller, and the answer to it; null where there was none. */
export type MeasuredTurn = {
  readonly caller: string;
  readonly callerFromMs: number;
  readonly callerToMs: number;
  readonly answer: Answer | null;
  /** From the end of the caller's speech to the first sound of the answer. */
  readonly latencyMs: number | null;
};

/** A line of the caller; one that was said in vain got no answer, and was said once more. */
type HeardLine = { readonly line: string; readonly wasInVain?: boolean } & Segment;

/** What was heard of a call, in milliseconds from the moment the caller was in the room. */
export type HeardCall = {
  /** The lines in order, each with the stretch of the recording in which it was sent. */
  readonly lines: readonly HeardLine[];
  readonly callerSpeech: readonly Segment[];
  /** Of all agents together. */
  readonly agentSpeech: readonly Segment[];
  readonly answeredMs: number | null;
  readonly endedMs: number;
};

/** What the agent said before the caller's first line; null if nothing. */
export function measureGreeting(call: HeardCall): Answer | null {
  const untilMs = call.lines[0]?.fromMs ?? Infinity;
  return answerWithin(call.agentSpeech, -Infinity, untilMs);
}

/** Each line of the caller with the answer to it. */
export function measureTurns(call: HeardCall): MeasuredTurn[] {
  return call.lines.map((line, index) => {
    const spoken = call.callerSpeech.filter((segment) => touches(segment, line));
    const callerFromMs = Math.max(line.fromMs, spoken[0]?.fromMs ?? line.fromMs);
    const callerToMs = Math.min(line.toMs, spoken.at(-1)?.toMs ?? line.toMs);
    const nextMs = call.lines[index + 1]?.fromMs ?? Infinity;
    const answer = answerWithin(call.agentSpeech, callerToMs, nextMs);
    const latencyMs = answer && answer.agentFromMs - callerToMs;
    return { caller: line.line, callerFromMs, callerToMs, answer, latencyMs };
  });
}

/**
 * The longest stretch in which neither spoke while it was the agent's turn: from the answer to the
 * end of the greeting, and from the end of each line to the end of the answer to it, or to the next
 * line where it was said in vain; of all that only what came after `sinceMs`. Null for a call that
 * was not answered, or had no such turn.
 */
export function longestSilenceMs(call: HeardCall, sinceMs = -Infinity): number | null {
  if (call.answeredMs === null) return null;
  const turns = measureTurns(call);
  const starts = turns.map((turn) => turn.callerFromMs);
  const agentTurns = [{ fromMs: call.answeredMs, answer: measureGreeting(call) }]
    .concat(
      turns.map(({ callerToMs, answer }, index) => ({
        fromMs: callerToMs,
        answer: call.lines[index]?.wasInVain ? null : answer,
      })),
    )
    .map(({ fromMs, answer }, index) => ({
      fromMs,
      toMs: answer?.agentToMs ?? starts[index] ?? call.endedMs,
    }))
    .filter(({ toMs }) => toMs > sinceMs)
    .map(({ fromMs, toMs }) => ({ fromMs: Math.max(fromMs, sinceMs), toMs }));
  if (agentTurns.length === 0) return null;
  const speech = [...call.callerSpeech, ...call.agentSpeech];
  return Math.max(...agentTurns.map((turn) => longestGapMs(speech, turn)));
}

/** How long at least two of the voices spoke at once. */
export function overlapMs(voices: readonly (readonly Segment[])[]): number {
  const edges = voices
    .flat()
    .flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, step: 1 },
      { atMs: toMs, step: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs || a.step - b.step);
  let speaking = 0;
  let sinceMs = 0;
  let totalMs = 0;
  for (const { atMs, step } of edges) {
    if (speaking >= 2) totalMs += atMs - sinceMs;
    speaking += step;
    sinceMs = atMs;
  }
  return totalMs;
}

/** What is spoken from `fromMs` on, up to the last sentence that began before `untilMs`. */
function answerWithin(speech: readonly Segment[], fromMs: number, untilMs: number): Answer | null {
  const answer = speech
    .filter(({ fromMs: began, toMs }) => began >= fromMs || toMs - fromMs >= SPOKE_THROUGH_MS)
    .filter((segment) => segment.fromMs < untilMs);
  const [first] = answer;
  const last = answer.at(-1);
  if (!first || !last) return null;
  return { agentFromMs: Math.max(first.fromMs, fromMs), agentToMs: last.toMs };
}

function touches(a: Segment, b: Segment): boolean {
  return a.fromMs < b.toMs && b.fromMs < a.toMs;
}

function longestGapMs(speech: readonly Segment[], within: Segment): number {
  const inOrder = speech.filter((segment) => touches(segment, within)).sort(byStart);
  let longestMs = 0;
  let quietSinceMs = within.fromMs;
  for (const { fromMs, toMs } of inOrder) {
    longestMs = Math.max(longestMs, fromMs - quietSinceMs);
    quietSinceMs = Math.max(quietSinceMs, toMs);
  }
  return Math.max(longestMs, within.toMs - quietSinceMs);
}

function byStart(a: Segment, b: Segment): number {
  return a.fromMs - b.fromMs;
}

import type { CallTurn } from '../harness/caller/call-report.ts';
import { quantile } from '../bench/statistics.ts';

type Turn = Pick<CallTurn, 'callerToMs' | 'agentFromMs' | 'latencyMs'>;

/**
 * How much longer than the median of the other turns a caller waited after the first line that ended
 * after each hand-over; 0 when it was no longer. A line that was said in vain has no answer of its
 * own: the wait goes on to the next one.
 * @throws {Error} when no line follows a hand-over, or no answer.
 */
export function handOverGapsMs(turns: readonly Turn[], handedAtMs: readonly number[]): number[] {
  const firstAfter = handedAtMs.map((atMs) =>
    turns.findIndex(({ callerToMs }) => callerToMs >= atMs),
  );
  const others = turns.filter((_turn, nth) => !firstAfter.includes(nth));
  const usualMs = quantile(
    others.flatMap(({ latencyMs }) => latencyMs ?? []),
    0.5,
  );
  return firstAfter.map((nth) => {
    const line = turns[nth];
    const answer = turns.slice(nth).find(({ agentFromMs }) => agentFromMs !== null);
    if (!line || answer?.agentFromMs == null) throw new Error('Nothing follows a hand-over');
    return Math.round(Math.max(0, answer.agentFromMs - line.callerToMs - usualMs));
  });
}

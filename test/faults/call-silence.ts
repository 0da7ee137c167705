import type { CallEvent } from '../caller/call-events.ts';
import type { CallReport } from '../caller/call-report.ts';

/** How long every agent has been quiet by now; 0 while one speaks, and `nowMs` before any did. */
export function gapIn(events: readonly CallEvent[], nowMs: number): number {
  const speaking = new Set<string>();
  let lastEndMs = 0;
  for (const event of events) {
    if (event.type === 'agent-audio-start') speaking.add(event.identity);
    if (event.type !== 'agent-audio-end') continue;
    speaking.delete(event.identity);
    lastEndMs = Math.max(lastEndMs, event.atMs);
  }
  return speaking.size > 0 ? 0 : Math.max(0, nowMs - lastEndMs);
}

/**
 * What counts as the agent's turn: from the answer, and from each line, to the end of what is said
 * to it (`turns`); only up to the agent's first word, where the caller is silent and it is theirs
 * (`first-word`); nothing, where the caller's own leg is gone (`none`).
 */
export type AgentTurns = 'turns' | 'first-word' | 'none';

/** The longest stretch of the agent's turns in which neither spoke; null when there was no turn. */
export function silenceMs(report: CallReport, counted: AgentTurns): number | null {
  const { longestSilenceMs, ringToAnswerMs, ringToFirstWordMs } = report;
  if (counted === 'none') return null;
  if (counted === 'turns') return longestSilenceMs && Math.round(longestSilenceMs);
  if (ringToAnswerMs === null || ringToFirstWordMs === null) return null;
  return Math.max(0, Math.round(ringToFirstWordMs - ringToAnswerMs));
}

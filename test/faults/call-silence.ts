import { z } from 'zod';
import type { CallEvent } from '../harness/caller/call-events.ts';
import type { CallReport } from '../harness/caller/call-report.ts';
import { longestSilenceMs } from '../harness/caller/measure.ts';
import type { OpenAiRequest } from '../harness/emulators/openai.ts';

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

/**
 * The longest stretch of the agent's turns in which neither spoke; null when there was no turn. The
 * turn after a line that was said in vain ends only with the next line; `inVain` says when each of
 * them began, on the clock of the call.
 */
export function silenceMs(
  report: CallReport,
  counted: AgentTurns,
  inVain: readonly number[] = [],
): number | null {
  const { heard, ringToAnswerMs, ringToFirstWordMs } = report;
  if (counted === 'none') return null;
  if (counted === 'turns') {
    const lines = heard.lines.map((line) => ({ ...line, wasInVain: inVain.includes(line.fromMs) }));
    const longestMs = longestSilenceMs({ ...heard, lines });
    return longestMs && Math.round(longestMs);
  }
  if (ringToAnswerMs === null || ringToFirstWordMs === null) return null;
  return Math.max(0, Math.round(ringToFirstWordMs - ringToAnswerMs));
}

/** What the agent says when it has not understood, or when a tool or model failed it. */
const asksAgain = /\b(?:quite (?:catch|get) that|once more)\b/i;

const messagesOf = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.unknown().optional() })),
});

/**
 * How often in a row a line that was said once more from `sinceMs` (Unix) on had been asked for again:
 * the model's first request since then tells it, by such words of the agent's right before the line,
 * and before that, whether the model read the line or not.
 */
export function timesAskedAgain(requests: readonly OpenAiRequest[], sinceMs: number): number {
  for (const { endpoint, atMs, body } of requests) {
    if (endpoint !== 'chat' || atMs < sinceMs) continue;
    const { messages } = messagesOf.parse(JSON.parse(body));
    if (messages.at(-1)?.role !== 'user') continue;
    const talk = messages.map(({ role, content }) => `${role}: ${JSON.stringify(content)}`);
    const line = talk.at(-1);
    let times = 0;
    for (let at = talk.length - 2; isAskedAgain(talk[at]); at -= talk[at - 1] === line ? 2 : 1) {
      times += 1;
    }
    return times;
  }
  return 0;
}

const isAskedAgain = (said = '') => said.startsWith('assistant') && asksAgain.test(said);

import type { CallReport, CallTurn } from '../harness/caller/call-report.ts';
import type { Step } from '../harness/caller/script.ts';
import { type ChatMessage, textOf } from '../harness/emulators/openai-request.ts';
import type { Yard } from '../harness/yard/yard.ts';
import type { CallerTurn } from '../cases/turns.ts';

/** After it the model asks the first question. */
const opening = 'Do you deliver?';
const goOn = 'Go on, please.';
const atLast = 'Let me think about that.';
/** An answer that begins later than this after the last words is a missed end. */
const missedMs = 2_000;

/** A call of so many takes a minute. */
const mostInCall = 6;

/** Shares turns out among calls: in each, every question is asked once. */
export function inCalls(turns: readonly CallerTurn[]): CallerTurn[][] {
  const calls: CallerTurn[][] = [];
  for (const turn of turns) {
    const isNew = (call: readonly CallerTurn[]) =>
      call.length < mostInCall &&
      call.every(
        (other) => other.agentAsked !== turn.agentAsked && other.says.at(-1) !== turn.says.at(-1),
      );
    const call = calls.find(isNew);
    if (call) call.push(turn);
    else calls.push([turn]);
  }
  return calls;
}

/** The steps of a caller who says these turns, one after another, with their pauses. */
export function stepsOf(turns: readonly CallerTurn[]): Step[] {
  const steps: Step[] = [{ say: opening }];
  for (const { says } of turns) {
    for (const [at, part] of says.entries()) {
      if (typeof part === 'number') steps.push({ silenceMs: part * 1_000 });
      else steps.push(at === 0 ? { say: part } : { say: part, when: 'now' });
    }
  }
  return [...steps, { hangUp: true }];
}

/** Has the model ask what the turns answer, the next question once it has all of an answer. */
export function askIn(yard: Yard, turns: readonly CallerTurn[]): void {
  const questions = turns.map(({ agentAsked }) => agentAsked);
  yard.openai.answerWith((messages) => {
    const asked = questions.findLastIndex((question) => messages.some(isAgents(question)));
    const lastWords = turns[asked]?.says.findLast((part) => typeof part === 'string') ?? opening;
    const isWhole = textOf(messages.findLast(({ role }) => role === 'user') ?? nothing).endsWith(
      lastWords,
    );
    return { content: isWhole ? (questions[asked + 1] ?? atLast) : goOn };
  });
}

const nothing: ChatMessage = { role: 'user', content: '' };
const isAgents = (question: string) => (message: ChatMessage) =>
  message.role === 'assistant' && textOf(message).includes(question);

/** The turns of such a call as they were heard. */
export function heardTurns({ turns: lines }: CallReport, turns: readonly CallerTurn[]) {
  const rest = lines.slice(1);
  return turns.map((turn) => {
    const own = rest.splice(0, turn.says.filter((part) => typeof part === 'string').length);
    const last = own.pop();
    const falseEnds = own.filter(({ agentFromMs }) => agentFromMs !== null).length;
    return { turn, last, falseEnds, isMissed: isMissed(last) };
  });
}

function isMissed(last: CallTurn | undefined): boolean {
  return last?.latencyMs === null || last === undefined || last.latencyMs > missedMs;
}

import type { ResumeKind } from '../ipc/client.ts';
import { CAN_YOU_HEAR, STILL_HERE, WELCOME_BACK } from '../speech/prompts/prompts.ts';
import { unanswered } from './persistence/call-snapshot.ts';
import type { SavedCall } from './persistence/call-snapshot.ts';

/** What a job that goes on with a call says first, in this order. */
export type FirstWords = {
  readonly sentences: readonly string[];
  /** The caller still waits for an answer to what they said last. */
  readonly owesAnswer: boolean;
};

/**
 * One short sentence in the caller's context, or none: a planned hand-over is not to be noticed.
 * `saved` is undefined when nothing of what was said could be kept.
 */
export function firstWords(kind: ResumeKind, saved: SavedCall | undefined): FirstWords {
  const owesAnswer = saved !== undefined && unanswered(saved.talk.items) !== null;
  return { sentences: sentencesFor(kind, saved, owesAnswer), owesAnswer };
}

function sentencesFor(
  kind: ResumeKind,
  saved: SavedCall | undefined,
  owesAnswer: boolean,
): readonly string[] {
  if (kind === 'handover' || kind === 'apology') return [];
  if (kind === 'rejoin') return [CAN_YOU_HEAR];
  if (!saved) return [WELCOME_BACK];
  return owesAnswer ? [STILL_HERE] : [STILL_HERE, openQuestion(saved)];
}

/** What the caller was to answer: a read-back whole, else the agent's last question. */
function openQuestion({ talk }: SavedCall): string {
  if (talk.items.length === 0) return 'How can I help you?';
  const last = talk.items.findLast((item) => item.kind === 'spoken');
  const words = last?.kind === 'spoken' && last.by === 'agent' ? last.words.trim() : '';
  if (talk.asked && words.includes(talk.asked.question)) return talk.asked.question;
  const question = /[^.!?]+\?$/.exec(words)?.[0].trim();
  const subject = subjectOf(talk.items);
  const context = subject === null ? '' : `You were asking about the ${subject}. `;
  return `${context}${question ?? 'What else can I do for you?'}`;
}

/** The machine that the tools last spoke about, by the name in their words' data. */
function subjectOf(items: SavedCall['talk']['items']): string | null {
  for (const item of items.toReversed()) {
    if (item.kind !== 'tool' || item.output === null) continue;
    const name = /"name":"([^"]{1,60})"/.exec(item.output)?.[1];
    if (name !== undefined) return name;
  }
  return null;
}

import type { ResumeKind } from '../../ipc/messages.ts';
import { unanswered } from '../persistence/call-snapshot.ts';
import type { SavedCall, SavedItem } from '../../ipc/saved-call.ts';
import { CAN_YOU_HEAR, STILL_HERE, WELCOME_BACK } from '../../speech/prompts/prompts.ts';

/** An agent that dies so often at one turn of the caller would die of it once more. */
const mostAtOneTurn = 3;

/** A fresh job's starting point. */
type ResumePlan = {
  /** Undefined when nothing of what was said could be kept. */
  readonly saved: SavedCall | undefined;
  /** Going on is no use: the caller hears an apology and is called back. */
  readonly isHopeless: boolean;
};

/**
 * After the first crash at a turn, the call goes on where it was; after the second, one turn earlier,
 * if that turn was still to be answered: whatever the agent died of is then not done again.
 */
export function resumePlan(kind: ResumeKind, saved: SavedCall | undefined): ResumePlan {
  if (kind !== 'takeover' || !saved) return { saved, isHopeless: kind === 'apology' };
  const { talk, lastCrash } = saved;
  const { callerTurns, items } = talk;
  const times = lastCrash?.callerTurns === callerTurns ? lastCrash.times + 1 : 1;
  const isHopeless = times >= mostAtOneTurn;
  const stepsBack = times > 1 && !isHopeless && unanswered(items) !== null;
  return {
    saved: {
      ...saved,
      talk: stepsBack ? { ...talk, items: beforeLastTurn(items) } : talk,
      lastCrash: { callerTurns, times },
    },
    isHopeless,
  };
}

function beforeLastTurn(items: readonly SavedItem[]): SavedItem[] {
  const at = items.findLastIndex((item) => item.kind === 'spoken' && item.by === 'caller');
  return items.slice(0, Math.max(at, 0));
}

/** The first words of a job that goes on with a call, in this order. */
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

/** The question that the caller was to answer: a read-back whole, else the agent's last one. */
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

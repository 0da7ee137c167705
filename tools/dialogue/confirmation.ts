import { toldPhone } from '../yard/phone.ts';
import { spokenList } from '../yard/spoken.ts';
import { assentIn, type Asked, type Assent } from './affirmation.ts';

/** A deed that is done only after the caller has heard it read back and said yes. */
export type Proposal = Asked & {
  /** Two proposals share a key only when the caller would agree to the same in both. */
  readonly key: string;
};

/** One side's words; of the agent's, only those that the caller has heard. */
export type Utterance = { readonly by: 'caller' | 'agent'; readonly words: string };

/** A proposal as it is being put to the caller. */
export type AskedProposal = Proposal & {
  readonly question: string;
  /** The caller must have heard this much of the question for a yes to count. */
  readonly mustHear: string;
  /** Both sides' words since then. */
  readonly since: readonly Utterance[];
  /** The number of the caller's answers so far that were neither yes nor no. */
  readonly unclear: number;
};

const questions = {
  booking: 'Shall I book it?',
  cancelling: 'Shall I cancel it?',
  changing: 'Shall I change it?',
  extending: 'Shall I extend it?',
  'off-rent': 'Shall I call it off rent?',
  asking: 'Shall I ask them?',
  address: 'Shall I put that down?',
  texts: 'Shall I text it?',
} as const;

/** A caller whose two answers were neither may press a key: a third is seldom clearer in words. */
const YES_OR_NO = 'Please say yes or no, or press 1 for yes.';
/** A talk with so many unclear answers leads nowhere: nothing is done. */
const mostUnclear = 5;
const GIVING_UP = "I'll leave that as it is for now. What else can I do for you?";

const wantsItAgain =
  /\b(?:again|repeat|once more|one more time|pardon|come again|go over|run (?:that|it) by|miss(?:ed)?|catch|hear|what|which|how (?:much|many)|read|remind|broke up|sorry)\b/i;

/**
 * Code keeps the deed that the caller is asked to agree to, because a model may call a tool twice,
 * too early, or with other values than were read back. A yes counts as the answer to the read-back
 * alone: it must come next, after the machine, the days, the total and the name were heard.
 */
export class Confirmation {
  #asked: AskedProposal | null = null;
  #turns = 0;
  #callerWords = '';

  /** The number of the caller's turns in this job of the call. */
  get callerTurns(): number {
    return this.#turns;
  }

  /** The caller's last words; empty before they have spoken. */
  get callerWords(): string {
    return this.#callerWords;
  }

  /** The proposal that was asked last; null when none was, or it is done. */
  get asked(): AskedProposal | null {
    return this.#asked;
  }

  /** Goes on from the proposal that an earlier job of the call had asked. */
  restore(asked: AskedProposal | null): void {
    this.#asked = asked;
  }

  /** Notes down what either side has just said; prompts that ask nothing are left out. */
  note(utterance: Utterance): void {
    if (utterance.by === 'caller') {
      this.#turns += 1;
      this.#callerWords = utterance.words;
    }
    const asked = this.#asked;
    // A talk that went on for so long is not about the question any more.
    if (asked) this.#asked = { ...asked, since: [...asked.since, utterance].slice(-20) };
  }

  /** The caller may answer: nothing else was asked or told since they heard the question. */
  get isOpen(): boolean {
    return this.#asked !== null && answersTo(this.#asked) !== null;
  }

  /**
   * Puts a proposal to the caller. Returns the words for it: the whole read-back, or as much of it
   * as is still open when the caller has just heard the rest. `aside` answers what they said beside
   * a yes, by their words; undefined when there is nothing to answer.
   */
  ask(
    proposal: Proposal,
    readBack: string,
    aside: (words: string) => string | undefined = () => undefined,
  ): string {
    const before = this.#asked;
    const answers = before && answersTo(before);
    if (!before || answers === null) return this.put(proposal, readBack);
    if (!isSame(before, proposal))
      return this.put(proposal, changedAlone(before, proposal) ?? readBack);
    if (answers.length === 0) return before.question;
    const unclear = before.unclear + 1;
    if (unclear >= mostUnclear) {
      this.drop();
      return GIVING_UP;
    }
    const answered = aside(answers.join(' '));
    if (answered !== undefined)
      return this.put(proposal, `${answered} ${asRead(proposal)}`, unclear);
    if (answers.some((words) => wantsItAgain.test(words)))
      return this.put(proposal, readBack, unclear);
    return this.put(
      proposal,
      unclear > 1 ? `${YES_OR_NO} ${questions[proposal.about]}` : questions[proposal.about],
      unclear,
    );
  }

  /** Puts a proposal in these words, whatever was asked before. */
  put(proposal: Proposal, question: string, unclear = 0): string {
    this.#asked = {
      ...proposal,
      question,
      mustHear: essence(question, proposal),
      since: [],
      unclear,
    };
    return question;
  }

  /**
   * Reads the caller's answer to exactly this proposal; `unclear` when it was not put to them, when
   * they have not heard it or not spoken since, and when something else was asked in between.
   */
  answerTo(proposal: Proposal): Assent {
    const asked = this.#asked;
    const answers = asked && isSame(asked, proposal) ? answersTo(asked) : null;
    return answers?.length ? assentIn(answers.join('. '), proposal) : 'unclear';
  }

  drop(): void {
    this.#asked = null;
  }
}

/** The question with its machine's name, after an answer about another. */
function asRead({ about, lines }: Proposal): string {
  const machines = spokenList(lines.map(({ machine }) => `the ${machine}`));
  return questions[about].replace('it?', `${machines} as I read it?`);
}

function isSame(asked: Proposal, proposal: Proposal): boolean {
  return asked.key === proposal.key && asked.about === proposal.about;
}

/** The words up to the name, or else up to the question itself, over which a yes may come. */
function essence(question: string, { about, customer }: Proposal): string {
  // A yes that comes over this question may be one to what was told before it.
  if (about === 'texts') return question;
  const name = customer ? question.lastIndexOf(customer) : -1;
  if (name > 0) return question.slice(0, name + (customer?.length ?? 0));
  const asking = question.search(/\bShall I\b/);
  return question.slice(0, asking > 0 ? asking : 'Shall'.length).trimEnd();
}

/**
 * The caller's answers to the question; null when they have not heard it, or when the agent said
 * more after it or since.
 */
function answersTo({ question, mustHear, since }: AskedProposal): string[] | null {
  const at = since.findLastIndex(({ by, words }) => by === 'agent' && words.includes(mustHear));
  const words = since[at]?.words.trimEnd() ?? '';
  const after = since.slice(at + 1);
  if (at === -1 || after.some(({ by }) => by === 'agent')) return null;
  if (words.includes(question) && !words.endsWith(question)) return null;
  return after.map((said) => said.words);
}

/** A question about the name and number alone, if the caller has just heard the rest. */
function changedAlone(before: AskedProposal, proposal: Proposal): string | undefined {
  const rest = ({ about, lines, totalCents, depositCents }: Proposal) =>
    JSON.stringify([about, lines, totalCents, depositCents]);
  if (rest(before) !== rest(proposal) || !proposal.customer) return undefined;
  const { customer, phone, about } = proposal;
  const number = toldPhone(phone ?? '', !phone);
  const at = before.phone === phone ? '' : ` at ${number}`;
  return `For ${customer}${at}, then, and all else as I said. ${questions[about]}`;
}

import type { ToolDeps } from '../tool.ts';
import { assentIn, type Asked, type Assent } from './affirmation.ts';

/** Something that is done only after the caller has heard it read back and has said yes. */
export type Proposal = Asked & {
  /** Equal for two proposals only when the caller would agree to the same in both. */
  readonly key: string;
};

/** A proposal as it was put to the caller, and at which of their turns. */
export type AskedProposal = Proposal & { readonly question: string; readonly turn: number };

/**
 * What the caller was last asked to agree to. It is kept in code because a model may call a tool
 * twice, too early, or with other values than were read back.
 */
export class Agreement {
  readonly #talk: Pick<ToolDeps, 'turn' | 'callerWords' | 'wasSpoken'>;
  #asked: AskedProposal | null = null;

  constructor(talk: Pick<ToolDeps, 'turn' | 'callerWords' | 'wasSpoken'>) {
    this.#talk = talk;
  }

  /** What is open at the moment; null when nothing is. */
  get asked(): AskedProposal | null {
    return this.#asked;
  }

  /** Goes on from what an earlier job of the call had asked. */
  restore(asked: AskedProposal | null): void {
    this.#asked = asked;
  }

  /** Notes down that `question` is being put to the caller. It replaces an earlier one. */
  ask(proposal: Proposal, question: string): void {
    this.#asked = { ...proposal, question, turn: this.#talk.turn() };
  }

  /**
   * What the caller answered to exactly this proposal; `unclear` when it was not put to them, when
   * they have not heard it, or when they have not spoken since.
   */
  answerTo(proposal: Proposal): Assent {
    const asked = this.#asked;
    const { turn, callerWords, wasSpoken } = this.#talk;
    if (asked?.key !== proposal.key || asked.about !== proposal.about) return 'unclear';
    if (turn() <= asked.turn || !wasSpoken(asked.question)) return 'unclear';
    return assentIn(callerWords(), proposal);
  }

  /** Forgets what was asked. */
  drop(): void {
    this.#asked = null;
  }
}

/** Words of recordings and of phone robots: an answering machine, a queue, a menu, a sales call. */
const recordings = [
  /\b(?:leave|record) (?:a|your|us a|me a)?\s*(?:\w+ )?(?:message|name and (?:your )?(?:phone )?number)\b.*\b(?:after|at) the (?:tone|beep)\b/,
  /\b(?:after|at) the (?:tone|beep)\b/,
  /\byour (?:phone )?call (?:is|may be) (?:very |extremely )?(?:important|valuable|being transferred|being recorded|recorded)\b/,
  /\b(?:please )?(?:stay|remain|hold) on the line\b.*\b(?:next|available|assist|answered|representative|order)\b/,
  /\bnext available (?:agent|representative|associate|operator|specialist|member)\b/,
  /\b(?:all|our) (?:of our )?(?:\w+ )?(?:agents|representatives|operators|associates|lines) are (?:currently |still )?(?:busy|assisting|helping)\b/,
  /\bestimated (?:wait|hold) time\b/,
  /\byou(?:'ve| have) reached (?:the )?(?:voice ?mail|mailbox|answering)\b/,
  /\bthe (?:person|party|subscriber|customer|number) (?:that )?you (?:are (?:trying to reach|calling)|have (?:dialed|called)|called|dialed)\b/,
  /\b(?:mailbox|voice ?mail) is (?:full|not set up)\b/,
  /\b(?:press|dial) (?:\d|one|two|three|nine|zero|star|pound)\b.*\b(?:to|for|if|now)\b|\b(?:to|for) [\w ]{3,40},? (?:press|dial) (?:\d|one|two|three|nine|zero)\b/,
  /\bthis is (?:a|an) (?:recorded|automated|important|pre-?recorded) (?:message|call|line|announcement)\b/,
  /\b(?:to be removed from|do not hang up|final (?:notice|attempt) (?:to|before|regarding)|extended warranty|your google (?:business )?listing)\b/,
] as const;

/** Words that ask the agent to wait. */
const waits = [
  /\b(?:hang|hold) on\b(?! the line)|\bbear with me\b|\bone (?:moment|minute|sec)\b|\bwait\b(?= |$)/,
  /\b(?:just|give me|gimme|need) (?:a|one) (?:moment|minute|second|sec|min)\b|\bone second\b(?! \w)/,
  /\b(?:let me|i'll) (?:just )?(?:go (?:and )?)?(?:check|look|see|find|grab|ask)\b/,
] as const;

/** An echo of ours is at least so long, and a recording that is heard again. */
const echoWords = 6;
const repeatedWords = 25;
/** Turns of a machine in a row after which nobody is there. */
const maxMachineTurns = 3;

/** The makings of a caller's turn: a person's, a person's who asks us to wait, or a machine's. */
export type TurnKind = 'person' | 'wait' | 'machine';

/** Tells a machine on the caller's line from a person, by words alone. When in doubt it is a person. */
export class MachineSpeech {
  readonly #said = new Set<string>();
  #agentWords = '';
  #machineTurns = 0;

  /** True when nothing but a machine was heard for several turns. */
  get isMachine(): boolean {
    return this.#machineTurns >= maxMachineTurns;
  }

  agentSaid(words: string): void {
    this.#agentWords = plain(words);
  }

  /** Takes in a turn of the caller, or final words of one. */
  callerSaid(words: string): TurnKind {
    const said = plain(words);
    const length = said.split(' ').length;
    const isEcho = length >= echoWords && this.#agentWords.includes(said);
    const isAgain = length >= repeatedWords && this.#said.has(said);
    if (length >= repeatedWords) this.#said.add(said);
    if (isEcho || isAgain || recordings.some((recording) => recording.test(said))) {
      this.#machineTurns += 1;
      return 'machine';
    }
    this.#machineTurns = 0;
    return waits.some((wait) => wait.test(said)) ? 'wait' : 'person';
  }
}

function plain(words: string): string {
  return words
    .toLowerCase()
    .replaceAll('’', "'")
    .replaceAll(/[^a-z0-9' ]+/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

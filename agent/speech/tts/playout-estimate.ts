/** An English letter read aloud, at some 150 words a minute; each voice is then measured. */
export const usualMsPerLetter = 75;
/** "7" is "seven", "0.5" is "nought point five": what a digit takes, in letters. */
const lettersPerDigit = 4;
/** Less text than this says little about a voice's pace. */
export const lettersToMeasure = 40;
/** A voice that gives less than this share of the time the text takes has been cut off. */
const leastShare = 0.4;
/** A voice may be so much faster than measured before its silence is taken for a stall. */
const fastestPace = 0.7;

/**
 * Estimates how far the audio of one voice has come in the sentences it was given. A voice that marks where
 * each sentence begins is believed; for any other it is reckoned from letters and time.
 */
export class PlayoutEstimate {
  readonly #marksSentences: boolean;
  readonly #msPerLetter: number;
  readonly #letters: number[] = [];
  #marks = 0;
  #sinceMarkMs = 0;
  #heardMs = 0;

  constructor(options: { readonly marksSentences: boolean; readonly msPerLetter?: number }) {
    this.#marksSentences = options.marksSentences;
    this.#msPerLetter = options.msPerLetter ?? usualMsPerLetter;
  }

  /** A sentence was given to the voice. */
  add(sentence: string): void {
    this.#letters.push(lettersIn(sentence));
  }

  /** So much audio came; `beginsSentence` where the voice says so. */
  hear(audioMs: number, beginsSentence: boolean): void {
    if (beginsSentence) {
      this.#marks += 1;
      this.#sinceMarkMs = 0;
    }
    this.#sinceMarkMs += audioMs;
    this.#heardMs += audioMs;
  }

  get heardMs(): number {
    return this.#heardMs;
  }

  /** The number of sentences that were given. */
  get given(): number {
    return this.#letters.length;
  }

  /** The number of them that count as said: at least half of each came out. */
  get said(): number {
    return this.#saidAt(this.#msPerLetter);
  }

  /** True when a sentence is missing however fast the voice speaks. */
  get owesAudio(): boolean {
    return this.#saidAt(this.#msPerLetter * fastestPace) < this.given;
  }

  /** True when this is far too little audio for all that was given. */
  get isCutShort(): boolean {
    return this.#heardMs < this.#allLetters() * this.#msPerLetter * leastShare;
  }

  /** The voice's pace once it has read everything; undefined when that was too little to tell. */
  get measuredMsPerLetter(): number | undefined {
    const letters = this.#allLetters();
    return letters >= lettersToMeasure ? this.#heardMs / letters : undefined;
  }

  #saidAt(msPerLetter: number): number {
    let sentence = this.#marksSentences ? Math.max(0, this.#marks - 1) : 0;
    // A voice that marks its sentences is in none but the one it marked last.
    const last = this.#marksSentences ? Math.min(this.#marks, this.given) : this.given;
    let leftMs = this.#sinceMarkMs;
    for (; sentence < last; sentence += 1) {
      const takesMs = (this.#letters[sentence] ?? 0) * msPerLetter;
      if (leftMs < takesMs / 2) break;
      leftMs -= takesMs;
    }
    return sentence;
  }

  #allLetters(): number {
    return this.#letters.reduce((all, letters) => all + letters, 0);
  }
}

/** The time that words take, in letters. */
export function lettersIn(words: string): number {
  const digits = words.match(/\p{N}/gu)?.length ?? 0;
  const letters = words.match(/\p{L}/gu)?.length ?? 0;
  return letters + digits * lettersPerDigit;
}

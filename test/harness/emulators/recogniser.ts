import { type Alignment, align } from './alignment.ts';
import { type Envelope, envelope, FRAME_MS, isSilent, normalise, trimSilence } from './envelope.ts';

/** One word of a line; times count from the line's first sound. */
export type SpokenWord = {
  readonly word: string;
  readonly startMs: number;
  readonly endMs: number;
};

/** A line that was understood; `score` is 1 for the sound as taught and 0 at the limit. */
export type Recognition = {
  readonly line: string;
  readonly score: number;
  readonly words: readonly SpokenWord[];
};

/** The line of which the sound so far is the beginning, and its words up to there. */
export type Beginning = {
  readonly line: string;
  readonly heard: readonly SpokenWord[];
  /** The line is not over here. */
  readonly goesOn: boolean;
  /** How long the line is silent here before it goes on: 0 within a word. */
  readonly pauseMs: number;
};

type Lesson = {
  readonly line: string;
  readonly levels: Envelope;
  readonly shape: Envelope;
  readonly words: readonly SpokenWord[];
};

/** Mean and worst differences, in dB, up to which two sounds are the same line. */
const MAX_COST_DB = 2.4;
const MAX_WORST_DB = 6;
/** Two syllables are lost, and a listener still knows the line. */
const MAX_WORST_OF_STARVED_DB = 10.5;
/** Up to 100 ms may be missing or added at either edge, and less of a short line. */
const EDGE_FRAMES = 100 / FRAME_MS;
const freeEdge = (frames: number) => Math.min(EDGE_FRAMES, Math.floor(frames * 0.2));
/** By how much a jitter buffer makes a line longer or shorter, and a starved one its sounds alone. */
const MAX_STRETCH = 0.05;
const MAX_STRETCH_OF_SOUNDS = 0.1;
/** A longer pause within a line breaks it off. */
const MAX_PAUSE_FRAMES = 400 / FRAME_MS;
/** So much better must another explanation be to count. */
const BETTER_BY_DB = 0.3;

/**
 * Knows lines by the shape of their loudness. Gain, codec, sample rate and the stretching of a jitter
 * buffer do not matter to it; a missing or doubled part does. Shared by streams: it keeps nothing of
 * what it hears.
 */
export class Recogniser {
  readonly #taught: Lesson[];
  readonly #isListenedFor: (line: string) => boolean;
  #isStarved = false;

  constructor(taught: Lesson[] = [], isListenedFor: (line: string) => boolean = () => true) {
    this.#taught = taught;
    this.#isListenedFor = isListenedFor;
  }

  /** The same, that listens for some of the lines alone: those taught so far and those to come. */
  among(isListenedFor: (line: string) => boolean): Recogniser {
    return new Recogniser(this.#taught, isListenedFor);
  }

  /**
   * A new one for sound that came over starved cores: their jitter buffers shorten the pauses within
   * a line, leave them out, make new short ones, and lose a syllable.
   */
  static ofStarvedSound(): Recogniser {
    const recogniser = new Recogniser();
    recogniser.#isStarved = true;
    return recogniser;
  }

  get #lessons(): readonly Lesson[] {
    return this.#taught.filter(({ line }) => this.#isListenedFor(line));
  }

  /** Teaches how `line` sounds; a line may be taught in several voices. Mono, 16 bits. */
  teach(line: string, pcm: Int16Array, sampleRate: number): void {
    const levels = this.#levelsOf(pcm, sampleRate);
    if (levels.length === 0) throw new Error(`There is no sound to teach for: ${line}`);
    const shape = normalise(levels);
    this.#taught.push({ line, levels, shape, words: timeWords(line, shape) });
  }

  knows(line: string): boolean {
    return this.#taught.some((lesson) => lesson.line === line);
  }

  /** The line that was spoken from beginning to end, or null. */
  recognise(pcm: Int16Array, sampleRate: number): Recognition | null {
    const heard = this.#levelsOf(pcm, sampleRate);
    const stretch = this.#isStarved ? MAX_STRETCH_OF_SOUNDS : MAX_STRETCH;
    const shape = normalise(heard);
    let best: { lesson: Lesson; cost: number } | null = null;
    for (const lesson of this.#lessons) {
      const { length } = lesson.shape;
      if (Math.abs(length - heard.length) > EDGE_FRAMES + length * stretch) continue;
      const edge = freeEdge(length);
      const alignment = align(shape, lesson.shape, { freeEdge: edge, openEnd: false });
      if (!this.#isSame(alignment) || (best && best.cost <= alignment.cost)) continue;
      best = { lesson, cost: alignment.cost };
    }
    if (!best) return null;
    // What sounds more like another line that broke off is that line, broken off.
    const other = this.#beginning(heard);
    if (other?.goesOn && other.cost < best.cost - BETTER_BY_DB) return null;
    const { line, words } = best.lesson;
    return { line, words, score: 1 - best.cost / MAX_COST_DB };
  }

  /** The line of which this is the beginning (or the whole), or null. Short sounds fit many. */
  follow(pcm: Int16Array, sampleRate: number): Beginning | null {
    return this.#beginning(this.#levelsOf(pcm, sampleRate));
  }

  #isSame(alignment: Alignment | undefined): alignment is Alignment {
    const maxWorstDb = this.#isStarved ? MAX_WORST_OF_STARVED_DB : MAX_WORST_DB;
    return (
      alignment !== undefined && alignment.cost <= MAX_COST_DB && alignment.worst <= maxWorstDb
    );
  }

  #levelsOf(pcm: Int16Array, sampleRate: number): Envelope {
    const levels = trimSilence(envelope(pcm, sampleRate));
    return this.#isStarved ? withoutShortPauses(levels) : levels;
  }

  #beginning(heard: Envelope): (Beginning & { cost: number }) | null {
    if (heard.length < EDGE_FRAMES) return null;
    const shape = normalise(heard);
    let best: { lesson: Lesson; alignment: Alignment } | null = null;
    for (const lesson of this.#lessons) {
      const edge = freeEdge(lesson.levels.length);
      if (heard.length > lesson.levels.length + edge) continue;
      // The loud level of a beginning is not that of the line: both are measured over the same part.
      const taught = normalise(lesson.levels.slice(0, heard.length + edge));
      const alignment = align(shape, taught, { freeEdge: edge, openEnd: true });
      if (!this.#isSame(alignment) || (best && best.alignment.cost <= alignment.cost)) continue;
      best = { lesson, alignment };
    }
    return best && toBeginning(best.lesson, best.alignment);
  }
}

function toBeginning({ line, shape, words }: Lesson, { reach, cost }: Alignment) {
  return {
    line,
    heard: words.filter((word) => word.endMs <= reach * FRAME_MS),
    goesOn: reach < shape.length - freeEdge(shape.length),
    pauseMs: pauseAt(shape, reach) * FRAME_MS,
    cost,
  };
}

/** The frames in which there is sound, and those of pauses that are no short ones. */
function withoutShortPauses(levels: Envelope): Envelope {
  const silent = normalise(levels).map(isSilent);
  const isShort = (at: number) => {
    const from = silent.lastIndexOf(false, at);
    const to = silent.indexOf(false, at);
    return to - from - 1 <= MAX_PAUSE_FRAMES;
  };
  return levels.filter((_, at) => !silent[at] || !isShort(at));
}

/** How many silent frames follow `frame`. */
function pauseAt(shape: Envelope, frame: number): number {
  const next = shape.findIndex((levels, i) => i >= frame && !isSilent(levels));
  return next < 0 ? 0 : next - frame;
}

/** Shares a line's sound out among its words by their length; the pauses belong to none. */
function timeWords(line: string, shape: Envelope): SpokenWord[] {
  const words = line.split(/\s+/).filter(Boolean);
  const weights = words.map(spokenLength);
  const voiced = [...shape.entries()].filter(([, levels]) => !isSilent(levels)).map(([i]) => i);
  const perWeight = voiced.length / weights.reduce((sum, weight) => sum + weight, 0);
  let spent = 0;
  return words.map((word, i) => {
    const start = voiced[Math.floor(spent * perWeight)] ?? 0;
    spent += weights[i] ?? 0;
    const end = voiced[Math.min(voiced.length, Math.round(spent * perWeight)) - 1] ?? start;
    return { word, startMs: start * FRAME_MS, endMs: (end + 1) * FRAME_MS };
  });
}

/** In letters; a digit is spoken as a word of about five. */
function spokenLength(word: string): number {
  const digits = word.replaceAll(/\D/g, '').length;
  return Math.max(1, word.replaceAll(/[^a-z]/gi, '').length + 5 * digits);
}

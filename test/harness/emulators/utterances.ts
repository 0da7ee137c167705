import { joinPcm } from './join-pcm.ts';
import type { Recogniser, SpokenWord } from './recogniser.ts';
import { SpeechSegmenter } from './speech-segmenter.ts';

/** What became clear while listening; times count from the first sample of the stream. */
export type HeardEvent =
  { readonly type: 'speech-started'; readonly atMs: number } | Heard<'interim'> | Heard<'final'>;

type Heard<Type> = {
  readonly type: Type;
  /** As taught, from the first word to the last heard; empty when it was not understood. */
  readonly words: readonly SpokenWord[];
  readonly confidence: number;
  readonly startMs: number;
  readonly endMs: number;
};

type Options = {
  readonly recogniser: Recogniser;
  readonly sampleRate: number;
  /** Silence after which an utterance is taken as ended; undefined: only `flush` ends one. */
  readonly endpointingMs: number | undefined;
};

/** Longer than a consonant's closure: the least silence that is worth a look. */
const GAP_MS = 40;
const INTERIM_EVERY_MS = 300;
/** Less than this could be the beginning of any line. */
const MIN_INTERIM_MS = 450;
const STEP_MS = 10;
/** Sound from before the energy rose that belongs to the utterance. */
const LEAD_IN_MS = 60;
/** What is kept while nobody speaks: the lead-in, and the sound that proves to be speech. */
const LEAD_IN_STEPS = (LEAD_IN_MS + 100) / STEP_MS;
/** Silence after which a speaker who stopped in the middle of a line will not go on. */
const GIVE_UP_MS = 450;
/** Beyond the pause that a line has of its own. */
const PAUSE_SLACK_MS = 200;
/** Endless sound is let go of piece by piece. */
const MAX_UTTERANCE_MS = 20_000;

/**
 * Turns one stream of audio into understood lines. A line that was heard to its end is final at
 * `endpointingMs` of silence. Where it could still go on (a pause within a taught line), more
 * silence decides; what is no line to its end is final with no words.
 */
export class Utterances {
  readonly #options: Options;
  readonly #segmenter: SpeechSegmenter;
  /** The utterance so far, or the lead-in of the next one. */
  #audio: Int16Array[] = [];
  #audioStartMs = 0;
  #rest = new Int16Array(0);
  #startMs: number | undefined;
  /** Where the last sound of the utterance ended, while it is silent. */
  #silentSinceMs: number | undefined;
  #holdMs = 0;
  #lastInterimMs = 0;

  constructor(options: Options) {
    this.#options = options;
    const { sampleRate } = options;
    this.#segmenter = new SpeechSegmenter({ sampleRate, endAfterMs: GAP_MS });
  }

  get nowMs(): number {
    return this.#segmenter.nowMs;
  }

  push(pcm: Int16Array): HeardEvent[] {
    const events: HeardEvent[] = [];
    // In equal steps, so that what is decided does not depend on the size of the packets.
    const step = Math.round((this.#options.sampleRate * STEP_MS) / 1_000);
    const audio = joinPcm([this.#rest, pcm]);
    const end = audio.length - (audio.length % step);
    for (let offset = 0; offset < end; offset += step) {
      this.#step(audio.slice(offset, offset + step), events);
    }
    this.#rest = audio.slice(end);
    return events;
  }

  /** Ends the utterance here, as `Finalize` and the end of the stream do. */
  flush(): HeardEvent[] {
    return this.#startMs === undefined ? [] : [this.#end()];
  }

  #step(pcm: Int16Array, events: HeardEvent[]): void {
    this.#audio.push(pcm);
    for (const event of this.#segmenter.push(pcm)) {
      if (event.type === 'start') this.#resume(event.atMs, events);
      else this.#pause(event.endMs);
    }
    if (this.#startMs === undefined) return this.#forget();
    const { endpointingMs } = this.#options;
    const silentMs = this.#silentSinceMs === undefined ? 0 : this.nowMs - this.#silentSinceMs;
    const isOver =
      endpointingMs !== undefined && silentMs >= Math.max(endpointingMs, this.#holdMs, GAP_MS);
    if (isOver || this.nowMs - this.#startMs > MAX_UTTERANCE_MS) events.push(this.#end());
    else if (this.nowMs - this.#lastInterimMs >= INTERIM_EVERY_MS) this.#interim(events);
  }

  #resume(atMs: number, events: HeardEvent[]): void {
    this.#silentSinceMs = undefined;
    if (this.#startMs !== undefined) return;
    this.#startMs = Math.max(this.#audioStartMs, atMs - LEAD_IN_MS);
    this.#lastInterimMs = this.nowMs;
    events.push({ type: 'speech-started', atMs });
  }

  /** Decides how much more silence it takes to be sure that this was the end. */
  #pause(endMs: number): void {
    this.#silentSinceMs = endMs;
    const audio = this.#utterance();
    const { recogniser, sampleRate } = this.#options;
    const beginning = recogniser.follow(audio, sampleRate);
    const whole = recogniser.recognise(audio, sampleRate);
    const goOnMs = beginning?.goesOn ? beginning.pauseMs + PAUSE_SLACK_MS : 0;
    this.#holdMs = whole ? goOnMs : Math.max(GIVE_UP_MS, goOnMs);
  }

  #interim(events: HeardEvent[]): void {
    this.#lastInterimMs = this.nowMs;
    const { recogniser, sampleRate } = this.#options;
    const isTooShort = this.nowMs - (this.#startMs ?? this.nowMs) < MIN_INTERIM_MS;
    const words = isTooShort ? [] : (recogniser.follow(this.#utterance(), sampleRate)?.heard ?? []);
    events.push(this.#heard('interim', words, words.length > 0 ? 0.8 : 0));
  }

  #end(): Heard<'final'> {
    const whole = this.#options.recogniser.recognise(this.#utterance(), this.#options.sampleRate);
    const words = whole?.words ?? [];
    const heard = this.#heard('final', words, whole ? 0.9 + whole.score / 10 : 0);
    this.#startMs = undefined;
    this.#silentSinceMs = undefined;
    this.#forget();
    return heard;
  }

  #heard<Type extends 'interim' | 'final'>(
    type: Type,
    words: readonly SpokenWord[],
    confidence: number,
  ): Heard<Type> {
    const startMs = this.#startMs ?? this.nowMs;
    return { type, words, confidence, startMs, endMs: this.#silentSinceMs ?? this.nowMs };
  }

  #utterance(): Int16Array {
    const leadInMs = (this.#startMs ?? this.#audioStartMs) - this.#audioStartMs;
    return joinPcm(this.#audio).subarray(Math.round((leadInMs / 1_000) * this.#options.sampleRate));
  }

  /** Keeps only what may turn out to be the beginning of the next utterance. */
  #forget(): void {
    const surplus = this.#audio.length - LEAD_IN_STEPS;
    if (surplus <= 0) return;
    this.#audio.splice(0, surplus);
    this.#audioStartMs += surplus * STEP_MS;
  }
}

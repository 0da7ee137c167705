/** Levels are root mean square, of 32,767: about -44 dB to begin, -50 dB to go on. */
const BEGIN_LEVEL = 200;
const GO_ON_LEVEL = 100;
/** Shorter sounds are clicks. */
const MIN_SPEECH_MS = 30;
const WINDOW_MS = 10;

/** A stretch of speech in a recording. */
export type Segment = { readonly fromMs: number; readonly toMs: number };

/** `start`: the first loud moment; `end`: the last one, told after the pause. */
export type SpeechEdge = { readonly edge: 'start' | 'end'; readonly atMs: number };

/** Tells speech from silence by its energy, with hysteresis, as the sound comes. */
export class SpeechDetector {
  readonly #pauseMs: number;
  #loudSinceMs: number | undefined;
  #lastLoudMs = 0;
  #speaking = false;

  /** Silences shorter than `pauseMs` belong to the speech around them. */
  constructor({ pauseMs }: { pauseMs: number }) {
    this.#pauseMs = pauseMs;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** When the last loud window ended; 0 before the first. */
  get lastLoudMs(): number {
    return this.#lastLoudMs;
  }

  /** Takes the next stretch of sound and tells what began or ended with it. */
  push(samples: Int16Array, fromMs: number, toMs: number): SpeechEdge | undefined {
    if (loudness(samples) >= (this.#speaking ? GO_ON_LEVEL : BEGIN_LEVEL)) {
      this.#loudSinceMs ??= fromMs;
      if (!this.#speaking && toMs - this.#loudSinceMs < MIN_SPEECH_MS) return undefined;
      this.#lastLoudMs = toMs;
      if (this.#speaking) return undefined;
      this.#speaking = true;
      return { edge: 'start', atMs: this.#loudSinceMs };
    }
    if (!this.#speaking) this.#loudSinceMs = undefined;
    else if (toMs - this.#lastLoudMs >= this.#pauseMs) return this.finish();
    return undefined;
  }

  /** Ends the speech there is, as when the sound itself ends. */
  finish(): SpeechEdge | undefined {
    this.#loudSinceMs = undefined;
    if (!this.#speaking) return undefined;
    this.#speaking = false;
    return { edge: 'end', atMs: this.#lastLoudMs };
  }
}

/** The stretches of speech of a recording, in order; pauses shorter than `pauseMs` do not divide. */
export function speechSegments(
  pcm: Int16Array,
  { sampleRate, pauseMs = 200 }: { sampleRate: number; pauseMs?: number },
): Segment[] {
  const detector = new SpeechDetector({ pauseMs });
  const segments: Segment[] = [];
  const windowSamples = (sampleRate * WINDOW_MS) / 1000;
  let fromMs = 0;
  const note = (edge: SpeechEdge | undefined) => {
    if (edge?.edge === 'start') fromMs = edge.atMs;
    if (edge?.edge === 'end') segments.push({ fromMs, toMs: edge.atMs });
  };
  for (let window = 0; window * windowSamples < pcm.length; window++) {
    const start = window * windowSamples;
    const samples = pcm.subarray(start, start + windowSamples);
    note(detector.push(samples, window * WINDOW_MS, (window + 1) * WINDOW_MS));
  }
  note(detector.finish());
  return segments;
}

function loudness(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}

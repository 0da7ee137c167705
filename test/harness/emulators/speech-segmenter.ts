import { joinPcm } from './join-pcm.ts';

/** A stretch of speech began or ended; times count from the first sample pushed. */
export type SegmentEvent =
  | { readonly type: 'start'; readonly atMs: number }
  | { readonly type: 'end'; readonly startMs: number; readonly endMs: number };

export type SegmenterOptions = {
  readonly sampleRate: number;
  /** Silence after which a stretch of speech is over. */
  readonly endAfterMs: number;
};

const FRAME_MS = 10;
/** Sound must be this loud (dB of full scale), and this much above the background, to be speech. */
const QUIETEST_DB = -45;
const ABOVE_NOISE_DB = 12;
/** A stretch goes on down to this much below what starts one. */
const HYSTERESIS_DB = 5;
/** The background is the quietest lately: it falls at once and rises this fast. */
const NOISE_RISE_DB_PER_FRAME = 0.02;
/** Shorter sounds are clicks. */
const START_AFTER_MS = 30;

/** Cuts a stream of mono 16-bit audio into speech and silence by its energy. One for each stream. */
export class SpeechSegmenter {
  readonly #perFrame: number;
  readonly #endAfterMs: number;
  #rest = new Int16Array(0);
  #nowMs = 0;
  #noiseDb = QUIETEST_DB - ABOVE_NOISE_DB;
  #loudMs = 0;
  #quietMs = 0;
  #startMs: number | undefined;

  constructor({ sampleRate, endAfterMs }: SegmenterOptions) {
    this.#perFrame = Math.round((sampleRate * FRAME_MS) / 1_000);
    this.#endAfterMs = endAfterMs;
  }

  get speaking(): boolean {
    return this.#startMs !== undefined;
  }

  /** Audio heard so far, in whole frames. */
  get nowMs(): number {
    return this.#nowMs;
  }

  push(pcm: Int16Array): SegmentEvent[] {
    const audio = joinPcm([this.#rest, pcm]);
    const events: SegmentEvent[] = [];
    let offset = 0;
    for (; offset + this.#perFrame <= audio.length; offset += this.#perFrame) {
      const event = this.#pushFrame(levelDb(audio.subarray(offset, offset + this.#perFrame)));
      if (event) events.push(event);
    }
    this.#rest = audio.slice(offset);
    return events;
  }

  #pushFrame(db: number): SegmentEvent | undefined {
    this.#nowMs += FRAME_MS;
    this.#noiseDb = Math.min(db, this.#noiseDb + NOISE_RISE_DB_PER_FRAME);
    const startDb = Math.max(QUIETEST_DB, this.#noiseDb + ABOVE_NOISE_DB);
    if (this.#startMs === undefined) {
      this.#loudMs = db > startDb ? this.#loudMs + FRAME_MS : 0;
      return this.#loudMs >= START_AFTER_MS ? this.#start() : undefined;
    }
    this.#quietMs = db < startDb - HYSTERESIS_DB ? this.#quietMs + FRAME_MS : 0;
    return this.#quietMs >= this.#endAfterMs ? this.#end(this.#startMs) : undefined;
  }

  #start(): SegmentEvent {
    this.#startMs = this.#nowMs - this.#loudMs;
    this.#quietMs = 0;
    return { type: 'start', atMs: this.#startMs };
  }

  #end(startMs: number): SegmentEvent {
    this.#startMs = undefined;
    this.#loudMs = 0;
    return { type: 'end', startMs, endMs: this.#nowMs - this.#quietMs };
  }
}

function levelDb(frame: Int16Array): number {
  let energy = 1e-3;
  for (const sample of frame) energy += sample * sample;
  return 10 * Math.log10(energy / frame.length / 32_768 ** 2);
}

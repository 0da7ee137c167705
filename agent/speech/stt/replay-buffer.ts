/** The rate that is sent to Deepgram; the framework resamples whatever the room brings. */
export const sampleRate = 16_000;

/** One packet of sound to Deepgram: short, because the last one delays the transcript by its length. */
const chunkMs = 50;
const chunkSamples = (sampleRate * chunkMs) / 1_000;
/** Below this (-48 dB of full scale) a chunk holds no voice. */
const soundRms = 0.004 * 32_768;

/**
 * The last seconds of the caller's audio, for hearing them again: 16 kHz, mono, in chunks of 50 ms.
 * Positions count samples from the first one ever added.
 */
export class ReplayBuffer {
  readonly #capacity: number;
  readonly #chunks: Int16Array[] = [];
  /** Chunks that were let go of to make room. */
  #forgotten = 0;
  #open = new Int16Array(chunkSamples);
  #filled = 0;

  constructor({ seconds }: { readonly seconds: number }) {
    this.#capacity = (seconds * 1_000) / chunkMs;
  }

  /** The end of the last whole chunk. */
  get end(): number {
    return (this.#forgotten + this.#chunks.length) * chunkSamples;
  }

  /** Copies the samples; returns the chunks that they made whole. */
  add(samples: Int16Array): Int16Array[] {
    const whole: Int16Array[] = [];
    for (let taken = 0; taken < samples.length;) {
      const part = samples.subarray(taken, taken + chunkSamples - this.#filled);
      this.#open.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === chunkSamples) whole.push(this.#close());
    }
    return whole;
  }

  /** Makes the begun chunk whole with silence; undefined when none is begun. */
  flush(): Int16Array | undefined {
    return this.#filled === 0 ? undefined : this.#close();
  }

  /** The start of the first chunk that lies wholly after `position` and has sound, or undefined. */
  soundAfter(position: number): number | undefined {
    const first = this.#indexOf(position + chunkSamples - 1);
    const index = this.#chunks.findIndex((chunk, i) => i >= first && rms(chunk) > soundRms);
    return index < 0 ? undefined : (this.#forgotten + index) * chunkSamples;
  }

  /** The audio from `position`, or from the oldest sample still kept. */
  since(position: number): { readonly from: number; readonly chunks: readonly Int16Array[] } {
    const start = this.#forgotten * chunkSamples;
    const from = Math.min(Math.max(position, start), this.end);
    const [first, ...rest] = this.#chunks.slice(this.#indexOf(from));
    const cut = first?.subarray((from - start) % chunkSamples);
    return { from, chunks: cut ? [cut, ...rest] : [] };
  }

  #close(): Int16Array {
    const chunk = this.#open;
    this.#chunks.push(chunk);
    if (this.#chunks.length > this.#capacity) {
      this.#chunks.shift();
      this.#forgotten += 1;
    }
    this.#open = new Int16Array(chunkSamples);
    this.#filled = 0;
    return chunk;
  }

  #indexOf(position: number): number {
    return Math.max(0, Math.floor(position / chunkSamples) - this.#forgotten);
  }
}

function rms(chunk: Int16Array): number {
  let energy = 0;
  for (const sample of chunk) energy += sample * sample;
  return Math.sqrt(energy / chunk.length);
}

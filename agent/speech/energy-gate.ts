/** A frame counts as speech above this, RMS of 16-bit samples: -38 dBFS, below any telephone voice. */
const leastLevel = 400;
/** ... and so far above the line's own noise. */
const overNoise = 3;
/** The noise is followed at once when it falls, and slowly when it rises. */
const rise = 0.02;
/** Fewer loud milliseconds are a click or a cough. */
const onsetMs = 250;
/** So much quiet ends what the caller says. */
const pauseMs = 800;

/**
 * Tells by loudness alone that the caller speaks, or has stopped. That is all an attendant needs to
 * know; a noise costs a job that comes in at once, and hears that nothing was said.
 */
export class EnergyGate {
  #noise = leastLevel / overNoise;
  #loudMs = 0;
  #quietMs = 0;
  #isSpeaking = false;

  get isSpeaking(): boolean {
    return this.#isSpeaking;
  }

  /** Takes a stretch of audio of `ms`; returns `isSpeaking`. */
  push(samples: Int16Array, ms: number): boolean {
    const level = rms(samples);
    const isLoud = level > Math.max(leastLevel, this.#noise * overNoise);
    this.#noise = level < this.#noise ? level : this.#noise + (level - this.#noise) * rise;
    if (isLoud) {
      this.#loudMs += ms;
      this.#quietMs = 0;
    } else {
      this.#quietMs += ms;
      if (this.#quietMs >= pauseMs) this.#loudMs = 0;
    }
    if (this.#loudMs >= onsetMs) this.#isSpeaking = true;
    if (this.#quietMs >= pauseMs) this.#isSpeaking = false;
    return this.#isSpeaking;
  }
}

function rms(samples: Int16Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length);
}

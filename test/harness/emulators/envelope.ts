/** How much sound one frame of an envelope stands for. */
export const FRAME_MS = 20;
/** Quieter than this below the loud parts, sound counts as silence: it is lost in a codec's noise. */
const RANGE_DB = 35;
/** Where vowels differ, all within what a telephone and every sample rate from 8 kHz on carries. */
const BANDS_HZ = [350, 800, 1_400, 2_200];
const BAND_QUALITY = 2;

/** Loudness in each band, in dB of full scale, one entry every `FRAME_MS`. */
export type Envelope = readonly Float32Array[];

/** The loudness of mono 16-bit audio over time, in four bands, lightly smoothed. */
export function envelope(pcm: Int16Array, sampleRate: number): Envelope {
  const perFrame = Math.round((sampleRate * FRAME_MS) / 1_000);
  const count = Math.floor(pcm.length / perFrame);
  const frames = Array.from({ length: count }, () => new Float32Array(BANDS_HZ.length));
  for (const [band, hz] of BANDS_HZ.entries()) {
    const energies = bandEnergies(pcm, hz / sampleRate, perFrame);
    for (const [i, frame] of frames.entries()) {
      frame[band] = 10 * Math.log10((energies[i] ?? 0) / perFrame / 32_768 ** 2 + 1e-12);
    }
  }
  return smooth(frames);
}

/** The energy of each frame after a band-pass at `centre` (of the sample rate): RBJ's biquad. */
function bandEnergies(pcm: Int16Array, centre: number, perFrame: number): Float64Array {
  const omega = 2 * Math.PI * centre;
  const alpha = Math.sin(omega) / (2 * BAND_QUALITY);
  const gain = alpha / (1 + alpha);
  const back1 = (2 * Math.cos(omega)) / (1 + alpha);
  const back2 = (alpha - 1) / (1 + alpha);
  const energies = new Float64Array(Math.floor(pcm.length / perFrame));
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  for (let frame = 0, i = 0; frame < energies.length; frame += 1) {
    let energy = 0;
    for (let end = i + perFrame; i < end; i += 1) {
      const x = pcm[i] ?? 0;
      const y = gain * (x - x2) + back1 * y1 + back2 * y2;
      energy += y * y;
      x2 = x1;
      x1 = x;
      y2 = y1;
      y1 = y;
    }
    energies[frame] = energy;
  }
  return energies;
}

/** The same shape whatever the gain: 0 where it is loud, `-RANGE_DB` where it is silent. */
export function normalise(frames: Envelope): Envelope {
  const loud = loudLevel(frames.map(loudest));
  return frames.map((frame) =>
    frame.map((level) => Math.max(-RANGE_DB, Math.min(0, level - loud))),
  );
}

/** Without the silence before and after. Empty when there is nothing but silence. */
export function trimSilence(frames: Envelope): Envelope {
  const levels = frames.map(loudest);
  const threshold = loudLevel(levels) - RANGE_DB + 8;
  const first = levels.findIndex((level) => level > threshold);
  const last = levels.findLastIndex((level) => level > threshold);
  return first < 0 ? [] : frames.slice(first, last + 1);
}

/** True for a frame of a normalised envelope in which nobody speaks. */
export function isSilent(frame: Float32Array): boolean {
  return loudest(frame) < 4 - RANGE_DB;
}

const loudest = (frame: Float32Array) => frame.reduce((max, level) => Math.max(max, level), -120);

/** The level that a tenth of the audible frames exceed. */
function loudLevel(levels: readonly number[]): number {
  const peak = levels.reduce((max, level) => Math.max(max, level), -120);
  const audible = levels.filter((level) => level > peak - RANGE_DB).sort((a, b) => a - b);
  return audible[Math.floor(audible.length * 0.9)] ?? -120;
}

function smooth(frames: Envelope): Envelope {
  return frames.map((frame, i) =>
    frame.map((level, band) => {
      const before = frames[i - 1]?.[band] ?? level;
      const after = frames[i + 1]?.[band] ?? level;
      return (before + 2 * level + after) / 4;
    }),
  );
}

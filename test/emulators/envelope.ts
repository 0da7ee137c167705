/** How much sound one frame of an envelope stands for. */
export const FRAME_MS = 20;
/** Quieter than this below the loud parts, sound counts as silence: it is lost in a codec's noise. */
const RANGE_DB = 30;
/** Edges of the bands, all within what a telephone and every sample rate from 8 kHz on carries. */
const EDGES_HZ = [450, 1_000, 2_500];

/** Loudness in each band, in dB of full scale, one entry every `FRAME_MS`. */
export type Envelope = readonly Float32Array[];

/** The loudness of mono 16-bit audio over time, in three bands, lightly smoothed. */
export function envelope(pcm: Int16Array, sampleRate: number): Envelope {
  const perFrame = Math.round((sampleRate * FRAME_MS) / 1_000);
  const poles = EDGES_HZ.map((hz) => 1 - Math.exp((-2 * Math.PI * hz) / sampleRate));
  // Two one-pole low-passes for each edge; a band is what one edge lets pass and the one below not.
  const once = new Float64Array(EDGES_HZ.length);
  const twice = new Float64Array(EDGES_HZ.length);
  const frames: Float32Array[] = [];
  for (let start = 0; start + perFrame <= pcm.length; start += perFrame) {
    const energy = new Float64Array(EDGES_HZ.length).fill(1e-3);
    for (let i = start; i < start + perFrame; i += 1) {
      let below = 0;
      for (const [band, pole] of poles.entries()) {
        once[band] = (once[band] ?? 0) + pole * ((pcm[i] ?? 0) - (once[band] ?? 0));
        twice[band] = (twice[band] ?? 0) + pole * ((once[band] ?? 0) - (twice[band] ?? 0));
        energy[band] = (energy[band] ?? 0) + ((twice[band] ?? 0) - below) ** 2;
        below = twice[band] ?? 0;
      }
    }
    frames.push(Float32Array.from(energy, (sum) => 10 * Math.log10(sum / perFrame / 32_768 ** 2)));
  }
  return smooth(frames);
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

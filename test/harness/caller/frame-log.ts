import { createWriteStream, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** A stretch of sound with the time of its end: when it arrived, or when it was due to be sent. */
export type Frame = {
  readonly endMs: number;
  readonly sampleCount: number;
  /** Undefined for digital silence. */
  readonly samples?: Int16Array;
};

const HEADER_BYTES = 12;

/**
 * Writes frames to a file as they come, so that what was heard survives the process that heard it.
 * A record: the end in milliseconds (float64), the number of samples (int32, negative for digital
 * silence, which has no samples behind it), the samples; all little-endian.
 */
export class FrameLog {
  readonly #file: WriteStream;

  constructor(path: string) {
    this.#file = createWriteStream(path);
  }

  write(endMs: number, samples: Int16Array): void {
    const silent = samples.every((sample) => sample === 0);
    const record = Buffer.alloc(HEADER_BYTES + (silent ? 0 : samples.byteLength));
    record.writeDoubleLE(endMs, 0);
    record.writeInt32LE(silent ? -samples.length : samples.length, 8);
    if (!silent) record.set(bytesOf(samples), HEADER_BYTES);
    this.#file.write(record);
  }

  /** Resolves when everything is in the file. */
  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#file.once('error', reject);
      this.#file.end(() => resolve());
    });
  }
}

/** The frames of a log, in order; a record that was cut off by the writer's death is left out. */
export async function readFrameLog(path: string): Promise<Frame[]> {
  const bytes = await readFile(path);
  const frames: Frame[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const endMs = bytes.readDoubleLE(at);
    const count = bytes.readInt32LE(at + 8);
    const from = at + HEADER_BYTES;
    at = from + Math.max(0, count) * 2;
    if (at > bytes.length) break;
    if (count <= 0) frames.push({ endMs, sampleCount: -count });
    else frames.push({ endMs, sampleCount: count, samples: samplesOf(bytes.subarray(from, at)) });
  }
  return frames;
}

/** Raw 16-bit samples as bytes, without a copy. */
export function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Bytes as 16-bit samples; a copy, for the bytes may lie at an odd address. */
export function samplesOf(bytes: Uint8Array): Int16Array {
  return new Int16Array(new Uint8Array(bytes).buffer);
}

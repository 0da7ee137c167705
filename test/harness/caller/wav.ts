import { bytesOf } from './frame-log.ts';

const HEADER_BYTES = 44;

/** A WAV file of 16-bit mono samples (RIFF, PCM format 1). */
export function encodeWav(pcm: Int16Array, sampleRate: number): Buffer {
  const wav = Buffer.alloc(HEADER_BYTES + pcm.byteLength);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(HEADER_BYTES - 8 + pcm.byteLength, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(sampleRate, 24);
  wav.writeUInt32LE(sampleRate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(pcm.byteLength, 40);
  wav.set(bytesOf(pcm), HEADER_BYTES);
  return wav;
}

/** Several voices at once, clipped where they are too loud together. */
export function mixVoices(voices: readonly Int16Array[]): Int16Array {
  const mix = new Int16Array(Math.max(0, ...voices.map((voice) => voice.length)));
  for (const voice of voices) {
    for (let index = 0; index < voice.length; index++) {
      const sum = (mix[index] ?? 0) + (voice[index] ?? 0);
      mix[index] = Math.max(-32_768, Math.min(32_767, sum));
    }
  }
  return mix;
}

import { AudioFrame } from '@livekit/rtc-node';
import { createHash } from 'node:crypto';
import { ReadableStream } from 'node:stream/web';
import type { Voice } from '../../config/config.ts';
import type { StoreQueries } from '../../infra/store/database.ts';
import { readPhrase } from '../../infra/store/prompts.ts';

/** Audio that is ready before a call comes: 16-bit mono PCM. */
export type PhraseAudio = { readonly sampleRateHz: number; readonly pcm: Int16Array };

const frameMs = 20;

/** The key of a phrase in the store: another for another text, provider or voice. */
export function phraseKey(voice: Voice, text: string): string {
  return createHash('sha256')
    .update(JSON.stringify([voice.provider, voice.model, text]))
    .digest('hex');
}

/** The audio of a phrase, if it was synthesised for that voice. */
export async function readPhraseAudio(
  store: StoreQueries,
  voice: Voice,
  text: string,
): Promise<PhraseAudio | undefined> {
  const phrase = await readPhrase(store, phraseKey(voice, text));
  if (!phrase) return undefined;
  const { buffer, byteOffset, byteLength } = phrase.pcm;
  return {
    sampleRateHz: phrase.sampleRateHz,
    pcm: new Int16Array(buffer, byteOffset, byteLength / Int16Array.BYTES_PER_ELEMENT),
  };
}

/** The phrase as the frames that a session plays. */
export function phraseFrames({ sampleRateHz, pcm }: PhraseAudio): ReadableStream<AudioFrame> {
  const samples = (sampleRateHz * frameMs) / 1_000;
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= pcm.length) return controller.close();
      const data = pcm.slice(at, at + samples);
      at += samples;
      controller.enqueue(new AudioFrame(data, sampleRateHz, 1, data.length));
    },
  });
}

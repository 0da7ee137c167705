import { tts } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { createHash } from 'node:crypto';
import { ReadableStream } from 'node:stream/web';
import type { Voice } from '../../config/config.ts';

/** Audio that is ready before a call comes: 16-bit mono PCM. */
export type PhraseAudio = { readonly sampleRateHz: number; readonly pcm: Int16Array };

const frameMs = 20;

/** The key of a phrase in the store: another for another text, provider or voice. */
export function phraseKey(voice: Voice, text: string): string {
  return createHash('sha256')
    .update(JSON.stringify([voice.provider, voice.model, text]))
    .digest('hex');
}

/** Speaks `text` into memory. Rejects when the provider fails, breaks off, or gives no audio. */
export async function synthesisePhrase(voice: tts.TTS, text: string): Promise<PhraseAudio> {
  const frames: AudioFrame[] = [];
  let isWhole = !voice.capabilities.streaming;
  for await (const audio of speak(voice, text)) {
    isWhole ||= audio === tts.SynthesizeStream.END_OF_STREAM;
    if (audio === tts.SynthesizeStream.END_OF_STREAM) break;
    frames.push(audio.frame);
  }
  if (!isWhole) throw new Error('The voice broke off within a phrase');
  const pcm = new Int16Array(frames.reduce((total, frame) => total + frame.data.length, 0));
  let at = 0;
  for (const frame of frames) {
    pcm.set(frame.data, at);
    at += frame.data.length;
  }
  if (pcm.length === 0) throw new Error('The voice gave no audio for a phrase');
  return { sampleRateHz: voice.sampleRate, pcm };
}

function speak(
  voice: tts.TTS,
  text: string,
): AsyncIterable<tts.SynthesizedAudio | typeof tts.SynthesizeStream.END_OF_STREAM> {
  if (!voice.capabilities.streaming) return voice.synthesize(text);
  const stream = voice.stream();
  stream.pushText(text);
  stream.endInput();
  return stream;
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

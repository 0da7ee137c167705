import { tts } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import type { PhraseAudio } from './phrase.ts';

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

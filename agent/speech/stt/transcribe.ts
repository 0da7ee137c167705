import { stt } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { DeadlineError, withDeadline } from '../../infra/deadline.ts';
import { sampleRate } from './replay-buffer.ts';

/** A caller waits for the answer to these words. */
const transcribeMs = 2_500;
const frameSamples = sampleRate / 10;

/** The words in a stretch of 16-bit mono PCM at 16 kHz, as far as they come in time; null for none. */
export async function transcribe(hearing: stt.STT, pcm: Int16Array): Promise<string | null> {
  const stream = hearing.stream();
  const words: string[] = [];
  const listen = async () => {
    for (let at = 0; at < pcm.length; at += frameSamples) {
      const data = pcm.slice(at, at + frameSamples);
      stream.pushFrame(new AudioFrame(data, sampleRate, 1, data.length));
    }
    let isHeard = false;
    for await (const { type, alternatives } of stream) {
      const text = alternatives?.[0].text.trim();
      if (!text) continue;
      // By now there is a connection, and it has all of the audio: one that ended before would get none.
      if (!isHeard) stream.endInput();
      isHeard = true;
      if (type === stt.SpeechEventType.FINAL_TRANSCRIPT) words.push(text);
    }
  };
  try {
    await withDeadline(listen, { ms: transcribeMs, label: 'words of before' });
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
  } finally {
    stream.close();
  }
  return words.length > 0 ? words.join(' ') : null;
}

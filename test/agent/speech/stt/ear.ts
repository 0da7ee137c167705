import timers from 'node:timers/promises';
import { stt } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import type {
  HearingRecovered,
  HearingTrouble,
} from '../../../../agent/speech/stt/stt-connection.ts';
import { DeepgramStt } from '../../../../agent/speech/stt/deepgram-stt.ts';
import { startDeepgramEmulator } from '../../../harness/emulators/deepgram.ts';
import type { Recogniser } from '../../../harness/emulators/recogniser.ts';
import { renderSpeech } from '../../../harness/emulators/voice.ts';
import { eventually } from '../../../harness/eventually.ts';

const apiKey = 'emulated-deepgram-key';
const sampleRate = 16_000;
const silence = (ms: number) => new Int16Array((sampleRate / 1_000) * ms);

type Options = {
  readonly recogniser: Recogniser;
  readonly models?: readonly [string, ...string[]];
  readonly key?: string;
};

/** One call's hearing on a Deepgram of its own: what it heard, and what it had to report. */
export async function startEar({ recogniser, models = ['nova-3'], key = apiKey }: Options) {
  const deepgram = await startDeepgramEmulator({ apiKey, recogniser, sttLatencyMs: 50 });
  const troubles: HearingTrouble[] = [];
  const recoveries: HearingRecovered[] = [];
  let sentSeconds = 0;
  const hearing = new DeepgramStt({
    apiKey: key,
    baseUrl: deepgram.baseUrl,
    models,
    keyterms: ['mini excavator'],
    onTrouble: (trouble) => void troubles.push(trouble),
    onRecovered: (recovered) => void recoveries.push(recovered),
    onSent: (seconds) => (sentSeconds += seconds),
  });
  const errors: unknown[] = [];
  hearing.on('error', (error) => void errors.push(error));

  return {
    deepgram,
    hearing,
    troubles,
    recoveries,
    errors,
    sentSeconds: () => sentSeconds,
    listen,
    isConnected: () => eventually('a connection', () => deepgram.connections.size === 1),
    cut: (code: number) => deepgram.connections.forEach((connection) => connection.close(code)),
    async [Symbol.asyncDispose]() {
      await hearing.close();
      await deepgram.close();
    },
  };

  /** Opens the stream. */
  function listen() {
    const stream = hearing.stream();
    const finals: stt.SpeechData[] = [];
    const interims: string[] = [];
    let usageSeconds = 0;
    const ended = collect();
    return {
      stream,
      finals,
      interims,
      ended,
      texts,
      hears,
      play,
      say,
      usageSeconds: () => usageSeconds,
    };

    async function collect(): Promise<void> {
      for await (const { type, alternatives, recognitionUsage } of stream) {
        usageSeconds += recognitionUsage?.audioDuration ?? 0;
        const heard = alternatives?.[0];
        if (heard && type === stt.SpeechEventType.FINAL_TRANSCRIPT) finals.push(heard);
        if (heard && type === stt.SpeechEventType.INTERIM_TRANSCRIPT) interims.push(heard.text);
      }
    }

    function texts(): string[] {
      return finals.map(({ text }) => text);
    }

    /** Waits until so many lines were heard. */
    function hears(lines: number): Promise<void> {
      return eventually(`${lines} lines heard`, () => finals.length >= lines);
    }

    /** Plays the sound to the ear, at four times its speed, as a room would. */
    async function play(pcm: Int16Array): Promise<void> {
      for (let offset = 0; offset < pcm.length; offset += 800) {
        const part = pcm.slice(offset, offset + 800);
        stream.pushFrame(new AudioFrame(part, sampleRate, 1, part.length));
        await timers.setTimeout(12);
      }
    }

    /** The caller says the line; `halfway` happens in the middle of it. */
    async function say(line: string, halfway?: () => void): Promise<void> {
      const pcm = await renderSpeech(line, { voice: 'caller', sampleRate });
      const half = Math.floor(pcm.length / 2);
      await play(silence(300));
      hearing.callerSpeaking(true);
      await play(pcm.subarray(0, half));
      halfway?.();
      await play(pcm.subarray(half));
      await play(silence(300));
      hearing.callerSpeaking(false);
      await play(silence(700));
    }
  }
}

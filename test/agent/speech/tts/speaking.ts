import type { TestContext } from 'node:test';
import { TTS as DeepgramTts } from '@livekit/agents-plugin-deepgram';
import { OpenAiTts } from '../../../../agent/speech/tts/openai-tts.ts';
import type { PhraseAudio } from '../../../../agent/speech/prompts/phrase.ts';
import { FallbackTts, type SpeakingTrouble } from '../../../../agent/speech/tts/fallback-tts.ts';
import { startDeepgramEmulator } from '../../../harness/emulators/deepgram.ts';
import { startOpenAiEmulator } from '../../../harness/emulators/openai.ts';
import { renderSpeech } from '../../../harness/emulators/voice.ts';

/** What is read aloud. */
export const text =
  'We have two excavators at the yard on Monday. The small one costs two hundred dollars a day. ' +
  'The large one costs four hundred dollars a day.';
export const sentences = text.split(/(?<=\.) /);
/** Short, and still many times what the emulators take. */
const budgets = { firstAudioMs: 1_000, betweenChunksMs: 500 };

/** Renders every line of the tests to the disk: the emulators then answer at once. */
export async function renderAhead(): Promise<void> {
  for (const line of [...sentences, 'The rest.', 'One moment please.']) {
    for (const sampleRate of [24_000, 16_000]) {
      await renderSpeech(line, { voice: 'agent', sampleRate });
    }
  }
}

/** Both providers, and a voice on them; `first` is the preferred provider. */
export async function speaking(
  t: TestContext,
  options: {
    first?: 'deepgram' | 'openai';
    alone?: boolean;
    recorded?: PhraseAudio;
    deepgramRateHz?: number;
  } = {},
) {
  const deepgram = await startDeepgramEmulator({ apiKey: 'dg-key', ttsLatencyMs: 0 });
  t.after(() => deepgram.close());
  const openai = await startOpenAiEmulator({ apiKey: 'sk-test', ttsLatencyMs: 0 });
  t.after(() => openai.close());
  const aura = new DeepgramTts({
    apiKey: 'dg-key',
    baseUrl: deepgram.baseUrl,
    sampleRate: options.deepgramRateHz ?? 24_000,
  });
  const { baseUrl } = openai;
  const coral = new OpenAiTts({
    apiKey: 'sk-test',
    baseUrl,
    model: 'gpt-4o-mini-tts',
    voice: 'coral',
  });
  const [first, other] = options.first === 'openai' ? [coral, aura] : [aura, coral];
  const troubles: SpeakingTrouble[] = [];
  const errors: Error[] = [];
  let characters = 0;
  const voice = new FallbackTts({
    voices: options.alone ? [first] : [first, other],
    recorded: () => options.recorded,
    onTrouble: (trouble) => void troubles.push(trouble),
    onGiven: (given) => (characters += given),
    budgets,
  });
  voice.on('error', ({ error }) => void errors.push(error));
  return { deepgram, openai, voice, troubles, errors, characters: () => characters };
}

/** How much audio an emulator gave out. */
export const samplesIn = (log: readonly { pcm: Int16Array }[]) =>
  log.reduce((total, { pcm }) => total + pcm.length, 0);

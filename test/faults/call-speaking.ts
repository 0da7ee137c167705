import type { Fault, Match } from '../harness/emulators/faults.ts';
import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { usual } from './call-hearing.ts';
import { address, delivery } from './call-lines.ts';
import type { CallSetting } from './call-place.ts';

/** OpenAI speaks, and Deepgram where it fails. */
const openAiVoice: CallSetting = {
  env: { TTS_PROVIDER: 'openai', TTS_FALLBACK_PROVIDER: 'deepgram' },
};
const anything = /\S/;

/**
 * The first voice fails for as long as an answer takes; the second one is there. What counts as the
 * answer is what the second one says. `recoveredMs` is from the end of the line, `attempts` are the
 * requests of both voices meanwhile.
 */
const mute = (
  name: string,
  options: {
    readonly first: 'deepgram' | 'openai';
    readonly match: Match;
    readonly fault: Fault;
    /** Whether the first voice began the sentence: the second one then speaks the rest of it. */
    readonly begins?: boolean;
  },
) =>
  callFault(name, {
    setting: options.first === 'openai' ? openAiVoice : usual,
    turnsAfter: 2,
    act: async (scene) => {
      const { deepgram, openai } = scene.place.yard;
      const { first, match, fault, begins = false } = options;
      const [one, other] = first === 'openai' ? [openai, deepgram] : [deepgram, openai];
      const requests = () => deepgram.faults.count('speak') + openai.faults.count('speech');
      await scene.greeted();
      const before = requests();
      one.faults.on(match, fault);
      const question = begins ? { ...delivery, hears: anything } : delivery;
      await scene.ask(question, {
        strikes: true,
        by: (entry) => other.ttsLog.includes(entry),
      });
      scene.attempts = requests() - before;
      one.faults.clear();
      await scene.ask(address);
      await scene.hangUp();
    },
  });

const openai = { first: 'openai', match: 'speech' } as const;
const deepgram = { first: 'deepgram', match: 'speak' } as const;
/** A fifth of a second of sound. */
const fewBytes = 9_600;
const audio: Match = (endpoint, about) => endpoint === 'speak.message' && about === 'audio';

/** Faults of the voice. */
export const speakingFaults: readonly CallFault[] = [
  mute('tts-500', { ...openai, fault: { do: 'refuse', status: 500 } }),
  mute('tts-hanging', { ...openai, fault: { do: 'hang' } }),
  mute('tts-truncated', {
    ...openai,
    fault: { do: 'truncate', after: fewBytes },
    begins: true,
  }),
  mute('tts-empty', { ...openai, fault: { do: 'refuse', status: 200, body: '' } }),
  mute('tts-wrong-rate', {
    ...openai,
    fault: {
      do: 'refuse',
      status: 200,
      headers: { 'Content-Type': 'audio/pcm;rate=8000' },
      body: 'sound of half a second'.repeat(400),
    },
  }),
  mute('tts-socket-refused', { ...deepgram, fault: { do: 'refuse', status: 503 } }),
  mute('tts-socket-hanging', { ...deepgram, fault: { do: 'hang' } }),
  mute('tts-socket-dumb', { ...deepgram, match: audio, fault: { do: 'hang' } }),
  mute('tts-socket-cut', { ...deepgram, fault: { do: 'truncate', after: 6 }, begins: true }),
];

import { voice } from '@livekit/agents';
import { maxNameLength, sheetText } from '../../tools/yard/sheet-text.ts';
import type { Config } from '../config/config.ts';
import type { Usage } from '../infra/usage.ts';
import type { HearingRecovered, HearingTrouble } from './stt/stt-connection.ts';
import { FallbackLlm } from './llm/fallback-llm.ts';
import type { ThinkingTrouble } from './llm/fallback-llm.ts';
import { createOpenAiModel } from './llm/openai-model.ts';
import type { PhraseAudio } from './prompts/phrase.ts';
import { DeepgramStt } from './stt/deepgram-stt.ts';
import type { SpeakingTrouble } from './tts/fallback-tts.ts';
import { createVoiceDetector, endTurnsByWords, turnHandling } from './turn-taking.ts';
import { createSpeakingVoice } from './tts/voices.ts';

/** The session counts provider failures itself; the framework's count would end the call. */
const neverByCount = Number.MAX_SAFE_INTEGER;

/** Fillers while the model takes its time, in turn. */
const fillers = ['One moment, please.', "I'm just checking that for you."];

/** Failures at a provider that were dealt with, and what it bills. */
export type SpeechEvents = {
  onHearingTrouble(trouble: HearingTrouble): void;
  onHearingRecovered(recovered: HearingRecovered): void;
  onThinkingTrouble(trouble: ThinkingTrouble): void;
  onSpeakingTrouble(trouble: SpeakingTrouble): void;
  /** Something was done that a provider bills. */
  onUsage(usage: Partial<Usage>): void;
};

/** The parts with which one call hears, thinks and speaks. */
export type CallSpeech = { readonly session: voice.AgentSession; readonly hearing: DeepgramStt };

/**
 * Each of the three outlives its provider's failures. `keyterms` stay fixed for the call; `recorded`
 * is spoken in place of a sentence that no voice could speak.
 */
export function createSpeech(
  config: Config,
  options: {
    readonly keyterms: readonly string[];
    readonly recorded: () => PhraseAudio | undefined;
    readonly events: SpeechEvents;
  },
): CallSpeech {
  const { deepgram, openai } = config;
  const { keyterms, recorded, events } = options;
  const isByWords = config.endOfTurn === 'by-words';
  const hearing = new DeepgramStt({
    apiKey: deepgram.apiKey,
    baseUrl: deepgram.baseUrl,
    models: [deepgram.sttModel, ...present(deepgram.sttFallbackModel)],
    keyterms,
    onTrouble: (trouble) => events.onHearingTrouble(trouble),
    onRecovered: (recovered) => events.onHearingRecovered(recovered),
    onSent: (heardSeconds) => events.onUsage({ heardSeconds }),
  });
  const modelOf = (model: string) => createOpenAiModel({ ...openai, model });
  const session = new voice.AgentSession({
    stt: hearing,
    llm: new FallbackLlm({
      models: [modelOf(openai.model), ...present(openai.fallbackModel).map(modelOf)],
      fillers,
      onTrouble: (trouble) => events.onThinkingTrouble(trouble),
      onUsage: ({ promptTokens, promptCachedTokens, completionTokens }) =>
        events.onUsage({
          tokensIn: promptTokens,
          tokensCached: promptCachedTokens,
          tokensOut: completionTokens,
        }),
    }),
    tts: createSpeakingVoice(config, {
      recorded,
      onTrouble: (trouble) => events.onSpeakingTrouble(trouble),
      onGiven: (spokenCharacters) => events.onUsage({ spokenCharacters }),
    }),
    vad: createVoiceDetector(),
    turnHandling: isByWords ? turnHandling : { ...turnHandling, preemptiveGeneration: {} },
    connOptions: { maxUnrecoverableErrors: neverByCount },
    // The caller may talk over the first word: the gateway's callers hear no echo of ours.
    aecWarmupDuration: null,
    userAwayTimeout: null,
  });
  session.on(voice.AgentSessionEventTypes.UserStateChanged, ({ newState }) => {
    hearing.callerSpeaking(newState === 'speaking');
  });
  if (isByWords) endTurnsByWords(session);
  return { session, hearing };
}

function present(value: string | null): readonly string[] {
  return value === null ? [] : [value];
}

/** Deepgram takes at most 100 keyterms and 500 tokens a request (developers.deepgram.com/docs/keyterm). */
const maxKeyterms = 100;
/** Deepgram's tokens are about 4 letters; 3 leaves room for names of rare letters. */
const lettersPerToken = 3;
const maxKeytermTokens = 500;

/** The yard's distinct equipment names, as many as Deepgram takes; those beyond are left out. */
export function keytermsOf(names: readonly string[]): string[] {
  const distinct = new Map<string, string>();
  for (const name of names) {
    const term = sheetText(name, maxNameLength);
    if (term && !distinct.has(term.toLowerCase())) distinct.set(term.toLowerCase(), term);
  }
  let tokens = 0;
  const fits = (term: string) => {
    const needed = Math.ceil(term.length / lettersPerToken);
    if (tokens + needed > maxKeytermTokens) return false;
    tokens += needed;
    return true;
  };
  return [...distinct.values()].filter(fits).slice(0, maxKeyterms);
}

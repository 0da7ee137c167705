import { voice } from '@livekit/agents';
import { STT } from '@livekit/agents-plugin-deepgram';
import { LLM } from '@livekit/agents-plugin-openai';
import { maxNameLength, sheetText } from '../../tools/yard/sheet-text.ts';
import type { Config } from '../config.ts';
import { createVoiceDetector, turnHandling } from './turn-taking.ts';
import { createVoice } from './voices.ts';

/** The session counts provider failures itself; the framework's count would end the call. */
const neverByCount = Number.MAX_SAFE_INTEGER;

/**
 * How one call hears, thinks and speaks. `keyterms` stay fixed: changing them in a call makes the
 * plugin leave its old socket alive, which then takes half of the audio.
 */
export function createSession(
  config: Config,
  options: { readonly keyterms: readonly string[] },
): voice.AgentSession {
  return new voice.AgentSession({
    stt: new STT({
      apiKey: config.deepgram.apiKey,
      baseUrl: config.deepgram.baseUrl.replace(/^http/, 'ws'),
      model: config.deepgram.sttModel,
      keyterm: [...options.keyterms],
    }),
    llm: new LLM({
      apiKey: config.openai.apiKey,
      baseURL: config.openai.baseUrl,
      model: config.openai.model,
      // Newer models call no function above effort "none", and the plugin does not know them.
      reasoningEffort: 'none',
    }),
    tts: createVoice(config),
    vad: createVoiceDetector(),
    turnHandling,
    connOptions: { maxUnrecoverableErrors: neverByCount },
    // The caller may talk over the first word: the gateway's callers hear no echo of ours.
    aecWarmupDuration: null,
    userAwayTimeout: null,
  });
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

import type { tts } from '@livekit/agents';
import { TTS as DeepgramTts } from '@livekit/agents-plugin-deepgram';
import type { Config, Voice } from '../../config/config.ts';
import { OpenAiTts } from './openai-tts.ts';
import { FallbackTts, type FallbackTtsOptions } from './fallback-tts.ts';

/** The agent's own voice alone: Deepgram Aura, or OpenAI's by `TTS_PROVIDER=openai`. */
export function createVoice(config: Config): tts.TTS {
  return voiceOf(config, config.voice);
}

/** The voice of a call: the agent's own one, backed by the other one if the configuration has it. */
export function createSpeakingVoice(
  config: Config,
  options: Pick<FallbackTtsOptions, 'recorded' | 'onTrouble' | 'onGiven'>,
): FallbackTts {
  const { fallback } = config.voice;
  const others = fallback ? [voiceOf(config, fallback)] : [];
  return new FallbackTts({ voices: [createVoice(config), ...others], ...options });
}

function voiceOf(config: Config, { provider, model }: Voice): tts.TTS {
  if (provider === 'openai') {
    const { apiKey, baseUrl } = config.openai;
    return new OpenAiTts({ apiKey, baseUrl, model, voice: 'coral' });
  }
  // Streamed only: the plugin's one-shot request ignores the base URL.
  return new DeepgramTts({
    apiKey: config.deepgram.apiKey,
    baseUrl: config.deepgram.baseUrl,
    model,
  });
}

import type { tts } from '@livekit/agents';
import { TTS as DeepgramTts } from '@livekit/agents-plugin-deepgram';
import { TTS as OpenAiTts } from '@livekit/agents-plugin-openai';
import type { Config } from '../config.ts';

/**
 * The agent's voice: Deepgram Aura over its WebSocket (the plugin's one-shot request ignores the
 * base URL), or OpenAI's by `TTS_PROVIDER=openai`.
 */
export function createVoice(config: Config): tts.TTS {
  const { provider, model } = config.voice;
  if (provider === 'openai') {
    return new OpenAiTts({
      apiKey: config.openai.apiKey,
      baseURL: config.openai.baseUrl,
      model,
      voice: 'coral',
    });
  }
  return new DeepgramTts({
    apiKey: config.deepgram.apiKey,
    baseUrl: config.deepgram.baseUrl,
    model,
  });
}

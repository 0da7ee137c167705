import { AutoSubscribe, defineAgent, inference, llm, voice } from '@livekit/agents';
import { STT, TTS } from '@livekit/agents-plugin-deepgram';
import { LLM } from '@livekit/agents-plugin-openai';
import { greetingFor, instructionsFor } from '../../agent/speech/instructions.ts';
import { keytermsOf } from '../../agent/speech/session.ts';
import { createVoiceDetector, turnHandling } from '../../agent/speech/turn-taking.ts';
import { todayIn } from '../../tools/yard/rental-dates.ts';
import { exampleSheet } from '../harness/yard/example-sheet.ts';
import { bareSettings, exampleYard, tell } from './bare-settings.ts';

/**
 * A call without Pickup: the framework's session with the plugins, models and settings of ours, and
 * none of our layers. It greets, answers from the yard's facts, and leaves with the caller.
 */

const { deepgram, openai, voice: spoken } = bareSettings();
const [, ...units] = exampleSheet['Equipment'] ?? [];

export default defineAgent({
  prewarm: async () => {
    // The same model is loaded ahead as in a job of ours.
    new inference.VAD({ model: 'silero' }).stream().close();
    tell('bare.warm');
  },
  entry: async (ctx) => {
    tell('bare.taken', { room: ctx.job.room?.name ?? '' });
    await ctx.connect(undefined, AutoSubscribe.AUDIO_ONLY);
    const yard = exampleYard();
    const session = new voice.AgentSession({
      stt: new STT({
        apiKey: deepgram.apiKey,
        baseUrl: deepgram.baseUrl.replace(/^http/, 'ws'),
        model: deepgram.sttModel,
        keyterm: keytermsOf(units.map(([, name]) => `${name}`)),
      }),
      llm: new LLM({
        apiKey: openai.apiKey,
        baseURL: openai.baseUrl,
        model: openai.model,
        reasoningEffort: 'none',
      }),
      tts: new TTS({ apiKey: deepgram.apiKey, baseUrl: deepgram.baseUrl, model: spoken.model }),
      vad: createVoiceDetector(),
      turnHandling,
      aecWarmupDuration: null,
      userAwayTimeout: null,
    });
    // The framework closes the session when the caller leaves; the job would stay 20 s longer.
    session.on(voice.AgentSessionEventTypes.Close, () => ctx.shutdown('the caller left'));
    const todayIso = todayIn(yard.timeZone, { nowMs: () => Date.now() });
    await session.start({
      agent: new voice.Agent({
        instructions: instructionsFor({ yard, todayIso }),
        // Without any the plugin sends an empty list, which OpenAI refuses.
        tools: {
          end_call: llm.tool({ description: 'Hangs up.', execute: async () => ctx.shutdown() }),
        },
      }),
      room: ctx.room,
      record: false,
      inputOptions: { textEnabled: false },
      outputOptions: { transcriptionEnabled: false },
    });
    session.say(greetingFor(yard, { isRecorded: false }).text);
  },
});

import { voice } from '@livekit/agents';
import { TTS } from '@livekit/agents-plugin-deepgram';
import { startDeepgramEmulator } from '../../harness/emulators/deepgram.ts';
import type { DeepgramEmulator } from '../../harness/emulators/deepgram.ts';
import { InstantOutput } from './tts/instant-output.ts';
import { Thinking } from './llm/thinking.ts';

const apiKey = 'deepgram-key-of-the-test';

/** A model and a voice, emulated, for sessions that hear text and speak through the official plugin. */
export class SpeakingPlace implements AsyncDisposable {
  readonly thinking: Thinking;
  readonly deepgram: DeepgramEmulator;

  private constructor(thinking: Thinking, deepgram: DeepgramEmulator) {
    this.thinking = thinking;
    this.deepgram = deepgram;
  }

  static async open(): Promise<SpeakingPlace> {
    const thinking = await Thinking.start();
    return new SpeakingPlace(thinking, await startDeepgramEmulator({ apiKey, ttsLatencyMs: 10 }));
  }

  /** A session that is not started yet. */
  session(model: ReturnType<Thinking['steady']>['model']): voice.AgentSession {
    const session = new voice.AgentSession({
      llm: model,
      tts: new TTS({ apiKey, baseUrl: this.deepgram.baseUrl }),
      vad: null,
      turnHandling: { turnDetection: null },
    });
    session.on(voice.AgentSessionEventTypes.Error, () => {});
    session.output.audio = new InstantOutput(24_000);
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.thinking.close();
    await this.deepgram.close();
  }
}

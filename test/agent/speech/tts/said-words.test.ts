import assert from 'node:assert/strict';
import { before, test, type TestContext } from 'node:test';
import { initializeLogger, voice } from '@livekit/agents';
import { TTS as DeepgramTts } from '@livekit/agents-plugin-deepgram';
import type { AudioFrame } from '@livekit/rtc-node';
import { FallbackTts } from '../../../../agent/speech/tts/fallback-tts.ts';
import { startDeepgramEmulator } from '../../../harness/emulators/deepgram.ts';
import { renderSpeech } from '../../../harness/emulators/voice.ts';

initializeLogger({ pretty: false, level: 'silent' });

const reply = 'We have two excavators.  The small one is free on Monday.';

// Kept on the disk: the emulator then answers at once.
before(async () => {
  for (const line of reply.split('  ')) await renderSpeech(line, { voice: 'agent' });
});

/** Plays what it is given at once. */
class Loudspeaker extends voice.AudioOutput {
  #playedS = 0;

  constructor() {
    super(24_000);
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await super.captureFrame(frame);
    if (this.#playedS === 0) this.onPlaybackStarted(Date.now());
    this.#playedS += frame.samplesPerChannel / frame.sampleRate;
  }

  override flush(): void {
    super.flush();
    if (this.#playedS > 0) this.clearBuffer();
  }

  override clearBuffer(): void {
    const playbackPosition = this.#playedS;
    this.#playedS = 0;
    this.onPlaybackFinished({ playbackPosition, interrupted: false });
  }
}

/** A session that answers "Hello" with the reply, in a voice of Deepgram alone. */
async function session(t: TestContext) {
  const deepgram = await startDeepgramEmulator({ apiKey: 'dg-key', ttsLatencyMs: 0 });
  t.after(() => deepgram.close());
  const aura = new DeepgramTts({ apiKey: 'dg-key', baseUrl: deepgram.baseUrl });
  const talk = new voice.AgentSession({
    vad: null,
    llm: new voice.testing.FakeLLM([{ input: 'Hello', content: reply }]),
    tts: new FallbackTts({ voices: [aura], onTrouble: () => {} }),
    turnHandling: { turnDetection: null },
    connOptions: { maxUnrecoverableErrors: Number.MAX_SAFE_INTEGER },
  });
  const errors: unknown[] = [];
  talk.on(voice.AgentSessionEventTypes.Error, ({ error }) => void errors.push(error));
  talk.output.audio = new Loudspeaker();
  await talk.start({ agent: new voice.Agent({ instructions: 'Be brief.' }), record: false });
  t.after(() => talk.close());
  const saidWords = () =>
    talk.history.items.flatMap((item) =>
      item.type === 'message' && item.role === 'assistant' ? [item.textContent] : [],
    );
  return { deepgram, talk, errors, saidWords };
}

test('what was spoken is in the conversation word for word', async (t) => {
  const { talk, errors, saidWords } = await session(t);
  await talk.run({ userInput: 'Hello' }).wait();
  assert.deepEqual(saidWords(), [reply]);
  assert.deepEqual(errors, []);
});

test('what no voice could speak is not, and the session goes on', async (t) => {
  const { deepgram, talk, errors, saidWords } = await session(t);
  deepgram.faults.next('speak', { do: 'refuse', status: 503 });
  await talk.run({ userInput: 'Hello' }).wait();
  assert.deepEqual(saidWords(), []);
  assert.equal(errors.length, 1);
  await talk.run({ userInput: 'Hello' }).wait();
  assert.deepEqual(saidWords(), [reply]);
});

test('of a reply that broke off, only what came out is', async (t) => {
  const { deepgram, talk, saidWords } = await session(t);
  // Under 2 s of audio: the first sentence and perhaps the beginning of the second.
  deepgram.faults.next('speak', { do: 'truncate', after: 20 });
  await talk.run({ userInput: 'Hello' }).wait();
  assert.deepEqual(saidWords(), ['We have two excavators.']);
});

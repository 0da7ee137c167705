import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initializeLogger } from '@livekit/agents';
import { TTS } from '@livekit/agents-plugin-deepgram';
import { phraseFrames, phraseKey } from '../../../../agent/speech/prompts/phrase.ts';
import { synthesisePhrase } from '../../../../agent/speech/prompts/prompt-audio.ts';
import { startDeepgramEmulator } from '../../../harness/emulators/deepgram.ts';

initializeLogger({ pretty: false, level: 'silent' });

const aura = { provider: 'deepgram', model: 'aura-2-thalia-en' } as const;

test('a phrase is another one with other words, another voice or another provider', () => {
  const keys = [
    phraseKey(aura, 'Hello'),
    phraseKey(aura, 'Hello!'),
    phraseKey({ ...aura, model: 'aura-2-apollo-en' }, 'Hello'),
    phraseKey({ provider: 'openai', model: aura.model }, 'Hello'),
  ];
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(phraseKey({ ...aura }, 'Hello'), keys[0]);
});

test('all samples come in frames of 20 ms, the last one shorter', async () => {
  const pcm = Int16Array.from({ length: 1_000 }, (_, i) => i);
  const frames = [];
  for await (const frame of phraseFrames({ sampleRateHz: 24_000, pcm })) frames.push(frame);
  assert.deepEqual(
    frames.map((frame) => frame.samplesPerChannel),
    [480, 480, 40],
  );
  assert.deepEqual(
    frames.flatMap((frame) => [...frame.data]),
    [...pcm],
  );
});

test('a phrase is synthesised whole; a voice that refuses gives none', async (t) => {
  const deepgram = await startDeepgramEmulator({ apiKey: 'dg-key', ttsLatencyMs: 0 });
  t.after(() => deepgram.close());
  const { baseUrl } = deepgram;
  const voice = () => new TTS({ apiKey: 'dg-key', baseUrl, model: aura.model });
  const { pcm, sampleRateHz } = await synthesisePhrase(voice(), 'Hilltop Rentals.');
  assert.equal(sampleRateHz, 24_000);
  const spoken = deepgram.ttsLog.reduce((total, entry) => total + entry.pcm.length, 0);
  assert.ok(Math.abs(pcm.length - spoken) < sampleRateHz / 10, 'within a tenth of a second');
  deepgram.faults.on('speak', { do: 'refuse', status: 401 });
  await assert.rejects(synthesisePhrase(voice(), 'Hilltop Rentals.'));
});

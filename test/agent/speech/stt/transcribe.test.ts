import { initializeLogger } from '@livekit/agents';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DeepgramStt } from '../../../../agent/speech/stt/deepgram-stt.ts';
import { transcribe } from '../../../../agent/speech/stt/transcribe.ts';
import { startDeepgramEmulator } from '../../../harness/emulators/deepgram.ts';
import type { DeepgramEmulator } from '../../../harness/emulators/deepgram.ts';
import { Recogniser } from '../../../harness/emulators/recogniser.ts';
import { renderSpeech } from '../../../harness/emulators/voice.ts';

initializeLogger({ pretty: false, level: 'silent' });

const sampleRate = 16_000;
const line = 'Do you deliver?';

let deepgram: DeepgramEmulator;
let spoken: Int16Array;
let hearing: DeepgramStt;

before(async () => {
  const recogniser = new Recogniser();
  spoken = await renderSpeech(line, { voice: 'caller', sampleRate });
  recogniser.teach(line, spoken, sampleRate);
  deepgram = await startDeepgramEmulator({
    apiKey: 'key',
    sttLatencyMs: 10,
    ttsLatencyMs: 10,
    recogniser,
    understands: () => true,
  });
  hearing = new DeepgramStt({
    apiKey: 'key',
    baseUrl: deepgram.baseUrl,
    models: ['nova-3'],
    keyterms: [],
    onTrouble: () => {},
    onRecovered: () => {},
  });
});
after(async () => {
  await hearing.close();
  await deepgram.close();
});

test('what was kept before anybody listened is put into words', async () => {
  const quiet = new Int16Array(sampleRate / 2);
  const kept = Int16Array.from([...quiet, ...spoken, ...quiet]);
  assert.equal(await transcribe(hearing, kept), line);
});

test('a noise has no words, and is not waited for without end', async () => {
  assert.equal(await transcribe(hearing, new Int16Array(sampleRate)), null);
});

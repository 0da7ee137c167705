import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { initializeLogger } from '@livekit/agents';
import { dispose } from '@livekit/rtc-node';
import type { PhraseAudio } from '../../../../agent/speech/prompts/phrase.ts';
import type { SpeakingTrouble } from '../../../../agent/speech/tts/fallback-tts.ts';
import type { Fault } from '../../../harness/emulators/faults.ts';
import { eventually } from '../../../harness/eventually.ts';
import { hearOut, listenTo } from '../stt/listen-to.ts';
import { renderAhead, samplesIn, sentences, speaking, text } from './speaking.ts';

initializeLogger({ pretty: false, level: 'silent' });

const excuse: PhraseAudio = { sampleRateHz: 16_000, pcm: new Int16Array(16_000).fill(1_000) };

before(renderAhead);
// The native resampler would keep the process alive.
after(() => dispose());

for (const first of ['deepgram', 'openai'] as const) {
  test(`a healthy voice of ${first} is passed on whole, with its text`, async (t) => {
    const { voice, troubles, characters, [first]: provider } = await speaking(t, { first });
    const heard = await listenTo(voice, text);
    assert.equal(heard.text, text);
    assert.ok(heard.isWhole);
    const missing = samplesIn(provider.ttsLog) - heard.samples.length;
    assert.ok(Math.abs(missing) <= 240, `${missing} samples are missing`);
    assert.deepEqual(troubles, []);
    assert.equal(characters(), text.length);
  });
}

test('the first sentence is heard before the second one is written', async (t) => {
  const { voice, troubles } = await speaking(t);
  const stream = voice.stream();
  stream.pushText(`${sentences[0]} The`);
  const first = await stream.next();
  assert.ok(typeof first.value === 'object');
  stream.pushText(' rest.');
  stream.endInput();
  assert.equal((await hearOut(stream)).text, `${sentences[0]} The rest.`);
  assert.deepEqual(troubles, []);
});

test('the voice connects before there is text, and a stream without text ends quietly', async (t) => {
  const { voice, deepgram, errors, troubles } = await speaking(t);
  const stream = voice.stream();
  await eventually('the voice is connected', () => deepgram.connections.size === 1);
  stream.endInput();
  assert.deepEqual((await hearOut(stream)).samples, []);
  assert.deepEqual([errors, troubles], [[], []]);
});

const beforeTheFirstAudio: readonly {
  name: string;
  fault: Fault;
  endpoint?: string;
  kind: SpeakingTrouble['kind'];
  status?: number;
}[] = [
  { name: 'refuses', fault: { do: 'refuse', status: 500 }, kind: 'refused', status: 500 },
  { name: 'does not answer', fault: { do: 'hang' }, kind: 'slow' },
  { name: 'closes at once', fault: { do: 'close', code: 1011 }, kind: 'refused', status: 1011 },
  {
    name: 'confirms the end with no audio',
    fault: { do: 'hang' },
    endpoint: 'audio',
    kind: 'empty',
  },
];

for (const { name, fault, endpoint, kind, status = null } of beforeTheFirstAudio) {
  test(`the other voice reads it all when the first ${name}`, async (t) => {
    const { deepgram, openai, voice, troubles, errors } = await speaking(t);
    if (endpoint)
      deepgram.faults.on((at, about) => at === 'speak.message' && about === endpoint, fault);
    else deepgram.faults.next('speak', fault);
    const [sentence = ''] = sentences;
    const heard = await listenTo(voice, sentence);
    assert.equal(heard.text, sentence);
    assert.equal(heard.samples.length, samplesIn(openai.ttsLog));
    const covered = 'other-voice';
    assert.deepEqual(troubles, [{ kind, status, provider: 'deepgram', covered }]);
    assert.deepEqual(errors, []);
  });
}

test('the other voice reads what is left when the connection breaks in the middle', async (t) => {
  const { deepgram, openai, voice, troubles } = await speaking(t);
  // Past the first sentence, which takes under 4 s, and not yet into the last one.
  deepgram.faults.next('speak', { do: 'truncate', after: 45 });
  const heard = await listenTo(voice, text);
  assert.equal(heard.text, text);
  const read = openai.ttsLog.map((entry) => entry.text);
  assert.ok(!read.includes(sentences[0] ?? ''), 'what was said is not said again');
  assert.ok(read.includes(sentences[2] ?? ''), 'nothing is left out');
  assert.deepEqual(
    troubles.map(({ kind, covered }) => [kind, covered]),
    [['truncated', 'other-voice']],
  );
});

test('a stall in the middle is noticed, and the rest is read by the other voice', async (t) => {
  const { openai, deepgram, voice, troubles } = await speaking(t, { first: 'openai' });
  // The first sentence passes; of the second only the beginning does.
  openai.faults.nth('speech', 2, { do: 'stall', after: 9_600, everyMs: 60_000 });
  const heard = await listenTo(voice, text);
  assert.equal(heard.text, text);
  assert.deepEqual(
    deepgram.ttsLog.map((entry) => entry.text),
    sentences.slice(1),
  );
  assert.deepEqual(
    troubles.map(({ kind, provider }) => [kind, provider]),
    [['stalled', 'openai']],
  );
});

const notPcm = { 'Content-Type': 'audio/mpeg' };
const unusable: readonly { name: string; fault: Fault; kind: SpeakingTrouble['kind'] }[] = [
  {
    name: 'an empty 200',
    fault: { do: 'refuse', status: 200, body: '', headers: { 'Content-Type': 'audio/pcm' } },
    kind: 'empty',
  },
  {
    name: 'another format',
    fault: { do: 'refuse', status: 200, body: 'ID3', headers: notPcm },
    kind: 'wrong-format',
  },
  {
    name: 'another rate',
    fault: {
      do: 'refuse',
      status: 200,
      body: 'pcm',
      headers: { 'Content-Type': 'audio/pcm;rate=8000' },
    },
    kind: 'wrong-format',
  },
  {
    name: 'far too little audio',
    fault: {
      do: 'refuse',
      status: 200,
      body: '_'.repeat(4_800),
      headers: { 'Content-Type': 'audio/pcm' },
    },
    kind: 'truncated',
  },
];

for (const { name, fault, kind } of unusable) {
  test(`${name} is not taken for speech`, async (t) => {
    const { openai, deepgram, voice, troubles } = await speaking(t, { first: 'openai' });
    openai.faults.on('speech', fault);
    const heard = await listenTo(voice, sentences[0] ?? '');
    assert.equal(heard.text, sentences[0]);
    assert.deepEqual(
      deepgram.ttsLog.map((entry) => entry.text),
      [sentences[0]],
    );
    assert.deepEqual(
      troubles.map((trouble) => [trouble.kind, trouble.covered]),
      [[kind, 'other-voice']],
    );
  });
}

test('when no voice can speak the recorded phrase is heard, nothing counts as said, and it fails', async (t) => {
  const { deepgram, openai, voice, troubles, errors } = await speaking(t, { recorded: excuse });
  deepgram.faults.on('speak', { do: 'refuse', status: 503 });
  openai.faults.on('speech', { do: 'refuse', status: 401 });
  const heard = await listenTo(voice, text);
  assert.equal(heard.text, '');
  assert.equal(heard.isWhole, false);
  assert.deepEqual([...heard.rates], [24_000]);
  assert.ok(Math.abs(heard.samples.length - 24_000) < 2_400, 'a second of it');
  assert.deepEqual(troubles, [
    { kind: 'refused', status: 503, provider: 'deepgram', covered: 'other-voice' },
    { kind: 'refused', status: 401, provider: 'openai', covered: 'recorded' },
  ]);
  assert.equal(errors.length, 1);
});

test('without a recorded phrase nothing is heard, and it fails', async (t) => {
  const { deepgram, voice, troubles, errors } = await speaking(t, { alone: true });
  deepgram.faults.on('speak', { do: 'refuse', status: 503 });
  const heard = await listenTo(voice, text);
  assert.deepEqual([heard.text, heard.samples, heard.isWhole], ['', [], false]);
  assert.deepEqual(
    troubles.map(({ covered }) => covered),
    ['nothing'],
  );
  assert.equal(errors.length, 1);
});

test('after two failures in a row the other voice is asked first', async (t) => {
  const { deepgram, voice, troubles } = await speaking(t);
  const off = deepgram.faults.on('speak', { do: 'refuse', status: 503 });
  for (let i = 0; i < 2; i += 1) await listenTo(voice, 'One moment please.');
  off();
  const asked = deepgram.faults.count('speak');
  assert.equal((await listenTo(voice, 'One moment please.')).text, 'One moment please.');
  assert.equal(deepgram.faults.count('speak'), asked);
  assert.equal(troubles.length, 2);
});

test('a voice of another rate is brought to the rate of the first', async (t) => {
  const { deepgram, openai, voice } = await speaking(t, {
    first: 'openai',
    deepgramRateHz: 16_000,
  });
  openai.faults.on('speech', { do: 'refuse', status: 500 });
  const heard = await listenTo(voice, text);
  assert.deepEqual([...heard.rates], [voice.sampleRate]);
  const expected = samplesIn(deepgram.ttsLog) * 1.5;
  assert.ok(Math.abs(heard.samples.length - expected) < 2_400, `${heard.samples.length}`);
});

test('a stream that is given up is no failure of the voice', async (t) => {
  const { voice, troubles, errors, deepgram } = await speaking(t);
  const stream = voice.stream();
  stream.pushText(text);
  stream.endInput();
  await stream.next();
  stream.close();
  await hearOut(stream);
  assert.equal((await listenTo(voice, 'One moment please.')).text, 'One moment please.');
  assert.deepEqual([troubles, errors], [[], []]);
  assert.ok(deepgram.faults.count('speak') >= 2);
});

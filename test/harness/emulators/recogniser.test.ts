import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Recogniser } from './recogniser.ts';
import { resample } from './resample.ts';
import { renderSpeech } from './voice.ts';

const lines = [
  'Hi, do you have a mini excavator available from Tuesday to Thursday?',
  'Do you have a skid steer for Tuesday?',
  'Do you have a skid steer for tomorrow?',
  'Okay. How much would that be? And do you deliver?',
  'How much is it for the whole week?',
  'How much is it for those three days?',
  'Thanks, that is all. Goodbye.',
  'Yes, please.',
  'Yes.',
  'No.',
  'Hello?',
];
const recogniser = new Recogniser();
const spoken = new Map<string, Int16Array>();
before(async () => {
  for (const line of lines) {
    spoken.set(line, await renderSpeech(line, { voice: 'caller', sampleRate: 48_000 }));
    recogniser.teach(
      line,
      await renderSpeech(line, { voice: 'caller', sampleRate: 16_000 }),
      16_000,
    );
  }
});

const pcmOf = (line: string) => spoken.get(line) ?? new Int16Array();
const join = (...parts: Int16Array[]) => Int16Array.from(parts.flatMap((part) => [...part]));
const silence = (ms: number) => new Int16Array(48 * ms);
const understood = (pcm: Int16Array, rate = 48_000) =>
  recogniser.recognise(pcm, rate)?.line ?? null;

/** What a call does to speech, each alone. */
const distortions: Record<string, (pcm: Int16Array) => Int16Array> = {
  nothing: (pcm) => pcm,
  'silence around it': (pcm) => join(silence(400), pcm, silence(700)),
  'a quarter of the level': (pcm) => pcm.map((sample) => sample / 4),
  'the band of a telephone': (pcm) => resample(resample(pcm, 48_000, 8_000), 8_000, 48_000),
  noise: (pcm) => pcm.map((sample, i) => sample + ((i * 7_919) % 97) - 48),
  'a jitter buffer that plays 20 ms twice': (pcm) => {
    const at = Math.floor(pcm.length / 2);
    return join(pcm.subarray(0, at), pcm.subarray(at - 960));
  },
  'a jitter buffer that leaves out 20 ms': (pcm) => {
    const at = Math.floor(pcm.length / 3);
    return join(pcm.subarray(0, at), pcm.subarray(at + 960));
  },
};

describe('a line is understood after', () => {
  for (const [name, distort] of Object.entries(distortions)) {
    test(name, () => {
      for (const line of lines) assert.equal(understood(distort(pcmOf(line))), line);
    });
  }

  test('the loss of 80 ms at an edge', () => {
    for (const line of lines.filter(({ length }) => length > 20)) {
      assert.equal(understood(pcmOf(line).subarray(48 * 80)), line);
      assert.equal(understood(pcmOf(line).subarray(0, -48 * 80)), line);
    }
  });
});

describe('not understood is', () => {
  const long = lines.filter(({ length }) => length > 20);

  test('a line without its beginning or its end', () => {
    for (const line of long) {
      const pcm = pcmOf(line);
      const half = Math.floor(pcm.length / 2);
      assert.equal(understood(pcm.subarray(half)), null, line);
      assert.equal(understood(pcm.subarray(0, half)), null, line);
    }
  });

  test('a line of which a word was lost', () => {
    for (const line of long) {
      const pcm = pcmOf(line).slice();
      const at = Math.floor(pcm.length * 0.4);
      assert.equal(understood(pcm.fill(0, at, at + 48 * 450)), null, line);
    }
  });

  test('a line that comes twice, or with another one on top of it', () => {
    for (const line of long) {
      const pcm = pcmOf(line);
      assert.equal(understood(join(pcm, pcm)), null, line);
      const echo = pcm.map((sample, i) => sample / 2 + (pcm[i - 48 * 350] ?? 0) / 2);
      assert.equal(understood(echo), null, line);
    }
  });

  test('a line that was never taught, silence, and noise', async () => {
    const stranger = 'The weather is rather nice for this time of the year.';
    assert.equal(understood(await renderSpeech(stranger, { voice: 'caller' }), 24_000), null);
    assert.equal(understood(silence(1_000)), null);
    assert.equal(understood(silence(2_000).map((_, i) => ((i * 7_919) % 4_001) - 2_000)), null);
  });
});

test('the words so far are known while a line lasts, and none that was not spoken', () => {
  const [line = ''] = lines;
  const pcm = pcmOf(line);
  let known = 0;
  for (let ms = 700; ms * 48 < pcm.length; ms += 200) {
    const beginning = recogniser.follow(pcm.subarray(0, ms * 48), 48_000);
    assert.equal(beginning?.line, line);
    assert.ok(beginning.heard.length >= known);
    assert.ok(beginning.heard.every(({ endMs }) => endMs <= ms));
    known = beginning.heard.length;
  }
  assert.ok(known >= 10);
});

test('who listens for some lines alone understands no other, and those taught later too', async () => {
  const late = 'Do you have a trencher for Friday?';
  const [known = '', other = ''] = lines;
  const some = recogniser.among((line) => line === known || line === late);
  assert.equal(some.recognise(pcmOf(known), 48_000)?.line, known);
  assert.equal(some.recognise(pcmOf(other), 48_000), null);
  const pcm = await renderSpeech(late, { voice: 'caller', sampleRate: 48_000 });
  assert.equal(some.recognise(pcm, 48_000), null);
  recogniser.teach(late, pcm, 48_000);
  assert.equal(some.recognise(pcm, 48_000)?.line, late);
});

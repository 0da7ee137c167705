import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { SAMPLE_RATE } from './call-events.ts';
import { joinPcm } from '../emulators/join-pcm.ts';
import { renderSpeech } from '../emulators/voice.ts';
import { speechSegments } from './speech-detector.ts';
import { wordsHeard, wordsOfAnswers, type HeardAnswer } from './words-heard.ts';

const sentences = ["You're booked.", 'Your code is F T 8, R 4 2.', 'Is there anything else?'];
let spoken: HeardAnswer['spoken'];
before(async () => {
  spoken = await Promise.all(
    sentences.map(async (text) => {
      const pcm = await renderSpeech(text, { voice: 'agent', sampleRate: SAMPLE_RATE });
      return { text, pcm, sampleRate: SAMPLE_RATE };
    }),
  );
});

const silence = (ms: number) => new Int16Array((ms * SAMPLE_RATE) / 1_000);
const sound = (index: number) => spoken[index]?.pcm ?? assert.fail('not synthesised');
const heard = (pcm: Int16Array) => wordsHeard({ answers: [{ pcm, spoken }], ahead: [] })[0];

test('an answer is told by its sound', () => {
  assert.equal(heard(joinPcm([sound(0), sound(1), sound(2)])), sentences.join(' '));
});

test('a machine that stood still between two sentences has said the same words', () => {
  const answer = joinPcm([sound(0), silence(420), sound(1), silence(700), sound(2)]);
  assert.equal(heard(answer), sentences.join(' '));
});

test('a sentence that broke off and went on later is not that sentence', () => {
  const middle = Math.round(sound(1).length / 2);
  const broken = [sound(1).subarray(0, middle), silence(700), sound(1).subarray(middle)];
  assert.equal(heard(joinPcm([sound(0), ...broken, sound(2)])), null);
});

test('a pause within a line that starved cores leave out, or make, changes no word', async () => {
  const text = 'Thanks for calling. Goodbye!';
  const pcm = await renderSpeech(text, { voice: 'agent', sampleRate: SAMPLE_RATE });
  const parts = speechSegments(pcm, { sampleRate: SAMPLE_RATE }).map(({ fromMs, toMs }) =>
    pcm.subarray((fromMs * SAMPLE_RATE) / 1_000, (toMs * SAMPLE_RATE) / 1_000),
  );
  assert.equal(parts.length, 2);
  const ahead = [{ text, pcm, sampleRate: SAMPLE_RATE }];
  const [first, second] = parts.map((part) => part.subarray(0));
  const middle = Math.round((first?.length ?? 0) / 2);
  const stuttered = [first?.subarray(0, middle), silence(250), first?.subarray(middle), second];
  const answers = [parts, stuttered.map((part) => part ?? silence(0))].map((pieces) => ({
    pcm: joinPcm(pieces),
    spoken: [],
  }));
  assert.deepEqual(wordsHeard({ answers, ahead }), [text, text]);
});

test('an answer that lost a syllable is known, and one that lost half of it is not', () => {
  const whole = joinPcm([sound(0), sound(1), sound(2)]);
  const lost = Int16Array.from(whole);
  lost.fill(0, SAMPLE_RATE * 2, SAMPLE_RATE * 2.2);
  assert.equal(heard(lost), sentences.join(' '));
  assert.equal(heard(whole.subarray(0, whole.length / 2)), null);
});

test('what nobody said is not heard', () => {
  const answers = [{ pcm: sound(2), spoken: spoken.slice(0, 2) }];
  assert.deepEqual(wordsHeard({ answers, ahead: [] }), [null]);
});

test('each answer of a call has its own words, phrases made ahead too, and silence has none', async () => {
  const pieces = [sound(2), silence(800), joinPcm([sound(0), silence(500), sound(1)])];
  const answers = pieces.map((pcm) => ({ pcm, spoken: spoken.slice(1) }));
  const words = await wordsOfAnswers({ answers, ahead: spoken.slice(0, 1) });
  assert.deepEqual(words, [sentences[2], null, `${sentences[0]} ${sentences[1]}`]);
});

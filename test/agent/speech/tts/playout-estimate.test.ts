import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlayoutEstimate } from '../../../../agent/speech/tts/playout-estimate.ts';

/** Ten letters, so a second of audio at 100 ms a letter. */
const sentence = 'Ten letters.';

function reading(options: { marksSentences: boolean }, sentences = 3): PlayoutEstimate {
  const progress = new PlayoutEstimate({ ...options, msPerLetter: 100 });
  for (let i = 0; i < sentences; i += 1) progress.add(sentence);
  return progress;
}

test('a sentence counts as said once half of it is out', () => {
  const progress = reading({ marksSentences: false });
  const said = [400, 200, 900, 100, 900].map((ms) => {
    progress.hear(ms, false);
    return progress.said;
  });
  assert.deepEqual(said, [0, 1, 2, 2, 3]);
});

test('a voice that marks its sentences is in the one it marked last, however long it takes', () => {
  const progress = reading({ marksSentences: true });
  progress.hear(5_000, true);
  assert.equal(progress.said, 1);
  progress.hear(100, true);
  assert.equal(progress.said, 1);
  progress.hear(500, false);
  assert.equal(progress.said, 2);
});

test('no audio is owed when all that was given may have been said by a faster voice', () => {
  const progress = reading({ marksSentences: false });
  assert.equal(progress.owesAudio, true);
  progress.hear(1_500, false);
  assert.equal(progress.owesAudio, true);
  progress.hear(500, false);
  assert.equal(progress.owesAudio, false);
});

test('far too little audio is noticed', () => {
  const progress = reading({ marksSentences: false });
  progress.hear(1_000, false);
  assert.equal(progress.isCutShort, true);
  progress.hear(500, false);
  assert.equal(progress.isCutShort, false);
});

test('the pace is measured from enough text, in which a digit counts as a word', () => {
  const short = reading({ marksSentences: false });
  short.hear(3_000, false);
  assert.equal(short.measuredMsPerLetter, undefined);
  const long = new PlayoutEstimate({ marksSentences: false });
  long.add('Call 206 555 0100.');
  long.hear(4_400, false);
  assert.equal(long.measuredMsPerLetter, 100);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage, toSpeechEvent } from '../../../../agent/speech/stt/deepgram-results.ts';

const heard = { transcript: 'a skid steer', confidence: 0.9, words: [] };
const results = (changed: object) =>
  readMessage(
    JSON.stringify({
      type: 'Results',
      start: 0,
      duration: 1.2,
      is_final: true,
      channel: { alternatives: [heard] },
      metadata: { request_id: 'r1' },
      ...changed,
    }),
  );

const odd: Readonly<Record<string, object>> = {
  'no metadata': { metadata: undefined },
  'metadata of null': { metadata: null },
  'a confidence of null': { channel: { alternatives: [{ ...heard, confidence: null }] } },
  'no words by themselves': { channel: { alternatives: [{ ...heard, words: null }] } },
};
for (const [name, changed] of Object.entries(odd)) {
  test(`a transcript with ${name} is heard`, () => {
    const read = results(changed);
    if (typeof read === 'string') assert.fail(read);
    assert.equal(toSpeechEvent(read, 0)?.alternatives?.[0]?.text, 'a skid steer');
  });
}

test('a stretch without an alternative is one in which nothing was said', () => {
  const read = results({ channel: { alternatives: [] } });
  if (typeof read === 'string') assert.fail(read);
  assert.equal(toSpeechEvent(read, 0), undefined);
});

test('what has no transcript where one belongs is garbage', () => {
  assert.equal(results({ channel: { alternatives: [{ confidence: 0.9 }] } }), 'garbage');
  assert.equal(results({ channel: 'none' }), 'garbage');
  assert.equal(readMessage('{"type":"Results"}'), 'garbage');
  assert.equal(readMessage('<html>'), 'garbage');
});

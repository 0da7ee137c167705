import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AsyncIterableQueue } from '@livekit/agents';
import { SentenceStream } from '../../../../agent/speech/tts/sentence-stream.ts';

async function* inPieces(text: string): AsyncGenerator<string> {
  for (const piece of text.match(/.{1,3}/gs) ?? []) yield piece;
}

async function all(feed: SentenceStream): Promise<readonly string[]> {
  for (let i = 0; (await feed.at(i)) !== undefined; i += 1);
  return feed.sentences;
}

test('the sentences together are the text as it was written', async () => {
  const text =
    'We have it.  He said "two days." Right?\nThe 3.5 t one costs $245.50 a day... Shall I book it';
  const sentences = await all(new SentenceStream(inPieces(text)));
  assert.ok(sentences.length > 2, sentences.join('|'));
  assert.equal(sentences.join(''), text);
});

test('a sentence is there as soon as the next one begins', async () => {
  const written = new AsyncIterableQueue<string>();
  const feed = new SentenceStream(written);
  written.put('The first sentence. And');
  assert.equal(await feed.at(0), 'The first sentence.');
  assert.equal(feed.isOver, false);
  written.close();
  assert.equal(await feed.at(1), ' And');
  assert.equal(await feed.at(2), undefined);
  assert.equal(feed.isOver, true);
});

test('what no voice can pronounce is no sentence', async () => {
  assert.deepEqual(await all(new SentenceStream(inPieces(' ... — '))), []);
});

test('a sentence that is written by itself waits for no other, a very short one does', async () => {
  const written = new AsyncIterableQueue<string>();
  const feed = new SentenceStream(written);
  written.put('Sure. ');
  written.put('The first sentence. ');
  assert.match((await feed.at(0)) ?? '', /first sentence\./);
  assert.equal(feed.isOver, false);
  written.close();
  assert.equal((await all(feed)).join('').trim(), 'Sure. The first sentence.');
});

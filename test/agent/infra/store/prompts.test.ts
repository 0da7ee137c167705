import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPhrase, savePhrase } from '../../../../agent/infra/store/prompts.ts';
import { onBothDatabases } from './both-databases.ts';

const greeting = {
  key: 'greeting',
  text: 'Hello, this is the yard.',
  provider: 'deepgram',
  model: 'aura-2',
  voice: 'thalia',
  sampleRateHz: 24_000,
  pcm: Uint8Array.from({ length: 96_000 }, (_, i) => i % 251),
  createdAtMs: 1_700_000_000_000,
};

onBothDatabases(({ newStore }) => {
  test('a phrase comes back byte for byte', async () => {
    await using store = await newStore();
    assert.equal(await readPhrase(store, 'greeting'), undefined);
    await savePhrase(store, { ...greeting, pcm: new Uint8Array(2) });
    await savePhrase(store, greeting);
    assert.deepEqual(await readPhrase(store, 'greeting'), greeting);
  });

  test('its bytes can be viewed as samples, and written from a slice', async () => {
    await using store = await newStore();
    await savePhrase(store, { ...greeting, pcm: Buffer.from([9, 1, 0, 2, 0]).subarray(1) });
    const phrase = await readPhrase(store, 'greeting');
    assert.ok(phrase);
    assert.deepEqual([...new Int16Array(phrase.pcm.buffer)], [1, 2]);
  });
});

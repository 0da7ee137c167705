import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soakCalls } from '../../soak/calls.ts';

/** Of the thirty minutes that `npm run soak` makes of it. */
const minutes = 2;

test('calls under a fault each minute all end for a reason, and leave nothing behind', async () => {
  const progress: string[] = [];
  const found = await soakCalls({ minutes, seed: 1, onProgress: (line) => progress.push(line) });
  assert.equal(found.ok, true, [...progress, JSON.stringify(found)].join('\n'));
});

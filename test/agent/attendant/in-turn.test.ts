import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inTurn } from '../../../agent/attendant/in-turn.ts';

test('so many run at a time, in their order, and one that fails makes room as well', async () => {
  const run = inTurn(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const all = ends.map(({ promise }, nth) =>
    run(() => {
      begun.push(nth);
      return promise;
    }).catch(() => -1),
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  await settle();
  assert.deepEqual(begun, [0, 1]);
  ends[1]?.reject(new Error('no room'));
  await settle();
  assert.deepEqual(begun, [0, 1, 2]);
  for (const [nth, { resolve }] of ends.entries()) resolve(nth);
  assert.deepEqual(await Promise.all(all), [0, -1, 2, 3, 4]);
  assert.equal(await run(async () => 5), 5);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { searchCases } from '../../cases/search.ts';

const yards = ['hilltop', 'prairie', 'ironworks'];

for (const list of [...yards, ...yards.map((name) => `${name}-later`)]) {
  test(`callers of ${list} find what they ask for, and nothing unlike it`, async () => {
    const path = fileURLToPath(new URL(`../../cases/search/${list}.json`, import.meta.url));
    const results = await searchCases(path, {});
    assert.deepEqual(
      results.filter(({ ok }) => !ok).map(({ asks, named, says }) => ({ asks, named, says })),
      [],
    );
  });

  test(`callers of ${list} hear answers that can be kept in mind`, async () => {
    const path = fileURLToPath(new URL(`../../cases/search/${list}.json`, import.meta.url));
    const results = await searchCases(path, {});
    const tooLong = results.filter(({ says }) => says.split(' ').length > 25);
    assert.deepEqual(
      tooLong.map(({ says }) => says),
      [],
    );
  });
}

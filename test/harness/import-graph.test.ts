import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { circles, importGraph } from './import-graph.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'import-graph-'));
  await mkdir(join(root, 'a', 'b'), { recursive: true });
});

afterEach(() => rm(root, { recursive: true }));

const write = (file: string, text: string) => writeFile(join(root, file), text);
const targetsOf = (file: string) => [...(importGraph(root, ['a']).get(file) ?? [])].sort();

test('imports of values, types, effects and on demand are found, over several lines too', async () => {
  await write(
    'a/b/one.ts',
    `import timers from 'node:timers/promises';
import { two } from '../two.ts';
import type { Three } from './three.ts';
import {
  four,
  type Four,
} from '../four.ts';
import '../five.ts';
export { six } from '../six.ts';
export type Seven = import('../seven.ts').Seven;
const eight = async () => (await import('../eight.ts')).eight;
const text = "import { nine } from '../nine.ts'";
// See import('../ten.ts').
 * See import('../eleven.ts').
`,
  );
  const found = ['two', 'b/three', 'four', 'five', 'six', 'seven', 'eight'];
  assert.deepEqual(targetsOf('a/b/one.ts'), found.map((name) => `a/${name}.ts`).sort());
});

test('a circle is told of once, as the shortest way back', async () => {
  await write('a/one.ts', `import { two } from './two.ts';`);
  await write('a/two.ts', `import { three } from './three.ts';\nimport { four } from './four.ts';`);
  await write('a/three.ts', `import type { One } from './one.ts';`);
  await write('a/four.ts', '');
  assert.deepEqual(circles(importGraph(root, ['a'])), [
    ['a/one.ts', 'a/two.ts', 'a/three.ts', 'a/one.ts'],
  ]);
});

test('files that only share what they import are no circle', async () => {
  await write('a/one.ts', `import { two } from './two.ts';\nimport { three } from './three.ts';`);
  await write('a/two.ts', `import { three } from './three.ts';`);
  await write('a/three.ts', '');
  assert.deepEqual(circles(importGraph(root, ['a'])), []);
});

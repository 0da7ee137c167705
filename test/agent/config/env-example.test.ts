import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ConfigError, loadConfig } from '../../../agent/config/config.ts';
import { settingNames } from '../../../agent/config/schema.ts';
import { formatted, generatedPages } from '../../docs.ts';
import { minimalEnvironment } from '../../harness/environment.ts';

const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');

type Entry = { readonly name: string; readonly value: string; readonly isCommentedOut: boolean };

const entries: readonly Entry[] = [...text.matchAll(/^(# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
  ([, comment, name = '', value = '']) => ({ name, value, isCommentedOut: comment !== undefined }),
);
const names = entries.map((entry) => entry.name);

test('.env.example has every setting, once, and nothing else', () => {
  assert.deepEqual([...names].sort(), [...settingNames].sort());
});

test('.env.example has what is required first, and open to be filled in', () => {
  const required = namesIn(() => loadConfig({}));
  const open = entries.filter((entry) => !entry.isCommentedOut);
  assert.deepEqual(
    open.map((entry) => entry.name),
    required,
  );
  assert.deepEqual(names.slice(0, required.length), required);
  assert.ok(open.every((entry) => entry.value === ''));
});

test('.env.example shows the defaults', () => {
  const defaults = Object.fromEntries(
    entries.filter((entry) => entry.isCommentedOut).map(({ name, value }) => [name, value]),
  );
  const bare = minimalEnvironment();
  assert.deepEqual(loadConfig({ ...defaults, ...bare }), loadConfig(bare));
});

function namesIn(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.split(' ')[0] ?? '');
  }
  return assert.fail('the environment was usable');
}

test('the pages that are written from the schema are as the schema is', async () => {
  for (const [path, page] of Object.entries(generatedPages)) {
    const kept = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
    const written = path.endsWith('.md') ? await formatted(page) : page;
    assert.equal(kept, written, `${path} is out of date: npm run docs`);
  }
});

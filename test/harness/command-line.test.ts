import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Each as package.json calls it, in an environment without a setting. */
const commands = [
  'test/demo.ts',
  'test/faults/faults.ts',
  'test/soak/soak.ts',
  'test/bench/bench.ts',
  'test/cases/cases.ts',
];

async function run(file: string, ...args: readonly string[]) {
  const { PATH = '' } = process.env;
  return promisify(execFile)(process.execPath, [file, ...args], { cwd: root, env: { PATH } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => {
      return { code, stdout, stderr };
    },
  );
}

for (const file of commands) {
  test(`${file} --help says how it is used, whatever else was given`, async () => {
    const { code, stdout, stderr } = await run(file, '--help', '--bogus');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^npm run \w+ -- /);
  });

  test(`${file} tells a wrong option in one line`, async () => {
    const { code, stdout, stderr } = await run(file, '--bogus');
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^[^\n]*--bogus[^\n]*\n$/);
  });
}

for (const [file, args] of [
  ['test/demo.ts', ['--calls', 'many']],
  ['test/demo.ts', ['--script', 'nothing']],
  ['test/demo.ts', ['stray']],
  ['test/faults/faults.ts', ['--suite', 'nothing']],
  ['test/faults/faults.ts', ['--suite', 'call', '--case', 'nothing']],
  ['test/soak/soak.ts', ['--suite', 'calls', '--minutes', '-1']],
  ['test/bench/bench.ts', ['--suite', 'call', '--pairs', '1.5']],
  ['test/cases/cases.ts', ['nothing', 'file']],
] as const) {
  test(`${file} refuses ${args.join(' ')} before it starts anything`, async () => {
    const { code, stdout, stderr } = await run(file, ...args);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^[^\n]+\n$/);
  });
}

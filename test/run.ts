import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { UsageError, commandLine, runCommand } from './harness/command-line.ts';
import { startPostgres, sharedPostgres } from './harness/yard/postgres.ts';

/** `npm test` and its like: the parts named, one after another, each to its end; then what came of them. */

/** Files of tests: so many at once, for so long each. */
type Tests = {
  readonly files: readonly string[];
  /** Names of the files that take longest, which begin first: none of them is waited for alone. */
  readonly longest?: readonly string[];
  /** More than there are cores only where most of the time is spent waiting. */
  readonly atOnce: number;
  readonly mostMs: number;
};

/** The sound of a call breaks up when there are too many for the cores: two at once is what two bear. */
const onTheStack = { atOnce: 2, mostMs: 600_000 };
const inProcess = { atOnce: 3, mostMs: 300_000 };

/** Which cases of a fault suite are smoke and which full, `stack/cases.ts` says. */
const parts = {
  static: null,
  unit: {
    files: ['test/*.test.ts', 'test/{agent,tools}/**/*.test.ts'],
    longest: [
      'consent',
      'sheet-writer',
      'staff-edits',
      'writer-killed',
      'no-double-sale',
      'journal',
    ],
    ...inProcess,
  },
  smoke: {
    files: ['test/stack/smoke/*.test.ts'],
    longest: ['calls', 'conversation', 'survival', 'attendant'],
    ...onTheStack,
  },
  doubles: { files: ['test/{harness,faults}/**/*.test.ts'], ...inProcess },
  full: {
    files: ['test/stack/full/*.test.ts', 'test/evals/*.test.ts'],
    // Some of its calls come several at once, and starve beside another stack.
    ...onTheStack,
    atOnce: 1,
  },
} satisfies Readonly<Record<string, Tests | null>>;

type Part = keyof typeof parts;
const names = Object.keys(parts) as readonly Part[];

/** Side by side, for they wait for each other's cores less than for the disk. */
const staticChecks = ['format:check', 'lint', 'typecheck', 'knip'];

const root = fileURLToPath(new URL('..', import.meta.url));

const { positionals } = commandLine({
  usage: `npm run test:part -- PART...     any of ${names.join(', ')}`,
  options: {},
  takesArguments: true,
});

/** Prints what a check has to say only when it failed. */
async function check(script: string): Promise<boolean> {
  const child = spawn('npm', ['run', '-s', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  process.stdout.write(code === 0 ? `${script} holds\n` : `${out}${errors}${script} FAILED\n`);
  return code === 0;
}

async function test({ files, longest = [], atOnce, mostMs }: Tests): Promise<boolean> {
  const rank = (file: string) => {
    const at = longest.indexOf(basename(file, '.test.ts'));
    return at < 0 ? longest.length : at;
  };
  const inOrder = globSync(files, { cwd: root })
    .toSorted()
    .toSorted((a, b) => rank(a) - rank(b));
  // Ended by somebody, it takes its tests along.
  const ended = new AbortController();
  const end = () => ended.abort();
  process.once('SIGTERM', end);
  const { signal } = ended;
  const tests = run({ cwd: root, files: inOrder, concurrency: atOnce, timeout: mostMs, signal });
  let failed = 0;
  tests.on('test:fail', () => (failed += 1));
  for await (const line of tests.compose(new spec())) process.stdout.write(line as string);
  process.off('SIGTERM', end);
  return failed === 0 && !signal.aborted;
}

await runCommand(async () => {
  const wanted = positionals.map((name) => {
    const part = names.find((known) => known === name);
    if (!part) throw new UsageError(`There is no part "${name}", but ${names.join(', ')}`);
    return part;
  });
  if (wanted.length === 0) throw new UsageError(`A part must be named: ${names.join(', ')}`);
  await using postgres = await startPostgres();
  Object.assign(process.env, sharedPostgres(postgres), {
    // Of the next run too: each of some hundred files loads much the same.
    NODE_COMPILE_CACHE: join(tmpdir(), 'pickup-compile-cache'),
  });
  const ends: { readonly part: Part; readonly ok: boolean; readonly seconds: number }[] = [];
  for (const part of wanted) {
    const startedMs = performance.now();
    const tests = parts[part];
    const ok = tests
      ? await test(tests)
      : (await Promise.all(staticChecks.map(check))).every((holds) => holds);
    ends.push({ part, ok, seconds: Math.round((performance.now() - startedMs) / 1_000) });
  }
  for (const { part, ok, seconds } of ends) {
    process.stdout.write(`${part.padEnd(8)} ${ok ? 'passed' : 'FAILED'} in ${seconds} s\n`);
  }
  return ends.every(({ ok }) => ok);
});

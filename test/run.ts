import { spawn, type ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { UsageError, commandLine, runCommand } from './harness/command-line.ts';
import { startPostgres, sharedPostgres } from './harness/yard/postgres.ts';

/**
 * `npm test` and its like: the parts named, one after another, each to its end; then what came of them.
 * A file that fails is run once more by itself, and named as such: calls are held in real time, and on
 * a machine that is busy with something else the machine may be what failed.
 */

/** Files of tests: so many at once, for so long each. */
type Tests = {
  readonly files: readonly string[];
  /** Names of the files that take longest, which begin first: none of them is waited for alone. */
  readonly longest?: readonly string[];
  /** Names of the files whose calls come several at once, and starve beside another stack. */
  readonly alone?: readonly string[];
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
    longest: ['calls', 'survival', 'bookings'],
    alone: ['attendant', 'hang-ups', 'worker-faults', 'demo', 'conversation', 'consent', 'evals'],
    ...onTheStack,
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

/** How a part ended, and the files that passed only when they were run once more. */
type Outcome = { readonly ok: boolean; readonly again: readonly string[] };

/** A file that is told to end and does not, for its last hooks hang, is killed after this. */
const hangMs = 60_000;

/** Resolves to the files of which a test failed. */
async function runFiles(
  files: readonly string[],
  { atOnce, mostMs, signal }: Pick<Tests, 'atOnce' | 'mostMs'> & { readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const failed = new Set<string>();
  const tests = run({ cwd: root, files, concurrency: atOnce, timeout: mostMs, signal });
  tests.on('test:fail', ({ file, name }) => failed.add(relative(root, file ?? name)));
  for await (const line of tests.compose(new spec())) process.stdout.write(line as string);
  return [...failed];
}

async function test({ files, longest = [], alone = [], atOnce, mostMs }: Tests): Promise<Outcome> {
  const nameOf = (file: string) => basename(file, '.test.ts');
  const rank = (file: string) => {
    const at = longest.indexOf(nameOf(file));
    return at < 0 ? longest.length : at;
  };
  const inOrder = globSync(files, { cwd: root })
    .toSorted()
    .toSorted((a, b) => rank(a) - rank(b));
  // Ended by somebody, it takes its tests along.
  const ended = new AbortController();
  const { signal } = ended;
  const end = () => ended.abort();
  const killWhenHung = (message: unknown) => {
    const { process: child } = message as { readonly process: ChildProcess };
    const killing = setTimeout(() => child.kill('SIGKILL'), mostMs + hangMs).unref();
    child.once('exit', () => clearTimeout(killing));
  };
  process.once('SIGTERM', end);
  subscribe('child_process', killWhenHung);
  const isAlone = (file: string) => alone.includes(nameOf(file));
  const others = inOrder.filter((file) => !isAlone(file));
  const failed = [
    ...(await runFiles(inOrder.filter(isAlone), { atOnce: 1, mostMs, signal })),
    ...(await runFiles(others, { atOnce, mostMs, signal })),
  ];
  let stillFailed: readonly string[] = failed;
  if (failed.length > 0 && !signal.aborted) {
    process.stdout.write(`Once more, each by itself: ${failed.join(', ')}\n`);
    stillFailed = await runFiles(failed, { atOnce: 1, mostMs, signal });
  }
  process.off('SIGTERM', end);
  unsubscribe('child_process', killWhenHung);
  const ok = stillFailed.length === 0 && !signal.aborted;
  return { ok, again: failed.filter((file) => !stillFailed.includes(file)) };
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
  const ends: (Outcome & { readonly part: Part; readonly seconds: number })[] = [];
  for (const part of wanted) {
    const startedMs = performance.now();
    const tests = parts[part];
    const outcome = tests
      ? await test(tests)
      : { ok: (await Promise.all(staticChecks.map(check))).every((holds) => holds), again: [] };
    ends.push({ ...outcome, part, seconds: Math.round((performance.now() - startedMs) / 1_000) });
  }
  for (const { part, ok, seconds, again } of ends) {
    const second = again.length > 0 ? `, and only at the second time: ${again.join(', ')}` : '';
    process.stdout.write(
      `${part.padEnd(8)} ${ok ? 'passed' : 'FAILED'} in ${seconds} s${second}\n`,
    );
  }
  return ends.every(({ ok }) => ok);
});

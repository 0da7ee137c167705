import { execFileSync } from 'node:child_process';
import { styleText } from 'node:util';
import {
  commandLine,
  oneOf,
  runCommand,
  UsageError,
  wholeNumber,
} from '../harness/command-line.ts';
import { bookingSuite } from './bookings.ts';
import { callSuite } from './call.ts';
import type { FaultSuite, Outcome } from './fault-suite.ts';
import { survivalSuite } from './survival.ts';

/** `npm run faults -- --suite NAME`: shows that each fault of a suite leaves the promises kept. */

const suites: Readonly<Record<'bookings' | 'call' | 'survival', FaultSuite>> = {
  bookings: bookingSuite,
  call: callSuite,
  survival: survivalSuite,
};

const usage = `npm run faults -- --suite NAME [options]
  --suite NAME   ${Object.keys(suites).join(', ')}
  --case NAME    only this case, or those whose names begin so
  --runs N       how often each case is run (1)
  --seed N       draws what the callers of \`survival\` ask for (1)
  --logs DIR     keeps there what was logged and spoken in each case that does not hold
  --markdown     a table for docs/reliability.md, with the commit and the day
  --json         one JSON line a case on stdout, nothing else there`;

const { values } = commandLine({
  usage,
  options: {
    suite: { type: 'string' },
    case: { type: 'string', default: '' },
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    logs: { type: 'string' },
    markdown: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

async function main(): Promise<boolean> {
  const suite = suites[oneOf('suite', values.suite, ['bookings', 'call', 'survival'])];
  const exact = suite.names.filter((name) => name === values.case);
  const cases =
    exact.length > 0 ? exact : suite.names.filter((name) => name.startsWith(values.case));
  if (cases.length === 0) throw new UsageError(`--case: no case begins with "${values.case}"`);
  const runs = wholeNumber('runs', values.runs, 1);
  const seed = wholeNumber('seed', values.seed, 0);
  const isForPeople = !values.json && !values.markdown;
  if (isForPeople) process.stdout.write(`${row('case', suite.figures)}\n`);
  const names = Array.from({ length: runs }, () => cases).flat();
  const told: (Outcome & { readonly name: string })[] = [];
  const tell = (name: string, outcome: Outcome) => {
    told.push({ ...outcome, name });
    if (!values.markdown) print(suite, name, outcome);
    else if (outcome.why) process.stderr.write(`${name}: ${outcome.why}\n`);
  };
  await suite.run(names, tell, { seed, logsDir: values.logs ?? null });
  const held = told.filter(({ ok }) => ok).length;
  if (isForPeople) process.stdout.write(`\n${held} of ${names.length} cases hold\n`);
  if (values.markdown) process.stdout.write(markdownOf(suite, told));
  return held === names.length;
}

function print(
  { figures, tellsWhy }: FaultSuite,
  name: string,
  { ok, why, ...seen }: Outcome,
): void {
  const cells = figures.map((figure) => seen[figure] ?? null);
  if (values.json) {
    const shown = Object.fromEntries(figures.map((figure, at) => [figure, cells[at]]));
    const line = { case: name, ok, ...shown, ...(tellsWhy ? { why } : {}) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    if (why && !tellsWhy) process.stderr.write(`${name}: ${why}\n`);
    return;
  }
  const mark = styleText(ok ? 'green' : 'red', ok ? 'holds' : 'BROKEN');
  process.stdout.write(`${row(name, cells)}  ${mark}${why ? `  ${why}` : ''}\n`);
}

/** What was measured as a table, under the commit and the day that it was measured on. */
function markdownOf(
  { figures }: FaultSuite,
  told: readonly (Outcome & { readonly name: string })[],
): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const day = new Date().toISOString().slice(0, 10);
  const held = told.filter(({ ok }) => ok).length;
  const cell = (value: Outcome[string] | undefined) =>
    typeof value === 'number' ? value.toLocaleString('en-US') : String(value ?? '–');
  const lines = [
    ['Case', 'Holds', ...figures],
    ['---', '---', ...figures.map(() => '---')],
    ...told.map((seen) => [
      `\`${seen.name}\``,
      seen.ok ? 'yes' : '**no**',
      ...figures.map((figure) => cell(seen[figure])),
    ]),
  ].map((cells) => `| ${cells.join(' | ')} |`);
  return [`${held} of ${told.length} cases hold: ${commit}, ${day}.`, '', ...lines, ''].join('\n');
}

function row(name: string, cells: readonly Outcome[string][]): string {
  return [name.padEnd(44), ...cells.map((cell) => String(cell ?? '-').padEnd(13))].join(' ');
}

await runCommand(main);

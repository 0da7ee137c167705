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
  --json         one JSON line a case on stdout, nothing else there`;

const { values } = commandLine({
  usage,
  options: {
    suite: { type: 'string' },
    case: { type: 'string', default: '' },
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    logs: { type: 'string' },
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
  if (!values.json) process.stdout.write(`${row('case', suite.figures)}\n`);
  const names = Array.from({ length: runs }, () => cases).flat();
  let held = 0;
  const tell = (name: string, outcome: Outcome) => {
    if (outcome.ok) held += 1;
    print(suite, name, outcome);
  };
  await suite.run(names, tell, { seed, logsDir: values.logs ?? null });
  if (!values.json) process.stdout.write(`\n${held} of ${names.length} cases hold\n`);
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

function row(name: string, cells: readonly Outcome[string][]): string {
  return [name.padEnd(44), ...cells.map((cell) => String(cell ?? '-').padEnd(13))].join(' ');
}

await runCommand(main);

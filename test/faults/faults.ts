import { parseArgs, styleText } from 'node:util';
import { runCommand } from '../command-line.ts';
import { bookingFaults } from './bookings.ts';
import type { FaultCase, FaultOutcome } from './fault-case.ts';

/** `npm run faults -- --suite NAME`: shows that each fault of a suite leaves the promises kept. */

const suites: Readonly<Record<string, readonly FaultCase[]>> = { bookings: bookingFaults };

const usage = `npm run faults -- --suite NAME [options]
  --suite NAME   ${Object.keys(suites).join(', ')}
  --case NAME    only this case, or those whose names begin so
  --runs N       how often each case is run (1)
  --json         one JSON line a case on stdout, nothing else there`;

const { values } = parseArgs({
  options: {
    suite: { type: 'string' },
    case: { type: 'string', default: '' },
    runs: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<boolean> {
  const suite = suites[values.suite ?? ''];
  if (!suite) throw new Error('--suite must name a suite');
  const cases = suite.filter(({ name }) => name.startsWith(values.case));
  if (cases.length === 0) throw new Error(`--case: no case begins with "${values.case}"`);
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs must be a whole number above 0');
  if (!values.json) process.stdout.write(`${row('case', 'spoken', 'sheet', 'journal', 'ms')}\n`);
  const queue = Array.from({ length: runs }, () => cases).flat();
  const broken: string[] = [];
  // Two at a time: most of a case is waiting for a back-off, or for a process to start.
  const lanes = Array.from({ length: 2 }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const outcome = await next.run().catch(failed);
      if (!outcome.ok) broken.push(next.name);
      print(next.name, outcome);
    }
  });
  await Promise.all(lanes);
  if (!values.json) {
    const all = runs * cases.length;
    process.stdout.write(`\n${all - broken.length} of ${all} cases hold\n`);
  }
  return broken.length === 0;
}

function failed(error: unknown): FaultOutcome {
  const why = error instanceof Error ? error.message : String(error);
  return { ok: false, spoken: null, rowsInSheet: null, inJournal: null, ms: null, why };
}

function print(name: string, outcome: FaultOutcome): void {
  const { ok, spoken, rowsInSheet, inJournal, ms, why } = outcome;
  if (values.json) {
    const line = { case: name, ok, spoken, rowsInSheet, inJournal, ms, why };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const mark = styleText(ok ? 'green' : 'red', ok ? 'holds' : 'BROKEN');
  const text = row(name, spoken ?? '-', rowsInSheet ?? '-', inJournal ?? '-', ms ?? '-');
  process.stdout.write(`${text}  ${mark}${why ? `  ${why}` : ''}\n`);
}

function row(name: string, ...cells: readonly (string | number)[]): string {
  return [name.padEnd(44), ...cells.map((cell) => String(cell).padEnd(10))].join(' ');
}

await runCommand({ help: values.help, usage, main, brokenCode: 2 });

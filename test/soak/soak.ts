import {
  commandLine,
  oneOf,
  runCommand,
  UsageError,
  wholeNumber,
} from '../harness/command-line.ts';
import { soakBookings } from './bookings.ts';
import { soakCalls } from './calls.ts';

/** `npm run soak -- --suite NAME`: many at once under random faults, drawn from `--seed`. */

const usage = `npm run soak -- --suite bookings|calls [options]
  --seed N        draws what is left to chance (1)
  --json          one JSON line on stdout, nothing else there

  of calls, one after another, with a fault each minute:
  --minutes N     how long they go on, in whole minutes or parts of them (30)

  of bookings:
  --callers N     callers who want the same machine on the same days, at once (50)
  --units N       machines of that kind (1)
  --classes       they are one row of the sheet, with a quantity, instead of a row each
  --machines N    supervisors over the one store (2)
  --processes N   processes that the callers are spread over (10)
  --kills N       how often the writer's supervisor is killed, at least (3)

Bookings are in a SQLite file in a temporary folder, or the empty Postgres database that DATABASE_URL names.`;

const { values } = commandLine({
  usage,
  options: {
    suite: { type: 'string' },
    callers: { type: 'string', default: '50' },
    units: { type: 'string', default: '1' },
    classes: { type: 'boolean', default: false },
    machines: { type: 'string', default: '2' },
    processes: { type: 'string', default: '10' },
    kills: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

function number(name: 'callers' | 'units' | 'machines' | 'processes' | 'kills' | 'seed'): number {
  return wholeNumber(name, values[name], name === 'kills' || name === 'seed' ? 0 : 1);
}

const onProgress = (line: string) => void process.stderr.write(`${line}\n`);

type Soaked = { readonly ok: boolean; readonly [figure: string]: unknown };

const suites: Readonly<Record<'bookings' | 'calls', () => Promise<Soaked>>> = {
  bookings: () => {
    const callers = number('callers');
    return soakBookings({
      callers,
      units: number('units'),
      isClass: values.classes,
      machines: number('machines'),
      processes: Math.min(number('processes'), callers),
      kills: number('kills'),
      seed: number('seed'),
      databaseUrl: process.env['DATABASE_URL'],
      onProgress,
    });
  },
  calls: () => {
    const minutes = Number(values.minutes);
    if (!(minutes > 0)) throw new UsageError(`--minutes must be above 0, not "${values.minutes}"`);
    return soakCalls({ minutes, seed: number('seed'), onProgress });
  },
};

async function main(): Promise<boolean> {
  const soak = suites[oneOf('suite', values.suite, ['bookings', 'calls'])];
  const { ok, ...report } = await soak();
  const lines = Object.entries(report).map(
    ([name, value]) =>
      `  ${name.padEnd(16)} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const text = [...lines, ok ? '  it holds' : '  it does NOT hold'].join('\n');
  process.stdout.write(`${values.json ? JSON.stringify(report) : text}\n`);
  return ok;
}

await runCommand(main);

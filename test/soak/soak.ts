import { parseArgs } from 'node:util';
import { runCommand } from '../command-line.ts';
import { soakBookings } from './bookings.ts';

/** `npm run soak -- --suite NAME`: many at once under random faults, drawn from `--seed`. */

const usage = `npm run soak -- --suite bookings [options]
  --callers N     callers who want the same machine on the same days, at once (50)
  --units N       machines of that kind (1)
  --machines N    supervisors over the one store (2)
  --processes N   processes that the callers are spread over (10)
  --kills N       how often the writer's supervisor is killed, at least (3)
  --seed N        draws the moments of the kills (1)
  --json          one JSON line on stdout, nothing else there

A SQLite file in a temporary folder, or the empty Postgres database that DATABASE_URL names.`;

const { values } = parseArgs({
  options: {
    suite: { type: 'string' },
    callers: { type: 'string', default: '50' },
    units: { type: 'string', default: '1' },
    machines: { type: 'string', default: '2' },
    processes: { type: 'string', default: '10' },
    kills: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function number(name: 'callers' | 'units' | 'machines' | 'processes' | 'kills' | 'seed'): number {
  const value = Number(values[name]);
  const least = name === 'kills' || name === 'seed' ? 0 : 1;
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`--${name} must be a whole number from ${least} up`);
}

async function main(): Promise<boolean> {
  if (values.suite !== 'bookings') throw new Error('--suite must be bookings');
  const callers = number('callers');
  const { ok, ...report } = await soakBookings({
    callers,
    units: number('units'),
    machines: number('machines'),
    processes: Math.min(number('processes'), callers),
    kills: number('kills'),
    seed: number('seed'),
    databaseUrl: process.env['DATABASE_URL'],
    onProgress: (line) => void process.stderr.write(`${line}\n`),
  });
  const lines = Object.entries(report).map(([name, value]) => `  ${name.padEnd(12)} ${value}`);
  const text = [...lines, ok ? '  it holds' : '  it does NOT hold'].join('\n');
  process.stdout.write(`${values.json ? JSON.stringify(report) : text}\n`);
  return ok;
}

await runCommand({ help: values.help, usage, main, brokenCode: 2 });

import { commandLine, oneOf, runCommand, wholeNumber } from '../harness/command-line.ts';
import { benchBurst, burstNames } from './burst.ts';
import { benchCall } from './call.ts';
import { benchDesk, benchLiveDesk } from './desk.ts';
import { benchInventory } from './inventory.ts';
import { benchMemory, memoryVariants } from './memory.ts';
import { benchSurvival } from './survival.ts';
import { benchLongCall, benchTurns } from './turns.ts';

/** `npm run bench -- --suite NAME`: measures, and prints one line; `burst` one for each burst, `desk` one for each page and database. */

const usage = `npm run bench -- --suite burst|call|desk|inventory|memory|survival|turns [options]
  --pairs N      pairs, of calls or of turns with the sheet hanging and with it healthy (30)
  --seed N       draws the order within the pairs (1)
  --json         one JSON line on stdout, nothing else there

  of burst alone:
  --burst NAME   one of ${burstNames.join(', ')} (all)

  of desk alone:
  --ledger N     calls in the store (100000)
  --requests N   requests of each page (60)
  --live         instead, pairs of turns of live calls while pages are read and while none is

  of inventory alone:
  --calls N      whole calls over which the readings of the sheet are counted (100)
  --together N   of them at the same time (2)
  --rounds N     rounds of 20 bookings at once (20)
  --starts N     starts of a job process of each kind (7)

  of memory alone:
  --only NAME    as it is (after), or without the flags that make it small (before) (both)

  of survival alone:
  --runs N       killed jobs, and planned hand-overs (20)

  of turns alone:
  --rentals N    rental calls with each of the rules (6)
  --paused N     turns with pauses, with each of them; 30 at most (30)
  --long N       instead, one call of so many turns: what turn 5 and the last one cost`;

const { values } = commandLine({
  usage,
  options: {
    suite: { type: 'string' },
    burst: { type: 'string' },
    only: { type: 'string' },
    calls: { type: 'string', default: '100' },
    ledger: { type: 'string', default: '100000' },
    requests: { type: 'string', default: '60' },
    live: { type: 'boolean', default: false },
    together: { type: 'string', default: '2' },
    pairs: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '20' },
    starts: { type: 'string', default: '7' },
    runs: { type: 'string', default: '20' },
    rentals: { type: 'string', default: '6' },
    paused: { type: 'string', default: '30' },
    long: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

type NumberName =
  | 'calls'
  | 'ledger'
  | 'requests'
  | 'together'
  | 'pairs'
  | 'rounds'
  | 'starts'
  | 'runs'
  | 'rentals'
  | 'paused'
  | 'seed';

const number = (name: NumberName) => wholeNumber(name, values[name], 1);

const onProgress = (line: string) => void process.stderr.write(`${line}\n`);

function print(result: object): void {
  const lines = Object.entries(result).map(
    ([name, value]) => `  ${name.padEnd(24)} ${JSON.stringify(value)}`,
  );
  process.stdout.write(`${values.json ? JSON.stringify(result) : lines.join('\n')}\n`);
}

const names = ['burst', 'call', 'desk', 'inventory', 'memory', 'survival', 'turns'] as const;
const suites: Readonly<Record<(typeof names)[number], () => Promise<object | void>>> = {
  burst: () => {
    const { burst } = values;
    const only = burst === undefined ? null : oneOf('burst', burst, burstNames);
    return benchBurst({ only, onProgress, onLine: print });
  },
  call: () => benchCall({ pairs: number('pairs'), seed: number('seed'), onProgress }),
  desk: () => {
    const calls = number('ledger');
    if (!values.live) {
      return benchDesk({ calls, requests: number('requests'), onProgress, onLine: print });
    }
    return benchLiveDesk({ calls, pairs: number('pairs'), seed: number('seed'), onProgress });
  },
  inventory: () =>
    benchInventory({
      calls: number('calls'),
      together: number('together'),
      pairs: number('pairs'),
      rounds: number('rounds'),
      starts: number('starts'),
      seed: number('seed'),
      onProgress,
    }),
  memory: () => {
    const { only } = values;
    const variants = only === undefined ? memoryVariants : [oneOf('only', only, memoryVariants)];
    return benchMemory({ variants, onProgress });
  },
  survival: () => benchSurvival({ runs: number('runs'), seed: number('seed'), onProgress }),
  turns: () => {
    const { long } = values;
    if (long !== undefined) {
      return benchLongCall({ turns: wholeNumber('long', long, 10), onProgress });
    }
    return benchTurns({
      calls: number('rentals'),
      paused: number('paused'),
      seed: number('seed'),
      onProgress,
    });
  },
};

async function main(): Promise<boolean> {
  const result = await suites[oneOf('suite', values.suite, names)]();
  if (result) print(result);
  return true;
}

await runCommand(main);

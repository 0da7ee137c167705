import { enableCompileCache, flushCompileCache } from 'node:module';
import {
  compileCacheIn,
  ConfigError,
  loadConfig,
  loadSheetConfig,
  loadStoreConfig,
} from './config/config.ts';
import type { Config } from './config/config.ts';
import { createLog } from './infra/log.ts';
import { eventLog, type Log } from './telemetry/events.ts';
import type { Supervisor } from './supervisor/supervisor.ts';
import { brokenRelations } from './config/timeouts.ts';

const usage = `Usage: node agent/main.ts COMMAND

  start       answers calls, as in production
  dev         the same, for development
  doctor      checks every setting, key and permission      (--help)
              --sheet: says of each row what a caller would hear
  bookings    lists bookings and messages from the store    (--help)
              --settle ROW: a row that cannot be read holds nothing more
  desk-password  makes DESK_PASSWORD_HASH from a password   (--help)
              --link: prints a link that opens the desk once
  privacy     export|erase --phone N: what is kept of a number
  backup      --out FOLDER, --restore FOLDER: the whole store
  setup-sip   creates or updates the SIP trunk and rule     (--help)
  setup-sheet makes or repairs the tabs of the yard's sheet  (--help)
`;

/** The command line is not usable; the message is one line for the person. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

async function main(): Promise<number> {
  const [command = '', ...args] = process.argv.slice(2);
  const { env } = process;
  const write = (text: string) => void process.stdout.write(text);
  // A module is loaded with the command that needs it: a bad environment is told of before that.
  switch (command) {
    case 'start':
    case 'dev':
      return readFlags(command, args, {}) ? start(loadConfig(), command === 'dev') : 0;
    case 'bookings': {
      const { runBookings } = await import('./cli/bookings.ts');
      return runBookings({ store: loadStoreConfig, args, write });
    }
    case 'desk-password': {
      const { runDeskPassword } = await import('./cli/desk-password.ts');
      return runDeskPassword({ env, store: loadStoreConfig, args, input: process.stdin, write });
    }
    case 'privacy': {
      const { runPrivacy } = await import('./cli/privacy.ts');
      return runPrivacy({ store: loadStoreConfig, args, write });
    }
    case 'backup': {
      const { runBackup } = await import('./cli/backup.ts');
      return runBackup({ store: loadStoreConfig, args, write });
    }
    case 'doctor': {
      const flags = readFlags(command, args, {
        sheet: 'reads the sheet alone, and says row by row what a caller would hear',
        json: 'one JSON object a line',
        'send-test': 'sends a signed event to the receiver of confirmations',
      });
      if (!flags) return 0;
      return (await import('./cli/doctor/doctor.ts')).runDoctor({
        env,
        json: flags.has('json'),
        readsSheet: flags.has('sheet'),
        sendsTest: flags.has('send-test'),
        write,
      });
    }
    case 'setup-sip': {
      const { runSetupSip } = await import('./cli/setup-sip/setup-sip.ts');
      const others = args.filter((arg) => arg !== '--json');
      const json = args.includes('--json');
      return runSetupSip({ config: loadConfig, env, args: others, json, write });
    }
    case 'setup-sheet': {
      const { runSetupSheet } = await import('./cli/setup-sheet/setup-sheet.ts');
      return runSetupSheet({ sheet: loadSheetConfig, args, write });
    }
    case '--help':
    case 'help':
      write(usage);
      return 0;
    default:
      process.stderr.write(command === '' ? usage : `There is no command ${command}.\n\n${usage}`);
      return 2;
  }
}

/**
 * The flags of those known, each with its meaning, that were given to a command, or undefined when its usage was asked for and written.
 * @throws {UsageError} naming the first that the command does not take.
 */
function readFlags<Flag extends string>(
  command: string,
  args: readonly string[],
  known: Readonly<Record<Flag, string>>,
): ReadonlySet<Flag> | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.keys forgets which keys
  const names = Object.keys(known) as Flag[];
  const takes = names.map((flag) => ` [--${flag}]`).join('');
  if (args.includes('--help')) {
    const meanings = names.map((flag) => `\n  --${flag.padEnd(8)}${known[flag]}`).join('');
    process.stdout.write(`Usage: npm run ${command} --${takes} [--help]\n`);
    if (meanings !== '') process.stdout.write(`${meanings}\n`);
    return undefined;
  }
  const flags = args.map((arg) => names.find((flag) => arg === `--${flag}`));
  const wrong = args[flags.indexOf(undefined)];
  if (wrong !== undefined) {
    throw new UsageError(`${command} does not take ${wrong}; it takes:${takes} [--help]`);
  }
  return new Set(flags.filter((flag) => flag !== undefined));
}

/**
 * Runs the service until a signal, and resolves with the exit code. With `isLocal` nothing of it is
 * reached from another machine.
 */
async function start(config: Config, isLocal: boolean): Promise<number> {
  const log = eventLog(createLog({ level: config.logLevel, secrets: config.secrets }));
  // A reader that is gone (the platform restarts its log collector) is not a reason to end calls.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  warnOfSettings(config, log);
  process.on('unhandledRejection', (error) =>
    log.emit('process.fault', { error }, 'supervisor-rejection'),
  );
  try {
    enableCompileCache(compileCacheIn(config.store.dataDir));
    const { Supervisor } = await import('./supervisor/supervisor.ts');
    // Node writes it at a process's exit only; the worker loads some of the same files.
    flushCompileCache();
    const starting = Supervisor.start(config, log, { isLocal });
    void starting.then(() => warnOfPlatform(config, log)).catch(() => {});
    return await serve(starting, log);
  } catch (error) {
    log.emit('service.failed', { error });
    return 1;
  }
}

function warnOfSettings({ timeouts }: Config, log: Log): void {
  for (const problem of brokenRelations(timeouts)) {
    log.emit('config.unusual', { problem }, 'budgets');
  }
}

/** Longer than any of its checks takes; nobody waits for it. */
const platformCheckMs = 10_000;

/** Says in the log what of the machine and its platform would harm calls. */
async function warnOfPlatform(config: Config, log: Log): Promise<void> {
  const { platformChecks } = await import('./config/platform-checks.ts');
  const { findingOf } = await import('./config/finding.ts');
  for (const check of platformChecks(config, process.env)) {
    const { status, detail, advice } = await findingOf(check, platformCheckMs);
    if (status === 'ok') continue;
    const problem = [detail, advice].join('. ');
    log.emit('config.unusual', { problem }, status === 'fail' ? 'unfit' : 'platform');
  }
}

/** EX_TEMPFAIL of sysexits.h: the platform's restart policy is to start the service anew. */
const startAnewCode = 75;

/** Signals count from the start on: a worker may be there before the supervisor is complete. */
function serve(starting: Promise<Supervisor>, log: Log): Promise<number> {
  return new Promise((resolve, reject) => {
    const drain = async (why: string) => (await starting).drain(why);
    starting.catch(reject);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => void drain(signal).then(resolve, reject));
    }
    void starting
      .then((supervisor) => supervisor.gaveUp)
      .then(() => drain('gave-up'))
      .then(() => resolve(startAnewCode), reject);
    let isFaulty = false;
    // Calls that are up go on; a platform that stops the machine with this process would end them.
    process.on('uncaughtException', (fault) => {
      log.emit('process.fault', { error: fault }, 'supervisor-exception');
      // Only a signal hurries a drain.
      if (isFaulty) return;
      isFaulty = true;
      void drain('uncaughtException').then(() => resolve(1), reject);
    });
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  } else {
    if (!(error instanceof ConfigError)) throw error;
    createLog({ level: 'error' }).error(
      { event: 'service.failed', code: error.code },
      error.message,
    );
    process.exitCode = 1;
  }
}
// A native handle or a socket of a library that outlives the drain must not keep the process.
process.exit();

import { runBookings } from './bookings-list.ts';
import { ConfigError, loadConfig, loadStoreConfig } from './config.ts';
import { createLog } from './log.ts';
import type { Log } from './log.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { brokenRelations } from './timeouts.ts';

const usage = `Usage: node agent/main.ts COMMAND

  start       answers calls, as in production
  dev         the same, for development
  doctor      checks every setting, key and permission      (--json)
  bookings    lists bookings and messages from the store    (--json, --retry, --resolve CODE)
  setup-sip   creates or updates the SIP trunk and rule     (--help)
`;

/** Runs the service until a signal, and resolves with the exit code. */
async function start(log: Log, config: ReturnType<typeof loadConfig>): Promise<number> {
  for (const problem of brokenRelations(config.timeouts)) {
    log.warn({ event: 'config.unusual', problem }, 'time budgets do not fit together');
  }
  if (config.platform === 'railway-volume') {
    const problem = 'a service with a volume has downtime at each deploy; DATABASE_URL avoids it';
    log.warn({ event: 'config.unusual', problem }, 'deploys have downtime');
  }
  const supervisor = await Supervisor.start(config, log);
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => void supervisor.drain(signal).then(resolve));
    }
  });
}

async function main(): Promise<number> {
  const [command = '', ...args] = process.argv.slice(2);
  switch (command) {
    case 'start':
    case 'dev': {
      const config = loadConfig();
      const log = createLog({ level: config.logLevel, secrets: config.secrets });
      process.on('unhandledRejection', (error) =>
        log.error({ event: 'process.fault', error }, 'unhandled rejection in the supervisor'),
      );
      try {
        return await start(log, config);
      } catch (error) {
        log.error({ event: 'service.failed', error }, 'service could not start');
        return 1;
      }
    }
    case 'bookings':
      return runBookings({
        store: loadStoreConfig(),
        args,
        write: (text) => process.stdout.write(text),
      });
    case 'doctor':
    case 'setup-sip':
      args satisfies string[];
      return 2;
    default:
      process.stderr.write(usage);
      return 2;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  createLog({ level: 'error' }).error({ event: 'service.failed', code: error.code }, error.message);
  process.exitCode = 1;
}
// A native handle or a socket of a library that outlives the drain must not keep the process.
process.exit();

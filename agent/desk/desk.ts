import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config/config.ts';
import { checkFallback, platformChecks } from '../config/platform-checks.ts';
import { createLog } from '../infra/log.ts';
import { storeOpener } from '../infra/store/database.ts';
import { createDeskToken, passwordKeyOf } from '../infra/store/desk-tokens.ts';
import { trustedProxies } from '../infra/trusted-proxies.ts';
import { eventLog } from '../telemetry/events.ts';
import { BrowserCalls } from './browser-calls.ts';
import { deskContext } from './context.ts';
import { deskServer } from './server.ts';

/**
 * The desk's process: serves the pages on a socket to which the supervisor passes requests. It ends
 * with the supervisor, and its own end costs nothing but a second of the pages.
 */

// Calls come first: pages that were read without a pause made the turns of live calls a tenth slower.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

/** Somebody comes back to a terminal that was left alone over a night. */
const linkMs = 24 * 3_600_000;

const { values } = parseArgs({
  options: {
    socket: { type: 'string', default: '' },
    port: { type: 'string', default: '' },
    local: { type: 'boolean', default: false },
  },
});
const { socket, port, local: isLocal } = values;
const config = loadConfig();
const { passwordHash } = config.desk;
const log = eventLog(createLog({ level: config.logLevel, secrets: config.secrets }));
const store = storeOpener(config.store);
const passwordKey = passwordKeyOf(passwordHash, randomUUID());

// The supervisor holds the other end: it is gone when this closes.
process.stdin.on('end', () => process.exit(0)).resume();
// The whole terminal's group gets a Ctrl-C; the supervisor ends us with itself.
process.on('SIGINT', () => {});
process.on('unhandledRejection', (error) => log.emit('process.fault', { error }, 'desk-rejection'));
process.on('uncaughtException', (error) => {
  log.emit('process.fault', { error }, 'desk-exception');
  process.exit(1);
});

const app = deskServer({
  context: deskContext({
    store,
    readyUrl: `http://127.0.0.1:${port}/readyz`,
    dataDir: config.store.dataDir,
    checks: [
      ...platformChecks(config, process.env),
      { name: 'fallback', run: () => checkFallback(config) },
    ],
  }),
  passwordHash,
  passwordKey,
  isLocal,
  trusted: trustedProxies(config.desk.trustedProxies),
  calls: new BrowserCalls(config),
  log,
});
await rm(socket, { force: true });
await app.listen({ path: socket });
if (isLocal) {
  const token = await createDeskToken(await store(), {
    kind: 'link',
    name: null,
    passwordKey,
    lifeMs: linkMs,
    nowMs: Date.now(),
  });
  process.stderr.write(`The desk, once: http://127.0.0.1:${port}/desk/link?token=${token}\n`);
}

import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { defaultCapacity, memoryForCalls, thisMachine, type Machine } from './capacity.ts';
import type { Config } from './config.ts';
import { fail, ok, warn, type Check, type Finding } from './finding.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Looks at what the service stands on, for the doctor and at each start; `env` as the service has it. */
export function platformChecks(config: Config, env: Environment): readonly Check[] {
  const { livekit, store } = config;
  return [
    { name: 'platform', run: () => checkDeploys(env, config) },
    { name: 'signals', run: () => checkSignals() },
    { name: 'capacity', run: () => checkCapacity(livekit) },
    { name: 'disk', run: () => checkDisk(store.dataDir) },
    { name: 'clock', address: 'LIVEKIT_URL', run: (signal) => checkClock(livekit.url, signal) },
  ];
}

/** Calls that are up end by themselves at a deploy. */
function checkDeploys(env: Environment, config: Config): Finding {
  const { platform, timeouts, drainGraceMs } = config;
  if (platform === 'other') return ok('not on Railway');
  if (platform === 'railway-volume') {
    return warn(
      'Railway with a volume: each deploy has downtime, and new calls are missed meanwhile',
      'Add a Postgres service and set DATABASE_URL to its address',
    );
  }
  const variable = 'RAILWAY_DEPLOYMENT_DRAINING_SECONDS';
  // More than the drain itself: what remains is ended, and its record written.
  const neededSeconds = Math.ceil((timeouts.drainMs + timeouts.closeMs) / 1_000);
  const advice = `Set ${variable} to ${Math.max(1_800, neededSeconds)} (or lower DRAIN_MS)`;
  const value = env[variable]?.trim();
  if (!value) {
    const detail = `${variable} is not set: without railway.json, which Railway stops reading on 2026-12-01, a deploy would cut calls`;
    return warn(detail, advice);
  }
  const explicit = env['DRAIN_GRACE_MS']?.trim();
  if (!(Number(value) >= (explicit ? drainGraceMs / 1_000 : 0))) {
    const detail = `${variable} is not as long as DRAIN_GRACE_MS, ${drainGraceMs / 1_000} s: Railway would cut calls that the drain still counts on`;
    return fail(detail, `${advice}, and leave DRAIN_GRACE_MS out: it follows from that`);
  }
  const graceSeconds = drainGraceMs / 1_000;
  if (graceSeconds < neededSeconds) {
    const detail = `${explicit ? 'DRAIN_GRACE_MS' : variable} is short: a call that no new deployment takes is ended with a sentence ${graceSeconds} s after a deploy`;
    return warn(detail, explicit ? `${advice}, and leave DRAIN_GRACE_MS out` : advice);
  }
  return ok(`Railway waits ${value} s for calls at a deploy`);
}

const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash', 'busybox', 'zsh']);

/**
 * A platform sends SIGTERM to process 1 alone. A shell does not pass it on, so that a deploy would
 * cut every call at once.
 */
export function checkSignals(first = nameOfFirstProcess()): Finding {
  if (first === null) return ok('not in a container of Linux');
  if (!shells.has(first)) return ok(`SIGTERM goes to ${first}`);
  return fail(
    `process 1 is a shell (${first}): it keeps SIGTERM to itself, and a deploy would cut calls`,
    'Start the service as `npm start`, or with `exec` in front of it',
  );
}

function nameOfFirstProcess(): string | null {
  try {
    return readFileSync('/proc/1/comm', 'utf8').trim();
  } catch {
    return null;
  }
}

/** The machine's memory carries the calls that are let in, and its cores answer them in time. */
export function checkCapacity(
  wanted: Pick<Config['livekit'], 'maxCalls' | 'numIdleProcesses'>,
  machine: Machine = thisMachine(),
): Finding {
  const { maxCalls, numIdleProcesses } = wanted;
  const needed = memoryForCalls(wanted);
  const { maxCalls: fits } = defaultCapacity(machine);
  const found = `${maxCalls} calls at once and ${numIdleProcesses} warm processes`;
  const has = `${machine.cores} cores and ${megabytes(machine.memoryBytes)}`;
  const advice = `Set MAX_CALLS to ${fits} (or leave it out), or take a larger machine`;
  if (needed > machine.memoryBytes) {
    return fail(`${found} need ${megabytes(needed)} of memory, and there are ${has}`, advice);
  }
  if (maxCalls > fits) return warn(`${found} are more than ${has} answer in time`, advice);
  return ok(`${found} fit ${has}`);
}

const fullBytes = 100 * 1_048_576;
const scarceBytes = 500 * 1_048_576;

/** The journal finds room on the disk of the data folder. */
export async function checkDisk(dataDir: string, free = freeBytes): Promise<Finding> {
  const bytes = await free(dataDir);
  if (bytes === null) return ok('the data folder is made at the first start');
  const detail = `${megabytes(bytes)} are free in the data folder`;
  const advice = 'Make room there, or enlarge the volume';
  if (bytes < fullBytes) return fail(`${detail}: bookings may not be kept`, advice);
  return bytes < scarceBytes ? warn(detail, advice) : ok(detail);
}

async function freeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** The server takes a token that is younger than its own clock by a minute (go-jose's leeway). */
const refusedMs = 60_000;
/** The server's `Date` has whole seconds, and the way takes time. */
const doubtfulMs = 5_000;

/** Our clock against LiveKit's, whose server believes no token from the future. */
async function checkClock(livekitUrl: string, signal: AbortSignal): Promise<Finding> {
  const askedAtMs = Date.now();
  const response = await fetch(livekitUrl.replace(/^ws/, 'http'), { method: 'HEAD', signal });
  const date = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(date)) return ok('LiveKit does not tell its time');
  return findingOfClock((askedAtMs + Date.now()) / 2 - date);
}

/** Judges a clock that is ahead of LiveKit's by so many ms; below 0, behind it. */
export function findingOfClock(aheadMs: number): Finding {
  const offMs = Math.abs(aheadMs);
  if (offMs < doubtfulMs) return ok("the clock agrees with LiveKit's");
  const way = aheadMs > 0 ? 'ahead of' : 'behind';
  const detail = `the clock is ${Math.round(offMs / 1_000)} s ${way} LiveKit's`;
  const advice = "Set the machine's clock by NTP";
  if (offMs < refusedMs) return warn(detail, advice);
  return fail(`${detail}: it refuses our tokens, and no call is answered`, advice);
}

/** Who calls while the machine, LiveKit or the platform is gone reaches somebody all the same. */
export function checkFallback({ carrierFallback }: Config): Finding {
  if (carrierFallback !== null) return ok('the carrier has an address for unanswered calls');
  return warn(
    'no fallback is declared: when this machine or LiveKit is gone, callers ring and reach nobody',
    'Set one at the carrier (docs/sip.md), and CARRIER_FALLBACK to it',
  );
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576).toLocaleString('en')} MB`;
}

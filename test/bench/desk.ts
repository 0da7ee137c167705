import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import timers from 'node:timers/promises';
import { promisify } from 'node:util';
import { runBookings } from '../../agent/cli/bookings.ts';
import { hashPassword } from '../../agent/infra/password.ts';
import { openStore } from '../../agent/infra/store/database.ts';
import { openDesk, cookiesOf, password } from '../agent/desk/open-desk.ts';
import type { StorePlace } from '../agent/infra/store/both-databases.ts';
import { eventually } from '../harness/eventually.ts';
import { startPostgres } from '../harness/yard/postgres.ts';
import { Yard } from '../harness/yard/yard.ts';
import { callIdOf, fillLedger, wordOfCall } from './desk-store.ts';
import { pairedTurns } from './inventory-turns.ts';
import { quantile, rounded } from './statistics.ts';

/** Options of the bench of the desk. */
type DeskBenchOptions = {
  /** Calls in the store, over 400 days. */
  readonly calls: number;
  /** Requests of each page. */
  readonly requests: number;
  readonly onProgress: (line: string) => void;
  readonly onLine: (line: object) => void;
};

const commandRuns = 5;
/** The first requests compile the program. */
const warmUps = 3;

/**
 * Fills SQLite and Postgres, and measures in each the server time of every page and of what
 * `npm run bookings` does, with the whole of that program; one line for each.
 */
export async function benchDesk(options: DeskBenchOptions): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-bench-'));
  try {
    await measure('sqlite', { dataDir }, options);
    await using postgres = await startPostgres({ fsync: true });
    const databaseUrl = await postgres.createDatabase();
    await measure('postgres', { dataDir, databaseUrl }, options);
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measure(
  database: string,
  place: StorePlace,
  { calls, requests, onProgress, onLine }: DeskBenchOptions,
): Promise<void> {
  const nowMs = Date.now();
  onProgress(`${database}: writing ${calls} calls`);
  {
    await using store = await openStore(place);
    await fillLedger(store, { calls, nowMs });
  }
  await using desk = await openDesk(place, { isLocal: true });
  const cookie = cookiesOf(await desk.post('/desk/sign-in', { password, name: 'Bench' }));
  const middle = `${nowMs - 200 * 86_400_000}~x`;
  const dayBefore = (days: number) =>
    new Date(nowMs - days * 86_400_000).toISOString().slice(0, 10);
  const day = dayBefore(30);
  const pages: Readonly<Record<string, (nth: number) => string>> = {
    now: () => '/desk',
    calls: () => '/desk/calls',
    'calls, old': () => `/desk/calls?cursor=${encodeURIComponent(middle)}`,
    'calls, failed': () => '/desk/calls?outcome=failed',
    'calls, never': () => '/desk/calls?reason=no-such-reason',
    'calls, digits': (nth) => `/desk/calls?digits=${1_000 + ((nth * 37) % 9_000)}`,
    'calls, two digits': (nth) => `/desk/calls?digits=${10 + (nth % 90)}`,
    'calls, rare word': (nth) => `/desk/calls?words=${wordOfCall(nth * 11)}`,
    'calls, common words': () => '/desk/calls?words=skid+steer',
    'calls, common word never': () => '/desk/calls?words=skid+steer&outcome=refused',
    'calls, booking and slow': () => '/desk/calls?booking=yes&slow=yes',
    'calls, days': () => `/desk/calls?from=${day}&to=${day}&message=yes`,
    call: (nth) => `/desk/call?id=${callIdOf(nth * 3)}`,
    bookings: () => '/desk/bookings',
    'bookings, confirmed': () => '/desk/bookings?state=confirmed',
    figures: () => '/desk/figures',
    'figures, two months': () => `/desk/figures?from=${dayBefore(61)}`,
    'figures, 400 days': () => '/desk/figures?from=2000-01-01',
  };
  for (const [page, address] of Object.entries(pages)) {
    const times: number[] = [];
    for (let nth = 0; nth < requests + warmUps; nth += 1) {
      const startedMs = performance.now();
      const { statusCode } = await desk.get(address(nth), cookie);
      times.push(performance.now() - startedMs);
      if (statusCode !== 200) throw new Error(`${page}: ${statusCode}`);
    }
    onLine({ suite: 'desk', database, calls, page, ...quantiles(times.slice(warmUps)) });
  }
  const commandMs: number[] = [];
  for (let run = 0; run < requests; run += 1) {
    const startedMs = performance.now();
    const { dataDir, databaseUrl = null } = place;
    await runBookings({ store: () => ({ dataDir, databaseUrl }), args: [], write: () => {} });
    commandMs.push(performance.now() - startedMs);
  }
  const whole = rounded(quantile(await timeCommand(place), 0.5), 0);
  onLine({
    suite: 'desk',
    database,
    calls,
    command: 'bookings',
    ...quantiles(commandMs),
    wholeP50Ms: whole,
  });
}

function quantiles(times: readonly number[]) {
  const [p50Ms, p95Ms] = [0.5, 0.95].map((share) => rounded(quantile(times, share), 1));
  return { p50Ms, p95Ms };
}

/** The whole program, from its start to its end. */
async function timeCommand({ dataDir, databaseUrl }: StorePlace): Promise<readonly number[]> {
  const main = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));
  const env = {
    ...process.env,
    DATA_DIR: dataDir,
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  };
  const times: number[] = [];
  for (let run = 0; run < commandRuns; run += 1) {
    const startedMs = performance.now();
    await promisify(execFile)(process.execPath, [main, 'bookings'], { env, maxBuffer: 2 ** 28 });
    times.push(performance.now() - startedMs);
  }
  return times;
}

/** How much slower the agent answers while somebody reads page after page of that desk. */
export async function benchLiveDesk({
  calls,
  pairs,
  seed,
  onProgress,
}: {
  readonly calls: number;
  readonly pairs: number;
  readonly seed: number;
  readonly onProgress: (line: string) => void;
}) {
  const passwordHash = await hashPassword(password);
  await using yard = await Yard.open({ env: { DESK_PASSWORD_HASH: passwordHash } });
  onProgress(`writing ${calls} calls`);
  {
    await using store = await openStore({ dataDir: yard.env['DATA_DIR'] ?? '' });
    await fillLedger(store, { calls, nowMs: Date.now() });
  }
  const service = yard.service();
  const { port } = await service.waitFor('service.started');
  await service.ready();
  const url = `http://127.0.0.1:${Number(port)}`;
  const signedIn = await eventuallySignedIn(url);
  const paths = ['/desk', '/desk/calls', '/desk/calls?words=skid+steer', '/desk/figures'];
  let isOn = false;
  let read = 0;
  const over = new AbortController();
  const reading = (async () => {
    while (!over.signal.aborted) {
      if (!isOn) {
        await timers.setTimeout(20);
        continue;
      }
      const path = paths[read % paths.length] ?? '';
      const page = await fetch(`${url}${path}`, { headers: { cookie: signedIn } });
      if (!page.ok || page.redirected) throw new Error(`${path}: ${page.status}`);
      await page.text();
      read += 1;
    }
  })();
  try {
    const disturb = (on: boolean) => void (isOn = on);
    const turns = await pairedTurns(yard, service, { pairs, seed, disturb });
    return { suite: 'desk', database: 'sqlite', calls, turnRatioPagesRead: turns, pagesRead: read };
  } finally {
    over.abort();
    await reading;
  }
}

/** The cookies of a desk whose process may still be starting. */
async function eventuallySignedIn(url: string): Promise<string> {
  let cookie = '';
  await eventually(
    'the desk lets us in',
    async () => {
      const answer = await fetch(`${url}/desk/sign-in`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: url },
        body: new URLSearchParams({ password, name: 'Bench' }),
      });
      await answer.body?.cancel();
      cookie = answer.headers
        .getSetCookie()
        .map((set) => set.split(';')[0] ?? '')
        .join('; ');
      return answer.status === 303;
    },
    60_000,
  );
  return cookie;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { YardList } from '../../agent/call/persistence/call-store.ts';
import { openStore } from '../../agent/infra/store/database.ts';
import { saveSnapshot } from '../../agent/infra/store/snapshots.ts';
import { inventorySnapshot, inventoryToJson } from '../../tools/sheet/read/inventory-snapshot.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { alternativesTo } from '../../tools/yard/alternatives.ts';
import { addDays } from '../../tools/yard/rental-dates.ts';
import { checkUnit } from '../../tools/yard/unit-facts.ts';
import { withJournal } from '../../tools/yard/with-journal.ts';
import { startPostgres } from '../harness/yard/postgres.ts';
import type { StorePlace } from '../agent/infra/store/both-databases.ts';
import { booking, inventory, unit } from '../tools/yard/example-yard.ts';
import type { CommitRounds } from './commit-process.ts';
import { quantile, rounded } from './statistics.ts';

const units = 5_000;
/** A busy season in the sheet; of those made on the phone, half are in it already. */
const sheetBookings = 2_000;
const journalBookings = 200;
const warmUps = 20;
const reads = 300;
const committers = 20;
/** Longer than any round takes. */
const roundMs = 500;

/**
 * How long a job takes to read the list of a huge yard that has just changed, with what was booked on
 * the phone, in milliseconds.
 */
export async function measureSnapshotRead(): Promise<number> {
  await using place = await newPlace();
  await using store = await openStore(place);
  await store.db.insertInto('bookings').values(journalRows()).execute();
  const json = inventoryToJson(hugeYard());
  const yardList = new YardList(async () => store);
  const times: number[] = [];
  for (let n = 0; n < warmUps + reads; n += 1) {
    await saveSnapshot(store, { name: inventorySnapshot, json, savedAtMs: n });
    const startedMs = performance.now();
    const list = await yardList.read();
    times.push(performance.now() - startedMs);
    const read = list?.bookings.length;
    if (read !== sheetBookings + journalBookings / 2) throw new Error(`${read} bookings were read`);
  }
  return rounded(quantile(times.slice(warmUps), 0.95), 2);
}

/** Rows of a yard that has kept its bookings for years. */
const longSheet = 25_000;
const asks = 300;

/**
 * How long an answer "not free, next free on" takes, with a machine that is free instead, of a list
 * with 25,000 bookings, in milliseconds. Each ask lays the journal's bookings over the list anew.
 */
export function measureNotFree(): number {
  const today = addDays(daysAhead(0), -1);
  const machines = hugeYard().units.map((one, n) => ({ ...one, category: `Category ${n % 50}` }));
  const bookings = Array.from({ length: longSheet }, (_, n) => {
    const start = addDays(today, Math.floor(n / units) * 7 - 14);
    const itemId = `U-${n % units}`;
    return booking(start, addDays(start, 6), { bookingId: `B-${n}`, itemId });
  });
  const list = inventory(machines, { bookings });
  const journal = Array.from({ length: journalBookings }, (_, n) => ({
    bookingId: `B-${longSheet - journalBookings / 2 + n}`,
    itemId: `U-${n}`,
    itemName: `Machine ${n}`,
    start: daysAhead(30 + n),
    end: daysAhead(30 + n),
    state: 'pending' as const,
  }));
  const times: number[] = [];
  for (let n = 0; n < warmUps + asks; n += 1) {
    const asked = machines[(n * 13) % units] ?? unit();
    const range = { start: addDays(today, n % 7), end: addDays(today, (n % 7) + 3) };
    const startedMs = performance.now();
    const snapshot = { ...withJournal(list, journal), today, currency: 'USD', isStale: false };
    const { availability, freeFrom } = checkUnit(asked, snapshot, range);
    alternativesTo(asked, range, snapshot);
    times.push(performance.now() - startedMs);
    if (availability.free || freeFrom === null) throw new Error(`${asked.itemId} was not held`);
  }
  return rounded(quantile(times.slice(warmUps), 0.95), 2);
}

function hugeYard(): Inventory {
  return inventory(
    Array.from({ length: units }, (_, n) => unit({ itemId: `U-${n}`, name: `Machine ${n}` })),
    {
      bookings: Array.from({ length: sheetBookings }, (_, n) =>
        booking(daysAhead(n), daysAhead(n), { bookingId: `B-${n}`, itemId: `U-${n}` }),
      ),
      hasBookingsTab: true,
    },
  );
}

function journalRows() {
  const inSheet = sheetBookings - journalBookings / 2;
  return Array.from({ length: journalBookings }, (_, n) => ({
    bookingId: `B-${inSheet + n}`,
    idempotencyKey: `key-${n}`,
    callId: `call-${n}`,
    itemId: `U-${inSheet + n}`,
    itemName: `Machine ${inSheet + n}`,
    startDay: daysAhead(n),
    endDay: daysAhead(n),
    customer: 'Jordan Sample',
    phone: '+15550142',
    phoneKey: '15550142',
    totalCents: 75_000,
    state: inSheet + n < sheetBookings ? ('confirmed' as const) : ('pending' as const),
    conflict: null,
    createdAtMs: n,
    changedAtMs: n,
    sentAtMs: null,
    resolvedAtMs: null,
  }));
}

/** The journal leaves out what has ended by the clock on the wall. */
function daysAhead(n: number): string {
  return addDays(new Date().toISOString().slice(0, 10), 1 + (n % 60));
}

/** How long the commit of a booking takes while 19 others commit, in milliseconds. */
export async function measureCommits({ rounds }: { readonly rounds: number }) {
  await using place = await newPlace();
  const sqlite = await commitP95(place, rounds);
  await using postgres = await startPostgres({ fsync: true });
  const databaseUrl = await postgres.createDatabase();
  return { sqlite, postgres: await commitP95({ ...place, databaseUrl }, rounds) };
}

async function commitP95(place: StorePlace, rounds: number): Promise<number> {
  await (await openStore(place)).close();
  const program = fileURLToPath(new URL('commit-process.ts', import.meta.url));
  const children = Array.from({ length: committers }, (_, n) =>
    spawn(process.execPath, [program, JSON.stringify(place), `U-${n}`], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }),
  );
  const all = async () =>
    Promise.all(
      children.map(async (child) => ((await once(child, 'message')) as [readonly number[]])[0]),
    );
  try {
    await all();
    const done = all();
    // One more: the first compiles the programs.
    const told: CommitRounds = {
      firstAtMs: Date.now() + roundMs,
      everyMs: roundMs,
      count: rounds + 1,
    };
    for (const child of children) child.send(told);
    const times = (await done).flatMap(([, ...counted]) => counted);
    return rounded(quantile(times, 0.95), 2);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function newPlace() {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-bench-'));
  const remove = async () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  return { dataDir, [Symbol.asyncDispose]: remove };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { YardList } from '../../agent/call/yard-list.ts';
import { openStore } from '../../agent/store/database.ts';
import { saveSnapshot } from '../../agent/store/snapshots.ts';
import { inventorySnapshot, inventoryToJson } from '../../tools/inventory/inventory-snapshot.ts';
import { startPostgres } from '../stack/postgres.ts';
import type { StorePlace } from '../store/both-databases.ts';
import { inventory, unit } from '../tools/yard/example-yard.ts';
import { quantile, rounded } from './statistics.ts';

const units = 5_000;
const warmUps = 20;
const reads = 300;
const committers = 20;

/** How long a job takes to read the list of a huge yard that has just changed, in milliseconds. */
export async function measureSnapshotRead(): Promise<number> {
  await using place = await newPlace();
  await using store = await openStore(place);
  const list = inventory(
    Array.from({ length: units }, (_, n) => unit({ itemId: `U-${n}`, name: `Machine ${n}` })),
  );
  const json = inventoryToJson(list);
  const yardList = new YardList(async () => store);
  const times: number[] = [];
  for (let n = 0; n < warmUps + reads; n += 1) {
    await saveSnapshot(store, { name: inventorySnapshot, json, savedAtMs: n });
    const startedMs = performance.now();
    await yardList.read();
    times.push(performance.now() - startedMs);
  }
  return rounded(quantile(times.slice(warmUps), 0.95), 2);
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
    Promise.all(children.map(async (child) => ((await once(child, 'message')) as [number])[0]));
  try {
    await all();
    const times: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const done = all();
      for (const child of children) child.send(round);
      // The first round compiles the programs.
      if (round > 0) times.push(...(await done));
      else await done;
    }
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

/** A process that uses the store, started by `startStoreProcess`. Prints one JSON value a line. */
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { recordCallEvent, recordCallStart } from '../../../../agent/infra/store/calls.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { claimLease, releaseLease } from '../../../../agent/infra/store/leases.ts';
import { readSnapshot, saveSnapshot } from '../../../../agent/infra/store/snapshots.ts';
import type { StorePlace } from './both-databases.ts';

/** What the process is to do. */
export type Role = keyof typeof roles;

const roles = {
  /** Opens the store, which may be a new one, and closes it. */
  open: async (place: StorePlace) => {
    await using store = await openStore(place);
    say(store.dialect);
  },

  /** Adds one to a shared number, `times` times, by reading and then writing it. */
  count: async (place: StorePlace, times: number) => {
    await using store = await openStore(place);
    for (let i = 0; i < times; i += 1) {
      await store.transaction(async (tx) => {
        const count = Number((await readSnapshot(tx, 'count'))?.json ?? 0);
        await saveSnapshot(tx, { name: 'count', json: count + 1, savedAtMs: 0 });
      });
    }
  },

  /** Claims and releases one lease until it got it `times` times; says each epoch it had. */
  claim: async (place: StorePlace, times: number) => {
    await using store = await openStore(place);
    const holder = String(process.pid);
    for (let won = 0; won < times;) {
      const lease = await claimLease(store, { name: 'contended', holder, ttlMs: 60_000 });
      if (!lease) continue;
      won += 1;
      say(lease.epoch);
      await releaseLease(store, lease);
    }
  },

  /** Writes calls, each with an event in the same transaction, for ever; says each one written. */
  write: async (place: StorePlace) => {
    await using store = await openStore(place);
    for (let i = 0; ; i += 1) {
      const callId = `call-${i}`;
      await store.transaction(async (tx) => {
        await recordCallStart(tx, {
          callId,
          room: 'room',
          callerNumber: null,
          startedAtMs: i,
          jobId: null,
          epoch: 0,
        });
        await recordCallEvent(tx, { callId, atMs: i, event: 'call.incoming' });
      });
      say(callId);
    }
  },

  /** Holds SQLite's write lock for `ms`. */
  lock: async ({ dataDir }: StorePlace, ms: number) => {
    const db = new DatabaseSync(path.join(dataDir, 'pickup.sqlite'));
    db.exec('begin immediate');
    say('locked');
    setTimeout(() => {
      say('unlocking');
      db.exec('rollback');
      db.close();
    }, ms);
  },
} satisfies Record<string, (place: StorePlace, count: number) => Promise<void>>;

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function isRole(name: string): name is Role {
  return Object.hasOwn(roles, name);
}

const [role = '', place = '', count = '0'] = process.argv.slice(2);
if (!isRole(role)) throw new Error(`No such role: ${role}`);
await roles[role](JSON.parse(place), Number(count));

import { z } from 'zod';
import { readLastGood } from '../../tools/sheet/read/last-good.ts';
import { inventorySnapshot } from '../../tools/sheet/read/inventory-snapshot.ts';
import { defaultTimeZone, type Inventory } from '../../tools/yard/equipment.ts';
import { recordingsOf, type Recording } from '../infra/recordings.ts';
import type { Store } from '../infra/store/database.ts';
import { readSnapshotTime } from '../infra/store/snapshots.ts';
import { yardTime, type YardTime } from './yard-time.ts';

/** The yard as the sheet was last read; a stand-in before that. */
export type DeskYard = {
  readonly name: string;
  readonly time: YardTime;
  readonly inventory: Inventory | null;
};

const serviceSchema = z.object({
  ready: z.boolean(),
  reason: z.string().nullable(),
  calls: z.number(),
  warmProcesses: z.number(),
  inventoryAgeMs: z.number().nullable(),
  alerts: z.array(z.string()),
});

/** The service's own word on itself. */
export type ServiceState = z.infer<typeof serviceSchema>;

/** All that the desk's pages read from. */
export type DeskContext = {
  readonly store: () => Promise<Store>;
  readonly yard: () => Promise<DeskYard>;
  /** Null when the service does not answer. */
  readonly service: () => Promise<ServiceState | null>;
  /** What is recorded of a call, on this machine. */
  readonly recordings: (callId: string) => Promise<readonly Recording[]>;
  readonly nowMs: () => number;
};

const serviceMs = 1_000;

/** The context of a desk over a store, beside a service that answers at `readyUrl`. */
export function deskContext(of: {
  readonly store: () => Promise<Store>;
  readonly readyUrl: string;
  readonly dataDir: string;
  readonly nowMs?: () => number;
}): DeskContext {
  const { store, readyUrl, dataDir, nowMs = Date.now } = of;
  let known: { readonly savedAtMs: number | undefined; readonly yard: DeskYard } | undefined;
  return {
    store,
    nowMs,
    recordings: (callId) => recordingsOf(dataDir, callId),
    // A list of thousands is unpacked only when it has changed.
    yard: async () => {
      const opened = await store();
      const savedAtMs = await readSnapshotTime(opened, inventorySnapshot);
      if (known && known.savedAtMs === savedAtMs) return known.yard;
      const inventory = await readLastGood(opened);
      const name = inventory?.yard.name ?? 'Pickup';
      const time = yardTime(inventory?.yard.timeZone ?? defaultTimeZone);
      known = { savedAtMs, yard: { name, time, inventory } };
      return known.yard;
    },
    service: async () => {
      try {
        const response = await fetch(readyUrl, { signal: AbortSignal.timeout(serviceMs) });
        return serviceSchema.safeParse(await response.json()).data ?? null;
      } catch {
        return null;
      }
    },
  };
}

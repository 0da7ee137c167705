import { z } from 'zod';
import { readLastGood } from '../../tools/sheet/read/last-good.ts';
import { inventorySnapshot } from '../../tools/sheet/read/inventory-snapshot.ts';
import { defaultCurrency, defaultTimeZone, type Inventory } from '../../tools/yard/equipment.ts';
import { findingOf, type Check, type Finding } from '../config/finding.ts';
import { recordingsOf, type Recording } from '../infra/recordings.ts';
import type { Store } from '../infra/store/database.ts';
import { readSnapshotTime } from '../infra/store/snapshots.ts';
import { yardTime, type YardTime } from './yard-time.ts';

/** The yard as the sheet was last read; a stand-in before that. */
export type DeskYard = {
  readonly name: string;
  readonly time: YardTime;
  /** ISO 4217: the journal's cents are of it. */
  readonly currency: string;
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
  /** What of the machine and its platform harms calls, as it was last looked at. */
  readonly findings: () => readonly PlatformFinding[];
  /** What is recorded of a call, on this machine. */
  readonly recordings: (callId: string) => Promise<readonly Recording[]>;
  readonly nowMs: () => number;
};

/** A check that is not well. */
export type PlatformFinding = Finding & { readonly name: string };

const serviceMs = 1_000;
/** Longer than any of its checks takes; no page waits for it. */
const checkMs = 10_000;
const checksEveryMs = 600_000;

/** The context of a desk over a store, beside a service that answers at `readyUrl`. */
export function deskContext(of: {
  readonly store: () => Promise<Store>;
  readonly readyUrl: string;
  readonly dataDir: string;
  readonly checks?: readonly Check[];
  readonly nowMs?: () => number;
}): DeskContext {
  const { store, readyUrl, dataDir, checks = [], nowMs = Date.now } = of;
  let known: { readonly savedAtMs: number | undefined; readonly yard: DeskYard } | undefined;
  let findings: readonly PlatformFinding[] = [];
  let lookedAtMs = -Infinity;
  const look = async () => {
    const found: PlatformFinding[] = [];
    for (const check of checks) {
      const finding = await findingOf(check, checkMs);
      if (finding.status !== 'ok') found.push({ ...finding, name: check.name });
    }
    findings = found;
  };
  return {
    store,
    nowMs,
    findings: () => {
      if (nowMs() - lookedAtMs >= checksEveryMs) {
        lookedAtMs = nowMs();
        void look();
      }
      return findings;
    },
    recordings: (callId) => recordingsOf(dataDir, callId),
    // A list of thousands is unpacked only when it has changed.
    yard: async () => {
      const opened = await store();
      const savedAtMs = await readSnapshotTime(opened, inventorySnapshot);
      if (known && known.savedAtMs === savedAtMs) return known.yard;
      const inventory = await readLastGood(opened);
      const name = inventory?.yard.name ?? 'Pickup';
      const time = yardTime(inventory?.yard.timeZone ?? defaultTimeZone);
      const currency = inventory?.yard.currency ?? defaultCurrency;
      known = { savedAtMs, yard: { name, time, currency, inventory } };
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

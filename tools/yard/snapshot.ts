import type { Inventory, IsoDate } from './equipment.ts';
import { todayIn } from './rental-dates.ts';

/** The yard's list as a tool reads it: all that one answer needs, taken at one moment. */
export type Snapshot = Inventory & {
  readonly today: IsoDate;
  readonly currency: string;
  /** Too old to promise anything from: the caller hears that someone will confirm. */
  readonly isStale: boolean;
};

/** An answer for when the list could not be read: nothing is promised. */
export const listUnreachable = {
  say:
    "I can't reach our equipment list at the moment. " +
    'Tell me what you need, and someone will confirm it and call you back.',
  problem: 'list-unreachable',
} as const;

/** A warning after anything that comes from a list that is too old. */
export const staleListCaveat =
  "My list isn't up to date right now, so someone will confirm that and call you back.";

/** Reads the call's snapshot. Null when there is none, or when it lists no equipment. */
export function readSnapshot(deps: {
  readonly inventory: () => Inventory | null;
  readonly clock: { nowMs(): number };
  readonly inventoryMaxAgeMs: number;
}): Snapshot | null {
  const inventory = deps.inventory();
  if (!inventory || inventory.units.length === 0) return null;
  return {
    ...inventory,
    today: todayIn(inventory.yard.timeZone, deps.clock),
    currency: inventory.yard.currency,
    isStale: deps.clock.nowMs() - inventory.fetchedAtMs > deps.inventoryMaxAgeMs,
  };
}

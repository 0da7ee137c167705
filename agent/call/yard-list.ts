import { currentBookings } from '../../tools/journal/journal.ts';
import { inventoryFromJson, inventorySnapshot } from '../../tools/sheet/read/inventory-snapshot.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { todayIn } from '../../tools/yard/rental-dates.ts';
import { withJournal } from '../../tools/yard/with-journal.ts';
import type { Store } from '../infra/store/database.ts';
import { readSnapshot, readSnapshotTime } from '../infra/store/snapshots.ts';

/** The yard's list as a job reads it, after every turn: unpacked only when it has changed. */
export class YardList {
  readonly #open: () => Promise<Store>;
  #unpacked: { readonly savedAtMs: number; readonly inventory: Inventory } | undefined;

  constructor(open: () => Promise<Store>) {
    this.#open = open;
  }

  /**
   * The yard's last good snapshot with the journal's bookings, or null when there was never one.
   * @throws {StoreError} when the store cannot be asked, {SnapshotError} when it has another release's.
   */
  async read(): Promise<Inventory | null> {
    const store = await this.#open();
    const inventory = await this.#snapshot(store);
    if (!inventory) return null;
    const today = todayIn(inventory.yard.timeZone, { nowMs: () => Date.now() });
    return withJournal(inventory, await currentBookings(store, today));
  }

  async #snapshot(store: Store): Promise<Inventory | null> {
    const savedAtMs = await readSnapshotTime(store, inventorySnapshot);
    if (this.#unpacked && this.#unpacked.savedAtMs === savedAtMs) return this.#unpacked.inventory;
    const snapshot = await readSnapshot(store, inventorySnapshot);
    if (!snapshot) return null;
    const inventory = inventoryFromJson(snapshot.json);
    this.#unpacked = { savedAtMs: snapshot.savedAtMs, inventory };
    return inventory;
  }
}

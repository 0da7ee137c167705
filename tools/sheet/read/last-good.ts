import type { StoreQueries } from '../../../agent/infra/store/database.ts';
import { readSnapshot } from '../../../agent/infra/store/snapshots.ts';
import type { Inventory } from '../../yard/equipment.ts';
import { inventoryFromJson, inventorySnapshot, SnapshotError } from './inventory-snapshot.ts';

/**
 * The list that was saved last, by whichever process; null when there is none, or only one of another
 * release. @throws {StoreError} when the store cannot be asked.
 */
export async function readLastGood(store: StoreQueries): Promise<Inventory | null> {
  const snapshot = await readSnapshot(store, inventorySnapshot);
  if (!snapshot) return null;
  try {
    return inventoryFromJson(snapshot.json);
  } catch (error) {
    if (error instanceof SnapshotError) return null;
    throw error;
  }
}

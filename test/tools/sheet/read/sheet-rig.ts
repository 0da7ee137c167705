import type { TestContext } from 'node:test';
import { loadInventory } from '../../../../tools/sheet/read/inventory.ts';
import { createSheetsClient } from '../../../../tools/sheet/client/sheets-client.ts';
import type { Inventory } from '../../../../tools/yard/equipment.ts';
import { startSheetsEmulator } from '../../../harness/emulators/sheets.ts';

/** The clock on the wall. */
export const clock = { nowMs: () => Date.now() };

/** A small yard's sheet, at an emulator, and its client. */
export async function yardSheet(t: TestContext) {
  const emulator = await startSheetsEmulator({
    spreadsheetId: 'yard-1',
    tabs: {
      Equipment: [
        ['Item ID', 'Name', 'Daily rate', 'Status'],
        ['EX-1', 'Mini excavator', 275, 'AVAILABLE'],
        ['SL-1', 'Scissor lift', 140, 'AVAILABLE'],
      ],
      Bookings: [
        ['Booking ID', 'Item ID', 'Start', 'End', 'Status'],
        ['b1', 'EX-1', '2026-12-03', '2026-12-04', 'CONFIRMED'],
      ],
      Yard: [
        ['Name', 'Prairie Rentals'],
        ['Time zone', 'America/Denver'],
      ],
    },
  });
  t.after(() => emulator.close());
  emulator.setQuota(null);
  const client = createSheetsClient({
    spreadsheetId: 'yard-1',
    auth: { kind: 'none' },
    baseUrl: emulator.baseUrl,
  });
  const { signal } = new AbortController();
  const load = (last: Inventory | null = null) =>
    loadInventory({ client, clock, signal, timeoutMs: 5_000, lastGood: async () => last });
  return { emulator, client, load };
}

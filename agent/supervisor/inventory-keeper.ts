import { inventorySnapshot, inventoryToJson } from '../../tools/inventory/inventory-snapshot.ts';
import { InventoryRefresher } from '../../tools/inventory/inventory.ts';
import { createSheetsClient } from '../../tools/inventory/sheets-client.ts';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/database.ts';
import { readSnapshot, saveSnapshot } from '../store/snapshots.ts';

/** Keeps the yard's sheet in the store, where the calls read it. */
export class InventoryKeeper {
  readonly #refresher: InventoryRefresher;
  readonly #store: Store;
  readonly #firstTry = Promise.withResolvers<void>();
  #savedAtMs: number | null = null;

  /** `onChanged` is called after each refresh: the greeting may be another. */
  constructor(options: { config: Config; store: Store; log: Log; onChanged: () => void }) {
    const { config, store, log, onChanged } = options;
    const { sheet, timeouts } = config;
    this.#store = store;
    this.#refresher = new InventoryRefresher({
      client: createSheetsClient({
        spreadsheetId: sheet.id,
        auth: sheet.auth,
        ...(sheet.baseUrl ? { baseUrl: sheet.baseUrl } : {}),
      }),
      clock: { nowMs: () => Date.now() },
      ttlMs: timeouts.inventoryTtlMs,
      timeoutMs: timeouts.equipmentLoadMs,
      save: async (inventory) => {
        const savedAtMs = inventory.fetchedAtMs;
        await saveSnapshot(store, {
          name: inventorySnapshot,
          json: inventoryToJson(inventory),
          savedAtMs,
        });
        this.#savedAtMs = savedAtMs;
      },
      onRefreshed: ({ items, durationMs, problems }) => {
        this.#firstTry.resolve();
        log.debug({ event: 'inventory.refreshed', items, durationMs }, 'inventory refreshed');
        for (const problem of problems) {
          log.warn({ event: 'inventory.problem', ...problem }, 'a cell of the sheet is not usable');
        }
        onChanged();
      },
      onFailed: (error, { failures, retryInMs }) => {
        this.#firstTry.resolve();
        log.warn({ event: 'inventory.failed', error, failures, retryInMs }, 'sheet was not read');
      },
    });
  }

  /** Age of what the calls read, or null when there is nothing. */
  get ageMs(): number | null {
    return this.#savedAtMs === null ? null : Date.now() - this.#savedAtMs;
  }

  /** Begins to refresh; resolves after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    // First of all: a store that is slow, or away, must not keep the sheet from being read.
    this.#refresher.start();
    const saved = await readSnapshot(this.#store, inventorySnapshot);
    this.#savedAtMs ??= saved?.savedAtMs ?? null;
    await this.#firstTry.promise;
  }

  async stop(): Promise<void> {
    await this.#refresher.stop();
  }
}

import { randomUUID } from 'node:crypto';
import {
  inventorySnapshot,
  inventoryToJson,
} from '../../../tools/sheet/read/inventory-snapshot.ts';
import { InventoryRefresher } from '../../../tools/sheet/read/inventory-refresher.ts';
import { readLastGood } from '../../../tools/sheet/read/last-good.ts';
import { readSettledRows } from '../../../tools/sheet/read/settled-rows.ts';
import { saveProblems, type SheetProblem } from '../../../tools/sheet/read/sheet-problems.ts';
import { needsPerson, toDoAbout } from '../../../tools/sheet/client/sheet-advice.ts';
import { createSheetsClient } from '../../../tools/sheet/client/sheets-client.ts';
import { refusalOf, type SheetsErrorCode } from '../../../tools/sheet/client/sheets-error.ts';
import type { Inventory, Yard } from '../../../tools/yard/equipment.ts';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../telemetry/events.ts';
import type { Store } from '../../infra/store/database.ts';
import { HeldLease } from '../../infra/store/held-lease.ts';
import { readSnapshotTime, saveSnapshot } from '../../infra/store/snapshots.ts';

/** The lease's holder alone, of all processes that share the store, refreshes the snapshot. */
const leaseName = 'inventory';
/** Another process takes over from a dead holder before the snapshot is much older than usual. */
const leaseMs = 10_000;
const tendMs = 3_000;
/**
 * Two that read at the same time may save in the other order; the later reading stays. A greater
 * distance is no race but another machine's clock, and must not keep a fresh list out.
 */
const raceMs = 60_000;

/** One line names as many problems of a reading as somebody mends before the next look. */
const maxProblemsNamed = 50;

/** Keeps the yard's sheet in the store, where the calls read it. */
export class InventorySync {
  readonly #refresher: InventoryRefresher;
  readonly #store: Store;
  readonly #log: Log;
  readonly #onChanged: (yard: Yard | null) => void;
  readonly #lease = new HeldLease({ name: leaseName, holder: randomUUID(), ttlMs: leaseMs });
  readonly #firstTry = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;
  #tending: Promise<void> | undefined;
  #savedAtMs: number | null = null;
  #refusal: SheetsErrorCode | null = null;
  #problems = 0;
  /** As it was last read here. */
  #yard: Yard | null = null;

  /**
   * `onChanged` is called after each refresh, whoever made it: the greeting may be another. It is
   * given the yard as this process has read it; null when another process has.
   */
  constructor(options: {
    config: Config;
    store: Store;
    log: Log;
    onChanged: (yard: Yard | null) => void;
  }) {
    const { config, store, log, onChanged } = options;
    const { sheet, timeouts } = config;
    this.#store = store;
    this.#log = log;
    this.#onChanged = onChanged;
    this.#refresher = new InventoryRefresher({
      client: createSheetsClient({
        spreadsheetId: sheet.id,
        auth: sheet.auth,
        ...(sheet.baseUrl ? { baseUrl: sheet.baseUrl } : {}),
      }),
      clock: { nowMs: () => Date.now() },
      ttlMs: timeouts.inventoryTtlMs,
      timeoutMs: timeouts.equipmentLoadMs,
      lastGood: () => readLastGood(store),
      settled: () => readSettledRows(store),
      save: (inventory, problems) => this.#save(inventory, problems),
      onRefreshed: ({ items, durationMs, problems, failures }) => {
        this.#firstTry.resolve();
        this.#refusal = null;
        const variant = failures > 0 ? 'again' : 'usual';
        log.emit('inventory.refreshed', { items, durationMs, failures }, variant);
        if (problems.length > 0) {
          const named = problems.slice(0, maxProblemsNamed);
          log.emit('inventory.problem', { count: problems.length, problems: named });
        }
        onChanged(this.#yard);
      },
      onFailed: (error, { failures, isNew, retryInMs }) => {
        this.#firstTry.resolve();
        // A timeout says nothing of a permission.
        this.#refusal = refusalOf(error) ?? this.#refusal;
        // Said once, with what to do; the same failure again is only worth a line for debugging.
        const variant = !isNew ? 'again' : needsPerson(error) ? 'person' : 'passing';
        const fields = { error, toDo: toDoAbout(error), failures, retryInMs };
        log.emit('inventory.failed', fields, variant);
      },
    });
  }

  /** Age of what the calls read, or null when there is nothing. */
  get ageMs(): number | null {
    return this.#savedAtMs === null ? null : Date.now() - this.#savedAtMs;
  }

  /** True in the one process that refreshes the list. */
  get isLeading(): boolean {
    return this.#lease.isHeld;
  }

  /** The things that the sheet's owner should mend, as it was last read. */
  get problems(): number {
    return this.#problems;
  }

  /** Google's reason not to let the sheet be read; null when it does, as far as is known. */
  get refusal(): SheetsErrorCode | null {
    return this.#refusal;
  }

  /**
   * Reads the sheet once and, while it holds the lease, again and again; resolves after the first
   * attempt, whatever came of it.
   */
  async start(): Promise<void> {
    // Before the lease is asked for: its last holder may have died with it, and the store be slow.
    this.#refresher.refreshNow().catch(() => {});
    this.#timer = setInterval(() => this.#tend(), tendMs);
    this.#tend();
    await this.#firstTry.promise;
  }

  /**
   * Reads the sheet now, by whichever process: around a booking. Those who ask together share one
   * reading. Rejects when the sheet was not read or the list could not be saved.
   */
  refreshNow(): Promise<Inventory> {
    return this.#refresher.refreshNow();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#refresher.stop();
    await this.#tending;
    // Without this the next process waits for the lease to expire, and no harm is done.
    await this.#lease.release(this.#store).catch(() => {});
  }

  #tend(): void {
    this.#tending ??= this.#holdOrFollow()
      .catch((error: unknown) => this.#log.emit('store.failed', { error }, 'inventory-lease'))
      .finally(() => (this.#tending = undefined));
  }

  /** Refreshes while the lease is ours; else looks for what its holder has saved. */
  async #holdOrFollow(): Promise<void> {
    if (await this.#lease.claim(this.#store)) this.#refresher.start();
    else this.#refresher.pause();
    const savedAtMs = await readSnapshotTime(this.#store, inventorySnapshot);
    if (savedAtMs === undefined || savedAtMs === this.#savedAtMs) return;
    this.#savedAtMs = savedAtMs;
    this.#onChanged(null);
  }

  async #save(inventory: Inventory, problems: readonly SheetProblem[]): Promise<void> {
    this.#problems = problems.filter(({ isNotice }) => !isNotice).length;
    this.#yard = inventory.yard;
    const json = inventoryToJson(inventory);
    const savedAtMs = inventory.fetchedAtMs;
    this.#savedAtMs = await this.#store.transaction(async (tx) => {
      const newestMs = (await readSnapshotTime(tx, inventorySnapshot)) ?? savedAtMs;
      const aheadMs = newestMs - savedAtMs;
      if (aheadMs > 0 && aheadMs < raceMs) return newestMs;
      await saveSnapshot(tx, { name: inventorySnapshot, json, savedAtMs });
      await saveProblems(tx, 'sheet', { problems, nowMs: savedAtMs });
      return savedAtMs;
    });
  }
}

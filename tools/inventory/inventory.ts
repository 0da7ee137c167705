import { backOffMs, type BackOff } from '../../agent/retry.ts';
import type { Inventory } from '../yard/equipment.ts';
import { parseBookings, parseEquipment } from './equipment-sheet.ts';
import { nameKey, SheetFormatError, type RowProblem, type SheetRows } from './sheet-table.ts';
import type { SheetsClient, SheetsRequestOptions } from './sheets-client.ts';
import { SheetsError } from './sheets-error.ts';
import { parseYard } from './yard-sheet.ts';

const TABS = ['Equipment', 'Bookings', 'Yard'] as const;
type Tab = (typeof TABS)[number];

type Clock = { nowMs(): number };

/** The yard as read from the sheet, and every cell of it that could not be used. */
export type LoadedInventory = {
  readonly inventory: Inventory;
  readonly problems: readonly RowProblem[];
};

/**
 * Reads the whole sheet, within `timeoutMs`. One request; three when a tab is missing.
 * @throws {SheetsError} when Google does not answer, {SheetFormatError} when the sheet is unusable.
 */
export async function loadInventory(options: {
  readonly client: SheetsClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}): Promise<LoadedInventory> {
  const { client, clock, signal, timeoutMs } = options;
  // The age of what is read counts from before the request: it may be as old as that.
  const fetchedAtMs = clock.nowMs();
  const rows = await readSheet(client, () => ({
    signal,
    timeoutMs: Math.max(1, timeoutMs - (clock.nowMs() - fetchedAtMs)),
  }));
  const equipment = parseEquipment(rows.Equipment);
  const bookings = parseBookings(rows.Bookings);
  const yard = parseYard(rows.Yard);
  return {
    inventory: {
      units: equipment.value,
      bookings: bookings.value,
      yard: yard.value,
      fetchedAtMs,
    },
    problems: [...equipment.problems, ...bookings.problems, ...yard.problems],
  };
}

async function readSheet(
  client: SheetsClient,
  remaining: () => SheetsRequestOptions,
): Promise<Record<Tab, SheetRows>> {
  try {
    const rows = await client.readTabs(TABS, remaining());
    return toRecord((tab) => rows.get(tab));
  } catch (error) {
    // One missing tab makes Google refuse them all, so ask which there are.
    if (!(error instanceof SheetsError) || error.code !== 'SHEETS_BAD_RANGE') throw error;
    return readTabsThatExist(client, remaining);
  }
}

async function readTabsThatExist(
  client: SheetsClient,
  remaining: () => SheetsRequestOptions,
): Promise<Record<Tab, SheetRows>> {
  const titles = await client.listTabs(remaining());
  const titleOf = (tab: Tab) => titles.find((title) => nameKey(title) === nameKey(tab));
  if (titleOf('Equipment') === undefined) {
    const found = titles.map((title) => `"${title}"`).join(', ');
    const message = `The sheet has no tab "Equipment"; it has ${found}`;
    throw new SheetFormatError('SHEET_TAB_MISSING', 'Equipment', message);
  }
  const existing = TABS.map(titleOf).filter((title) => title !== undefined);
  const rows = await client.readTabs(existing, remaining());
  return toRecord((tab) => rows.get(titleOf(tab) ?? ''));
}

function toRecord(rowsOf: (tab: Tab) => SheetRows | undefined): Record<Tab, SheetRows> {
  return {
    Equipment: rowsOf('Equipment') ?? [],
    Bookings: rowsOf('Bookings') ?? [],
    Yard: rowsOf('Yard') ?? [],
  };
}

/** After a refusal: soon again at first, then at most once a minute, as Google's quota refills. */
const refusedBackOff: BackOff = { initialMs: 2_000, multiplier: 2, maxMs: 60_000, jitter: 0.5 };

/** What a refresher needs. `save` puts the snapshot where the jobs read it; it may fail. */
export type InventoryRefresherDeps = {
  readonly client: SheetsClient;
  readonly clock: Clock;
  readonly save: (inventory: Inventory) => void | Promise<void>;
  readonly ttlMs: number;
  readonly timeoutMs: number;
  /** `problems` holds only those that the refresh before this one did not have. */
  readonly onRefreshed?: (refreshed: {
    readonly items: number;
    readonly durationMs: number;
    readonly problems: readonly RowProblem[];
  }) => void;
  /** `failures` counts from the last success; `retryInMs` is null when nothing is planned. */
  readonly onFailed?: (
    error: unknown,
    details: { readonly failures: number; readonly retryInMs: number | null },
  ) => void;
};

/** Keeps the snapshot fresh in the background. What was saved last stays when a refresh fails. */
export class InventoryRefresher {
  readonly #deps: InventoryRefresherDeps;
  readonly #abort = new AbortController();
  #running: Promise<Inventory> | undefined;
  #following: Promise<Inventory> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #failures = 0;
  #reported: ReadonlySet<string> = new Set();

  constructor(deps: InventoryRefresherDeps) {
    this.#deps = deps;
  }

  /** Refreshes now, and from then on every `ttlMs`. */
  start(): void {
    if (this.#started || this.#abort.signal.aborted) return;
    this.#started = true;
    this.#refreshInBackground();
  }

  /** Ends for good: no timer, no request and no event is left when it resolves. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('The inventory is no longer refreshed'));
    clearTimeout(this.#timer);
    await Promise.allSettled([this.#running, this.#following]);
  }

  /**
   * Resolves with what the sheet said at some moment after this call: a refresh that was already
   * under way is waited for and followed by another, one for all who ask meanwhile.
   * @throws what the refresh failed with (`onFailed` has heard of it), or the reason of a stop.
   */
  refreshNow(): Promise<Inventory> {
    if (this.#following) return this.#following;
    if (!this.#running) return this.#run();
    this.#following = this.#running
      .catch(() => {})
      .then(() => {
        this.#following = undefined;
        return this.#run();
      });
    return this.#following;
  }

  #run(): Promise<Inventory> {
    clearTimeout(this.#timer);
    this.#running = this.#refresh().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #refresh(): Promise<Inventory> {
    const { client, clock, timeoutMs, save, onRefreshed } = this.#deps;
    const { signal } = this.#abort;
    signal.throwIfAborted();
    const startedAtMs = clock.nowMs();
    try {
      const { inventory, problems } = await loadInventory({ client, clock, signal, timeoutMs });
      await save(inventory);
      signal.throwIfAborted();
      this.#failures = 0;
      this.#schedule(this.#deps.ttlMs);
      const durationMs = clock.nowMs() - startedAtMs;
      onRefreshed?.({ items: inventory.units.length, durationMs, problems: this.#fresh(problems) });
      return inventory;
    } catch (error) {
      signal.throwIfAborted();
      this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    // A bad sheet is mended by hand, and Google is well: no reason to look less often, or more.
    const retryMs =
      error instanceof SheetFormatError
        ? this.#deps.ttlMs
        : backOffMs(refusedBackOff, this.#failures);
    this.#schedule(retryMs);
    const retryInMs = this.#started ? retryMs : null;
    this.#deps.onFailed?.(error, { failures: this.#failures, retryInMs });
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#started) return;
    this.#timer = setTimeout(() => this.#refreshInBackground(), delayMs);
  }

  #refreshInBackground(): void {
    // Whoever listens has heard of the failure through onFailed.
    this.refreshNow().catch(() => {});
  }

  #fresh(problems: readonly RowProblem[]): readonly RowProblem[] {
    const fresh = problems.filter((problem) => !this.#reported.has(keyOf(problem)));
    this.#reported = new Set(problems.map(keyOf));
    return fresh;
  }
}

function keyOf(problem: RowProblem): string {
  return JSON.stringify(problem);
}

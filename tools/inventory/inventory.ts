import { backOffMs, type BackOff } from '../../agent/retry.ts';
import type { Inventory } from '../yard/equipment.ts';
import { parseBookings, parseEquipment } from './equipment-sheet.ts';
import {
  isBlank,
  nameKey,
  SheetFormatError,
  type RowProblem,
  type SheetRows,
} from './sheet-table.ts';
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
  refuseSpoiled('Equipment', rows.Equipment, equipment);
  refuseSpoiled('Bookings', rows.Bookings, bookings);
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

/**
 * A tab most of whose rows went bad was sorted, pasted over or emptied by mistake: less of it would
 * be offered than there is, or more be free than is.
 */
function refuseSpoiled(
  tab: Tab,
  rows: SheetRows,
  { value, problems }: { value: readonly unknown[]; problems: readonly RowProblem[] },
): void {
  const total = Math.max(0, rows.filter((row) => !isBlank(row)).length - 1);
  const unusable = total - value.length;
  const isEmpty = tab === 'Equipment' && total === 0;
  if (unusable <= value.length && !isEmpty) return;
  const first = problems[0];
  const example = first ? `; row ${first.row}, column "${first.column}": ${first.problem}` : '';
  const message = isEmpty
    ? `Tab "${tab}" has no rows below its first one`
    : `Tab "${tab}" has ${total} rows, and ${unusable} of them cannot be used${example}`;
  throw new SheetFormatError('SHEET_ROWS_UNUSABLE', tab, message);
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

/** Google is busy or away: soon again at first, then once a minute, as its quota refills. */
const busyBackOff: BackOff = { initialMs: 2_000, multiplier: 2, maxMs: 60_000, jitter: 0.5 };

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
    /** Failed refreshes before this one. */
    readonly failures: number;
  }) => void;
  /**
   * `failures` counts from the last success, and `isNew` is false when the one before failed in the
   * same way; `retryInMs` is null when nothing is planned.
   */
  readonly onFailed?: (
    error: unknown,
    details: {
      readonly failures: number;
      readonly isNew: boolean;
      readonly retryInMs: number | null;
    },
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
  /** By `performance.now()`: the next refresh, if it is ours to make. */
  #dueMs = 0;
  #failures = 0;
  #lastFailure: string | undefined;
  #reported: ReadonlySet<string> = new Set();

  constructor(deps: InventoryRefresherDeps) {
    this.#deps = deps;
  }

  /** Refreshes from now on every `ttlMs`, and at once when what was read last is older. */
  start(): void {
    if (this.#started || this.#abort.signal.aborted) return;
    this.#started = true;
    if (!this.#running) this.#arm();
  }

  /** Plans no further refresh until `start`; one that is under way goes on. */
  pause(): void {
    this.#started = false;
    clearTimeout(this.#timer);
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
      const failures = this.#failures;
      this.#failures = 0;
      this.#lastFailure = undefined;
      this.#schedule(this.#deps.ttlMs);
      onRefreshed?.({
        items: inventory.units.length,
        durationMs: clock.nowMs() - startedAtMs,
        problems: this.#fresh(problems),
        failures,
      });
      return inventory;
    } catch (error) {
      signal.throwIfAborted();
      this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    const retryMs = this.#waitAfter(error);
    this.#schedule(retryMs);
    const failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const isNew = failure !== this.#lastFailure;
    this.#lastFailure = failure;
    const retryInMs = this.#started ? retryMs : null;
    this.#deps.onFailed?.(error, { failures: this.#failures, isNew, retryInMs });
  }

  #waitAfter(error: unknown): number {
    // A bad sheet is mended by hand, and Google is well: no reason to look less often, or more.
    if (error instanceof SheetFormatError) return this.#deps.ttlMs;
    // A permission or an id is mended by hand too, but every look is one more refusal.
    if (error instanceof SheetsError && !error.retryable) return 2 * this.#deps.ttlMs;
    return backOffMs(busyBackOff, this.#failures);
  }

  #schedule(delayMs: number): void {
    this.#dueMs = performance.now() + delayMs;
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (!this.#started) return;
    const delayMs = Math.max(0, this.#dueMs - performance.now());
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

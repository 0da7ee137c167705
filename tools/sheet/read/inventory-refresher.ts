import { backOffMs, type BackOff } from '../../../agent/infra/retry.ts';
import type { Inventory } from '../../yard/equipment.ts';
import { FailureMemory } from '../client/failure-memory.ts';
import { loadInventory, type ReadingMemory } from './inventory.ts';
import type { SheetProblem } from './sheet-problems.ts';
import { SheetFormatError } from './sheet-table.ts';
import type { SheetsClient } from '../client/sheets-client.ts';
import { SheetsError } from '../client/sheets-error.ts';

/** Google is busy or away: soon again at first, then once a minute, as its quota refills. */
const busyBackOff: BackOff = { initialMs: 2_000, multiplier: 2, maxMs: 60_000, jitter: 0.5 };

/** A refresher's parts. `save` puts the snapshot where the jobs read it; it may fail. */
export type InventoryRefresherDeps = ReadingMemory & {
  readonly client: SheetsClient;
  readonly clock: { nowMs(): number };
  readonly save: (inventory: Inventory, problems: readonly SheetProblem[]) => void | Promise<void>;
  readonly ttlMs: number;
  readonly timeoutMs: number;
  /** `problems` holds only those that the refresh before this one did not have. */
  readonly onRefreshed?: (refreshed: {
    readonly items: number;
    readonly durationMs: number;
    readonly problems: readonly SheetProblem[];
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
  /** The next refresh, if it is ours to make; by `performance.now()`. */
  #dueMs = 0;
  #failures = 0;
  readonly #memory = new FailureMemory();
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
    const { clock, save, onRefreshed } = this.#deps;
    const { signal } = this.#abort;
    signal.throwIfAborted();
    const startedAtMs = clock.nowMs();
    try {
      const { inventory, problems, failure } = await loadInventory({ ...this.#deps, signal });
      await save(inventory, problems);
      signal.throwIfAborted();
      // What could be read is in use by now.
      if (failure) throw failure;
      const failures = this.#failures;
      this.#failures = 0;
      this.#memory.clear();
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
    const isNew = this.#memory.isNew(error);
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

  #fresh(problems: readonly SheetProblem[]): readonly SheetProblem[] {
    const fresh = problems.filter((problem) => !this.#reported.has(keyOf(problem)));
    this.#reported = new Set(problems.map(keyOf));
    return fresh;
  }
}

function keyOf(problem: SheetProblem): string {
  return JSON.stringify(problem);
}

import type { Store } from '../../../agent/infra/store/database.ts';
import { readSettledRows } from '../read/settled-rows.ts';
import type { SheetRows } from '../read/sheet-table.ts';
import type { CellUpdate, RowPlace, SheetsClient } from '../client/sheets-client.ts';
import {
  forgetSent,
  readSent,
  saveSent,
  cellsOf,
  misplaced,
  sentChanges,
  type StatusChange,
} from './status-changes.ts';
import { readSheetView, type SheetView } from './sheet-view.ts';

/** Staff can sort once between our reading and our writing, not each time. */
const repairAttempts = 3;

/** The sheet as the one writer touches it: no request to change something leaves without `guard`. */
export class SheetHand {
  readonly #client: SheetsClient;
  readonly #store: Store;
  readonly #clock: { nowMs(): number };
  readonly #guard: () => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #requestMs: number;

  constructor(options: {
    readonly client: SheetsClient;
    /** Keeps the changes whose effect was not seen yet, for the process after this one too. */
    readonly store: Store;
    readonly clock: { nowMs(): number };
    /** @throws when this process may no longer write. */
    readonly guard: () => Promise<void>;
    readonly signal: AbortSignal;
    readonly requestMs: number;
  }) {
    this.#client = options.client;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#guard = options.guard;
    this.#signal = options.signal;
    this.#requestMs = options.requestMs;
  }

  /** The sheet now. What an earlier change did to a wrong row is put right first. */
  async read(options = { withMessages: false }): Promise<SheetView> {
    for (let attempt = 1; ; attempt += 1) {
      const settled = await readSettledRows(this.#store);
      const asked = { ...options, settled, clock: this.#clock };
      const view = await readSheetView(this.#client, asked, this.#budget);
      const sent = await readSent(this.#store);
      if (!sent) return view;
      const repairs = misplaced(sent, view);
      if (repairs.length === 0 || attempt > repairAttempts) {
        await forgetSent(this.#store);
        return view;
      }
      await this.#change(view, repairs);
    }
  }

  /** Makes `changes` by the row numbers of `view`, and reads back what became of them. */
  async changeStatuses(view: SheetView, changes: readonly StatusChange[]): Promise<SheetView> {
    await this.#change(view, changes);
    return this.read();
  }

  async insert(place: RowPlace, rows: SheetRows): Promise<void> {
    await this.#guard();
    await this.#client.insertRows(place, rows, this.#budget);
  }

  async updateCells(cells: readonly CellUpdate[]): Promise<void> {
    if (cells.length === 0) return;
    await this.#guard();
    await this.#client.updateCells(cells, this.#budget);
  }

  async addTab(title: string): Promise<number> {
    await this.#guard();
    return this.#client.addTab(title, this.#budget);
  }

  async #change(view: SheetView, changes: readonly StatusChange[]): Promise<void> {
    const cells = cellsOf(view, changes);
    if (cells.length === 0) return;
    await saveSent(this.#store, sentChanges(view, changes));
    await this.updateCells(cells);
  }

  get #budget() {
    return { signal: this.#signal, timeoutMs: this.#requestMs };
  }
}

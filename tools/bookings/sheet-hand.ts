import type { SheetRows } from '../inventory/sheet-table.ts';
import type { CellUpdate, SheetsClient } from '../inventory/sheets-client.ts';
import { readSheetView, type SheetView } from './sheet-view.ts';
import { cellsOf, misplaced, type SentChanges, type StatusChange } from './status-changes.ts';

/** Staff can sort once between our reading and our writing, not each time. */
const repairAttempts = 3;

/** The sheet as the one writer touches it: no request to change something leaves without `guard`. */
export class SheetHand {
  readonly #client: SheetsClient;
  readonly #guard: () => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #requestMs: number;
  /** Changes whose answer was lost: which rows they hit is seen at the next reading. */
  #unseen: SentChanges | undefined;

  constructor(options: {
    readonly client: SheetsClient;
    /** @throws when this process may no longer write. */
    readonly guard: () => Promise<void>;
    readonly signal: AbortSignal;
    readonly requestMs: number;
  }) {
    this.#client = options.client;
    this.#guard = options.guard;
    this.#signal = options.signal;
    this.#requestMs = options.requestMs;
  }

  /** The sheet now. What an earlier change did to a wrong row is put right first. */
  async read(options = { withMessages: false }): Promise<SheetView> {
    for (let attempt = 1; ; attempt += 1) {
      const view = await readSheetView(this.#client, options, this.#budget);
      const repairs = this.#unseen ? misplaced(this.#unseen, view) : [];
      if (repairs.length === 0 || attempt > repairAttempts) {
        this.#unseen = undefined;
        return view;
      }
      await this.#change({ view, changes: repairs });
    }
  }

  /** Makes `changes` by the row numbers of `view`, and reads back what became of them. */
  async changeStatuses(view: SheetView, changes: readonly StatusChange[]): Promise<SheetView> {
    await this.#change({ view, changes });
    return this.read();
  }

  async append(tab: string, rows: SheetRows): Promise<void> {
    await this.#guard();
    await this.#client.appendRows(tab, rows, this.#budget);
  }

  async updateCells(cells: readonly CellUpdate[]): Promise<void> {
    if (cells.length === 0) return;
    await this.#guard();
    await this.#client.updateCells(cells, this.#budget);
  }

  async addTab(title: string): Promise<void> {
    await this.#guard();
    await this.#client.addTab(title, this.#budget);
  }

  async #change(sent: SentChanges): Promise<void> {
    const cells = cellsOf(sent);
    if (cells.length === 0) return;
    this.#unseen = sent;
    await this.updateCells(cells);
  }

  get #budget() {
    return { signal: this.#signal, timeoutMs: this.#requestMs };
  }
}

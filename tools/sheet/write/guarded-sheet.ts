import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Store } from '../../../agent/infra/store/database.ts';
import { readSettledRows } from '../read/settled-rows.ts';
import { readSnapshot, saveSnapshot } from '../../../agent/infra/store/snapshots.ts';
import type { Cell, SheetRows } from '../read/sheet-table.ts';
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

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
/** Cells of `Bookings` as they were sent, and the tab as it was before. */
const rewritten = z.object({
  cells: z.array(z.object({ row: z.number(), column: z.number(), value: cell })),
  before: z.array(z.array(cell)),
});
type Rewritten = z.infer<typeof rewritten>;
/** The snapshot that remembers them until it is seen which rows they hit. */
const rewrittenName = 'sheet-rewritten-cells';

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

  /** Reads the sheet, after putting right what an earlier change did to a wrong row. */
  async read(options = { withMessages: false }): Promise<SheetView> {
    for (let attempt = 1; ; attempt += 1) {
      const settled = await readSettledRows(this.#store);
      const asked = { ...options, settled, clock: this.#clock };
      const view = await readSheetView(this.#client, asked, this.#budget);
      const strayed = attempt > repairAttempts ? [] : await this.#strayed(view);
      if (strayed.length > 0) {
        await this.updateCells(strayed);
        continue;
      }
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

  /** Writes cells of `Bookings` by the row numbers of `view`, and reads back what became of them. */
  async rewrite(view: SheetView, cells: readonly CellUpdate[]): Promise<SheetView> {
    const json = { cells, before: view.ledger.cells };
    await this.#store.transaction((tx) =>
      saveSnapshot(tx, { name: rewrittenName, json, savedAtMs: Date.now() }),
    );
    await this.updateCells(cells);
    return this.read();
  }

  /** Cells that an earlier `rewrite` put into rows which staff had moved there, as they were. */
  async #strayed({ ledger }: SheetView): Promise<readonly CellUpdate[]> {
    const snapshot = await readSnapshot(this.#store, rewrittenName);
    const sent = rewritten.safeParse(snapshot?.json).data;
    if (!sent) return [];
    const cells = strayedCells(sent, ledger.cells);
    if (cells.length === 0) {
      await this.#store.transaction(async ({ db }) => {
        await db.deleteFrom('snapshots').where('name', '=', rewrittenName).execute();
      });
    }
    return cells.map((of) => ({ ...of, tab: ledger.title }));
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

/**
 * Sheets has no conditional write: a row that staff sorted to where ours was got our cells. But for
 * those cells it is one that was there before, and not our own.
 */
function strayedCells({ cells, before }: Rewritten, after: SheetRows): Rewritten['cells'] {
  return [...Map.groupBy(cells, ({ row }) => row)].flatMap(([number, sent]) => {
    const columns = new Set(sent.map(({ column }) => column));
    const rest = (row: readonly Cell[] = []) =>
      row.map((of, column) => (columns.has(column) || of === '' ? null : of));
    const hit = after[number - 1] ?? [];
    const isHit = sent.every(({ column, value }) => hit[column] === value);
    if (!isHit || isDeepStrictEqual(rest(hit), rest(before[number - 1]))) return [];
    const was = before.find((row) => isDeepStrictEqual(rest(row), rest(hit)));
    return was ? sent.map((of) => ({ ...of, value: was[of.column] ?? null })) : [];
  });
}

import type { Envelope } from './envelope.ts';

/** How far apart in time the two may drift, as a part of the length and at most in frames. */
const BAND = 0.2;
const MAX_BAND = 8;
/** What standing still in one of the two costs, in dB, so that time is bent only where it helps. */
const STEP_DB = 1;
/** The stretch, in frames, over which the worst difference is looked for: one lost word shows. */
const WINDOW = 15;

/** How well `heard` follows `taught`, both normalised envelopes. */
export type Alignment = {
  /** Mean difference along the best path, in dB. */
  readonly cost: number;
  /** The worst mean difference over a third of a second. */
  readonly worst: number;
  /** How far into `taught` the end of `heard` reaches, in frames. */
  readonly reach: number;
};

export type AlignOptions = {
  /** So many frames may be missing or be extra at the beginning, and at the end. */
  readonly freeEdge: number;
  /** `heard` may stop anywhere in `taught`. */
  readonly openEnd: boolean;
};

/** Dynamic time warping in a narrow band. Undefined when the band does not reach from end to end. */
export function align(
  heard: Envelope,
  taught: Envelope,
  { freeEdge, openEnd }: AlignOptions,
): Alignment | undefined {
  const band = Math.min(MAX_BAND, Math.ceil(heard.length * BAND));
  const reach = openEnd ? band : Math.max(band, Math.abs(heard.length - taught.length) + 2);
  const table = new Table(heard.length, taught.length, reach);
  for (let i = 0; i < heard.length; i += 1) {
    const last = Math.min(taught.length - 1, i + reach);
    for (let j = Math.max(0, i - reach); j <= last; j += 1) {
      const mayStart = (i === 0 && j <= freeEdge) || (j === 0 && i <= freeEdge);
      table.fill(i, j, { apartDb: differenceDb(heard[i], taught[j]), mayStart });
    }
  }
  const ends: Cell[] = [];
  const lastRow = heard.length - 1;
  const firstEnd = openEnd ? lastRow - reach : taught.length - 1 - freeEdge;
  for (let j = Math.max(0, firstEnd); j < taught.length; j += 1) ends.push([lastRow, j]);
  if (!openEnd) {
    for (let i = Math.max(0, lastRow - freeEdge); i < lastRow; i += 1)
      ends.push([i, taught.length - 1]);
  }
  const end = table.best(ends);
  if (!end) return undefined;
  const differences = table.pathFrom(end).map(([i, j]) => differenceDb(heard[i], taught[j]));
  return { cost: mean(differences), worst: worstStretch(differences), reach: end[1] + 1 };
}

type Cell = readonly [row: number, column: number];

/** Where a path came from. */
const START = 0;
const BOTH = 1;
const DOWN = 2;
const RIGHT = 3;

/** The cheapest way to each pair of frames, for pairs no further apart in time than `reach`. */
class Table {
  readonly #columns: number;
  readonly #reach: number;
  readonly #width: number;
  readonly #totalDb: Float32Array;
  readonly #from: Uint8Array;

  constructor(rows: number, columns: number, reach: number) {
    this.#columns = columns;
    this.#reach = reach;
    this.#width = 2 * reach + 1;
    this.#totalDb = new Float32Array(rows * this.#width).fill(Infinity);
    this.#from = new Uint8Array(rows * this.#width);
  }

  fill(i: number, j: number, { apartDb, mayStart }: { apartDb: number; mayStart: boolean }): void {
    let best = mayStart ? 0 : Infinity;
    let from = START;
    const both = this.#total(i - 1, j - 1);
    if (both < best) [best, from] = [both, BOTH];
    const down = this.#total(i - 1, j) + STEP_DB;
    if (down < best) [best, from] = [down, DOWN];
    const right = this.#total(i, j - 1) + STEP_DB;
    if (right < best) [best, from] = [right, RIGHT];
    this.#totalDb[this.#at(i, j)] = best + apartDb;
    this.#from[this.#at(i, j)] = from;
  }

  /** The end with the least difference for its length. */
  best(ends: readonly Cell[]): Cell | undefined {
    let best: Cell | undefined;
    let bestDb = Infinity;
    for (const [i, j] of ends) {
      const db = this.#total(i, j) / (i + j + 2);
      if (db < bestDb) [best, bestDb] = [[i, j], db];
    }
    return best;
  }

  pathFrom([i, j]: Cell): Cell[] {
    const path: Cell[] = [];
    for (;;) {
      path.push([i, j]);
      const from = this.#from[this.#at(i, j)];
      if (from === START) return path;
      if (from !== RIGHT) i -= 1;
      if (from !== DOWN) j -= 1;
    }
  }

  #total(i: number, j: number): number {
    if (i < 0 || j < 0 || j >= this.#columns || Math.abs(i - j) > this.#reach) return Infinity;
    return this.#totalDb[this.#at(i, j)] ?? Infinity;
  }

  #at(i: number, j: number): number {
    return i * this.#width + j - i + this.#reach;
  }
}

/** Mean difference over the bands. */
function differenceDb(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (!a || !b) return Infinity;
  let sum = 0;
  for (let band = 0; band < a.length; band += 1) sum += Math.abs((a[band] ?? 0) - (b[band] ?? 0));
  return sum / a.length;
}

function worstStretch(differences: readonly number[]): number {
  let worst = 0;
  let sum = 0;
  for (const [k, difference] of differences.entries()) {
    sum += difference - (differences[k - WINDOW] ?? 0);
    if (k >= WINDOW - 1) worst = Math.max(worst, sum / WINDOW);
  }
  return worst;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

import type { IsoDate, SheetBooking } from './equipment.ts';
import { addDays } from './rental-dates.ts';

type Days = { readonly start: IsoDate; readonly end: IsoDate };

/** From this day on until the next one, so many machines are held. */
type Step = { readonly day: IsoDate; readonly held: number };

/** Of the bookings that begin on `day` or before, the latest end. */
type Reach = { readonly day: IsoDate; readonly end: IsoDate };

/** The bookings of one row of `Equipment`, and what they hold day by day. */
export class HeldDays {
  readonly #confirmed: readonly SheetBooking[];
  readonly #unclear: readonly SheetBooking[];
  #steps: readonly Step[] | undefined;
  #reaches: readonly Reach[] | undefined;
  #ends: readonly IsoDate[] | undefined;

  constructor(bookings: readonly SheetBooking[]) {
    this.#confirmed = bookings.filter(({ status }) => status === 'CONFIRMED');
    this.#unclear = bookings.filter(({ status }) => status === 'UNCLEAR');
  }

  /** The most machines that confirmed bookings hold on one of the days. */
  most(range: Days): number {
    const steps = (this.#steps ??= stepsOf(this.#confirmed));
    let most = 0;
    for (let at = Math.max(0, lastAt(steps, range.start)); ; at += 1) {
      const step = steps[at];
      if (!step || step.day > range.end) return most;
      const next = steps[at + 1];
      if (!next || next.day > range.start) most = Math.max(most, step.held);
    }
  }

  /** The machines of all rows that touch the days and that nobody can read. */
  unclear({ start, end }: Days): number {
    return this.#unclear
      .filter((row) => row.start <= end && start <= row.end)
      .reduce((sum, { quantity = 1 }) => sum + quantity, 0);
  }

  /** The last day of the latest confirmed booking that has one of the days; null without one. */
  lastEnd(range: Days): IsoDate | null {
    const reaches = (this.#reaches ??= reachesOf(this.#confirmed));
    const end = reaches[lastAt(reaches, range.end)]?.end;
    return end !== undefined && end >= range.start ? end : null;
  }

  /** The last days of confirmed bookings from `day` on, each once, in order. */
  endsFrom(day: IsoDate): readonly IsoDate[] {
    const ends = (this.#ends ??= [...new Set(this.#confirmed.map(({ end }) => end))].sort());
    return ends.filter((end) => end >= day);
  }
}

function stepsOf(bookings: readonly SheetBooking[]): readonly Step[] {
  const changes = new Map<IsoDate, number>();
  const ended = new Map<IsoDate, number>();
  const add = (to: Map<IsoDate, number>, day: IsoDate, by: number) =>
    to.set(day, (to.get(day) ?? 0) + by);
  for (const { start, end, quantity = 1 } of bookings) {
    if (start > end) continue;
    add(changes, start, quantity);
    add(ended, end, quantity);
  }
  // Many end on one day, and its next day takes as long as all the rest.
  for (const [end, quantity] of ended) add(changes, addDays(end, 1), -quantity);
  let held = 0;
  return [...changes.keys()].sort().map((day) => ({ day, held: (held += changes.get(day) ?? 0) }));
}

function reachesOf(bookings: readonly SheetBooking[]): readonly Reach[] {
  let latest = '';
  return bookings
    .toSorted((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)))
    .map(({ start, end }) => ({ day: start, end: (latest = end > latest ? end : latest) }));
}

/** Where the last one is that does not come after `day`; -1 when there is none. */
function lastAt(sorted: readonly { readonly day: IsoDate }[], day: IsoDate): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.day ?? '') <= day) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A list's rows by machine. One that was made of another shares what is the same in both. */
class BookingIndex {
  readonly #list: readonly SheetBooking[];
  readonly #places: ReadonlyMap<string, readonly number[]>;
  readonly #base: BookingIndex | undefined;
  readonly #held = new Map<string, HeldDays>();

  constructor(
    list: readonly SheetBooking[],
    places: ReadonlyMap<string, readonly number[]>,
    base?: BookingIndex,
  ) {
    this.#list = list;
    this.#places = places;
    this.#base = base;
  }

  placesOf(itemId: string): readonly number[] {
    return this.#places.get(itemId) ?? this.#base?.placesOf(itemId) ?? [];
  }

  held(itemId: string): HeldDays {
    if (this.#base && !this.#places.has(itemId)) return this.#base.held(itemId);
    let held = this.#held.get(itemId);
    if (!held) {
      held = new HeldDays(this.placesOf(itemId).flatMap((at) => this.#list[at] ?? []));
      this.#held.set(itemId, held);
    }
    return held;
  }
}

const byList = new WeakMap<readonly SheetBooking[], BookingIndex>();

function indexOf(list: readonly SheetBooking[]): BookingIndex {
  let index = byList.get(list);
  if (!index) {
    const places = Map.groupBy(list.keys(), (at) => list[at]?.itemId ?? '');
    index = new BookingIndex(list, places);
    byList.set(list, index);
  }
  return index;
}

/** The days of one machine, from an index that is made once for each list of bookings. */
export function heldDaysOf(bookings: readonly SheetBooking[], itemId: string): HeldDays {
  return indexOf(bookings).held(itemId);
}

/**
 * The list with the rows at some places replaced, and others added. Its index is that of `list`, but
 * for the machines of these rows: a call asks anew each turn, and little has changed by then.
 */
export function changedBookings(
  list: readonly SheetBooking[],
  changes: ReadonlyMap<number, SheetBooking>,
  added: readonly SheetBooking[],
): readonly SheetBooking[] {
  if (changes.size + added.length === 0) return list;
  const base = indexOf(list);
  const bookings = list.slice();
  for (const [at, row] of changes) bookings[at] = row;
  bookings.push(...added);
  const changedAt = [...changes.keys(), ...added.map((_, nth) => list.length + nth)];
  const byItem = Map.groupBy(changedAt, (at) => bookings[at]?.itemId ?? '');
  const itemIds = new Set([
    ...byItem.keys(),
    ...[...changes.keys()].flatMap((at) => list[at]?.itemId ?? []),
  ]);
  const places = new Map(
    [...itemIds].map((id) => {
      const kept = base.placesOf(id).filter((at) => !changes.has(at));
      return [id, [...kept, ...(byItem.get(id) ?? [])]] as const;
    }),
  );
  byList.set(bookings, new BookingIndex(bookings, places, base));
  return bookings;
}

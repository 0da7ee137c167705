import type { IsoDate, SheetBooking } from './equipment.ts';
import { addDays } from './rental-dates.ts';

/** From this day on until the next one, so many machines are held. */
type Step = { readonly day: IsoDate; readonly held: number };

/** The bookings of one row of `Equipment` that are not cancelled, and what they hold day by day. */
export class HeldDays {
  readonly bookings: readonly SheetBooking[];
  #live: readonly Step[] | undefined;

  constructor(bookings: readonly SheetBooking[]) {
    this.bookings = bookings;
  }

  /** The most machines that confirmed bookings hold on one of the days. */
  most(range: { readonly start: IsoDate; readonly end: IsoDate }): number {
    this.#live ??= stepsOf(this.bookings.filter(({ status }) => status === 'CONFIRMED'));
    let most = 0;
    for (let at = Math.max(0, lastAt(this.#live, range.start)); ; at += 1) {
      const step = this.#live[at];
      if (!step || step.day > range.end) return most;
      const next = this.#live[at + 1];
      if (!next || next.day > range.start) most = Math.max(most, step.held);
    }
  }
}

function stepsOf(bookings: readonly SheetBooking[]): readonly Step[] {
  const changes = new Map<IsoDate, number>();
  const change = (day: IsoDate, by: number) => changes.set(day, (changes.get(day) ?? 0) + by);
  for (const { start, end, quantity = 1 } of bookings) {
    if (start > end) continue;
    change(start, quantity);
    change(addDays(end, 1), -quantity);
  }
  let held = 0;
  return [...changes.keys()].sort().map((day) => ({ day, held: (held += changes.get(day) ?? 0) }));
}

/** Where the last step is that does not come after `day`; -1 when there is none. */
function lastAt(steps: readonly Step[], day: IsoDate): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle]?.day ?? '') <= day) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const none = new HeldDays([]);
const byList = new WeakMap<readonly SheetBooking[], ReadonlyMap<string, HeldDays>>();

/** The days of one machine, from an index that is made once for each list of bookings. */
export function heldDaysOf(bookings: readonly SheetBooking[], itemId: string): HeldDays {
  let index = byList.get(bookings);
  if (!index) {
    const live = bookings.filter(({ status }) => status !== 'CANCELLED');
    const byItem = Map.groupBy(live, (booking) => booking.itemId);
    index = new Map([...byItem].map(([id, of]) => [id, new HeldDays(of)]));
    byList.set(bookings, index);
  }
  return index.get(itemId) ?? none;
}

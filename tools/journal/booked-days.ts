import type { StoreQueries } from '../../agent/infra/store/database.ts';
import type { IsoDate } from '../yard/equipment.ts';
import { daysOf } from '../yard/rental-dates.ts';

/** A day of one machine, which the key of `booked_days` gives to one booking alone. */
export type BookedDay = {
  readonly itemId: string;
  readonly day: IsoDate;
  readonly bookingId: string;
};

/** The days that a booking wants of a row of so many machines. */
export type WantedDays = {
  readonly bookingId: string;
  readonly itemId: string;
  readonly start: IsoDate;
  readonly end: IsoDate;
};

/** Nobody types it, and both databases keep it. */
const separator = '\u001f';

/**
 * Of a row of several machines each has a place of its own in the keys, by its number; the first has
 * the id itself, as a machine alone does. A booking may have another one each day.
 */
function placeOf(itemId: string, number: number): string {
  return number === 1 ? itemId : `${itemId}${separator}${number}`;
}

/** The number of a row's machine by its place in the keys. */
export function numberOf(place: string, itemId: string): number {
  return place === itemId ? 1 : Number(place.slice(itemId.length + separator.length));
}

/** The place is that of a machine of the row. */
export function isPlaceOf({ itemId: place }: BookedDay, itemId: string): boolean {
  return place === itemId || place.startsWith(`${itemId}${separator}`);
}

/** The numbers of a row's machines that are taken, by day. */
export type TakenPlaces = Map<IsoDate, Set<number>>;

/** Reads which machines of a row the journal holds on the days, but for those of `except`. */
export async function takenPlaces(
  { db }: StoreQueries,
  { itemId, start, end }: Omit<WantedDays, 'bookingId'>,
  except: readonly string[] = [],
): Promise<TakenPlaces> {
  const rows = await db
    .selectFrom('bookedDays')
    .innerJoin('bookings', 'bookings.bookingId', 'bookedDays.bookingId')
    .select(['bookedDays.itemId as place', 'day'])
    .where('bookings.itemId', '=', itemId)
    .where('day', '>=', start)
    .where('day', '<=', end)
    .where('bookings.bookingId', 'not in', ['', ...except])
    .execute();
  const byDay = Map.groupBy(rows, ({ day }) => day);
  return new Map(
    [...byDay].map(([day, of]) => [day, new Set(of.map(({ place }) => numberOf(place, itemId)))]),
  );
}

/**
 * A machine for each day, of those that `mostOn` leaves to the journal; null when there is none on
 * one of them. Callers who come at once are given different ones, as long as none is beyond what is
 * left: then the lowest, so that two never take what is one.
 */
export function placesFor(
  wanted: WantedDays,
  taken: TakenPlaces,
  mostOn: (day: IsoDate) => number,
): readonly BookedDay[] | null {
  const { bookingId, itemId } = wanted;
  const places: BookedDay[] = [];
  for (const day of daysOf(wanted)) {
    const most = mostOn(day);
    const used = taken.get(day) ?? new Set();
    const free = Array.from({ length: Math.max(0, most) }, (_, at) => at + 1).filter(
      (number) => !used.has(number),
    );
    const isBeyond = [...used].some((number) => number > most);
    const number = free[isBeyond ? 0 : Math.floor(Math.random() * free.length)];
    if (number === undefined || used.size >= most) return null;
    places.push({ itemId: placeOf(itemId, number), day, bookingId });
  }
  return places;
}

/**
 * Takes the days of a booking, of a row of which so many machines are the journal's on each; false
 * when there is none left on one of them. Within a transaction.
 */
export async function takeDays(
  tx: StoreQueries,
  wanted: WantedDays,
  mostOn: (day: IsoDate) => number,
): Promise<boolean> {
  const places = placesFor(wanted, await takenPlaces(tx, wanted, [wanted.bookingId]), mostOn);
  if (!places) return false;
  await tx.db.insertInto('bookedDays').values(places).execute();
  return true;
}

/** Gives a booking's days back. */
export async function freeDays({ db }: StoreQueries, bookingId: string): Promise<void> {
  await db.deleteFrom('bookedDays').where('bookingId', '=', bookingId).execute();
}

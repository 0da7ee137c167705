import type { Selectable } from 'kysely';
import type { Store, StoreQueries } from '../../../agent/infra/store/database.ts';
import type { Schema } from '../../../agent/infra/store/schema.ts';
import { readUnitStatus } from '../read/status-words.ts';
import type { IsoDate, SheetBooking, UnitStatus } from '../../yard/equipment.ts';
import { findUnit } from '../../yard/interchangeable-units.ts';
import { addDays } from '../../yard/rental-dates.ts';
import type { StatusChange } from './status-changes.ts';
import type { SheetView, StatusCell } from './sheet-view.ts';

/** A unit that we set to `RENTED`, with its booking and how far that is. */
export type StatusMark = Selectable<Schema['statusMarks']>;

/** Cells of `Status` in `Equipment` to change, and marks to keep of them. */
export type StatusPlan = {
  readonly changes: readonly StatusChange[];
  readonly marks: readonly StatusMark[];
};

/** Marks of bookings that ended this long ago are forgotten. */
const keptDays = 7;

/**
 * A booking that covers today has its unit `RENTED`, once; when none covers it any more the unit is
 * set back. Only what a mark says was ours is set back, and what staff changed is theirs from then
 * on: a unit that came back early stays `AVAILABLE`, one with a `Due back` ahead stays `RENTED`.
 */
export function planStatuses(
  view: SheetView,
  marks: readonly StatusMark[],
  today: IsoDate,
): StatusPlan {
  const covering = Map.groupBy(
    view.bookings.filter((b) => b.status === 'CONFIRMED' && b.start <= today && today <= b.end),
    ({ itemId }) => itemId,
  );
  // The status of a row of several is staff's: one of them out leaves the others to be had.
  const several = new Set(view.units.flatMap((of) => ((of.quantity ?? 1) > 1 ? [of.itemId] : [])));
  const items = new Set(
    [...covering.keys(), ...marks.map(({ itemId }) => itemId)].filter((id) => !several.has(id)),
  );
  const plans = [...items].map((itemId) => {
    const ofItem = marks.filter((mark) => mark.itemId === itemId);
    return planUnit(view, { itemId, marks: ofItem, covering: covering.get(itemId) ?? [], today });
  });
  return {
    changes: plans.flatMap(({ changes }) => changes),
    marks: plans.flatMap((plan) => plan.marks),
  };
}

function planUnit(
  view: SheetView,
  unit: {
    readonly itemId: string;
    readonly marks: readonly StatusMark[];
    readonly covering: readonly SheetBooking[];
    readonly today: IsoDate;
  },
): StatusPlan {
  const { itemId, marks, covering, today } = unit;
  const cell = view.statusOf('Equipment', itemId);
  const status = cell && bareStatus(cell);
  const ours = marks.filter(({ state }) => state !== 'released');
  const keys = new Set(covering.map(keyOf));
  const over = ours.filter(({ bookingKey }) => !keys.has(bookingKey));
  const change = (to: 'RENTED' | 'AVAILABLE') => (cell ? [{ ...cell, to: wordFor(to, view) }] : []);
  const release = (mark: StatusMark): StatusMark => ({ ...mark, state: 'released' });

  const [booking] = covering;
  if (booking) {
    const bookingKey = keyOf(booking);
    const known = marks.find((mark) => mark.bookingKey === bookingKey);
    const next = nextState(known?.state, status, over.length > 0);
    if (!next) return { changes: [], marks: over.map(release) };
    const mark: StatusMark = { itemId, bookingKey, endDay: booking.end, state: next };
    const changes = next === 'setting' ? change('RENTED') : [];
    return { changes, marks: [mark, ...over.map(release)] };
  }
  const dueBack = findUnit(view.units, itemId)?.dueBack ?? null;
  const staffHasIt = status !== 'RENTED' || (dueBack !== null && dueBack >= today);
  if (staffHasIt || over.length === 0) return { changes: [], marks: over.map(release) };
  // Released when the cell is seen to be set back.
  return { changes: change('AVAILABLE'), marks: [] };
}

/** The status of a cell; null for words with a remark, and for a checkbox: staff keep those. */
function bareStatus({ status }: StatusCell): UnitStatus | null {
  if (/^(?:TRUE|FALSE)$/.test(status)) return null;
  const read = readUnitStatus(status);
  return read.isBare ? read.status : null;
}

/** The yard's own word, in capitals, as most of its machines have it. */
function wordFor(to: 'RENTED' | 'AVAILABLE', view: SheetView): string {
  const words = view
    .statuses('Equipment')
    .filter((cell) => bareStatus(cell) === to)
    .map(({ status }) => status);
  const counts = [...Map.groupBy(words, (word) => word)].map(
    ([word, of]) => [word, of.length] as const,
  );
  return counts.toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? to;
}

/** The state of the mark of a booking that covers today; null leaves it as it is. */
function nextState(
  known: StatusMark['state'] | undefined,
  status: UnitStatus | null | undefined,
  tookOver: boolean,
): StatusMark['state'] | null {
  if (known === 'released' || (known === 'set' && status === 'RENTED')) return null;
  if (known === 'set') return 'released';
  if (status === 'AVAILABLE') return 'setting';
  if (status !== 'RENTED') return null;
  // On its way and there, or still there from the booking before; else staff rented it out.
  return known === 'setting' || tookOver ? 'set' : 'released';
}

/** A booking goes by its id; one that staff wrote without an id, by its machine and days. */
function keyOf({ bookingId, itemId, start, end }: SheetBooking): string {
  return /^row \d+$/.test(bookingId) ? JSON.stringify([itemId, start, end]) : bookingId;
}

/** Reads all marks, released ones too. */
export async function readMarks({ db }: StoreQueries): Promise<readonly StatusMark[]> {
  return db.selectFrom('statusMarks').selectAll().execute();
}

/** Keeps these marks, and forgets those of bookings that are long over. */
export async function saveMarks(
  store: Store,
  marks: readonly StatusMark[],
  today: IsoDate,
): Promise<void> {
  await store.transaction(async ({ db }) => {
    for (const mark of marks) {
      await db
        .insertInto('statusMarks')
        .values(mark)
        .onConflict((conflict) =>
          conflict.columns(['itemId', 'bookingKey']).doUpdateSet({ state: mark.state }),
        )
        .execute();
    }
    await db
      .deleteFrom('statusMarks')
      .where('state', '=', 'released')
      .where('endDay', '<', addDays(today, -keptDays))
      .execute();
  });
}

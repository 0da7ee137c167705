import { z } from 'zod';
import {
  defaultCurrency,
  type Inventory,
  type SheetBooking,
  type StaffRental,
  type Unit,
  type UnitStatus,
} from '../../yard/equipment.ts';
import { rentalRules } from '../../yard/rental-rules.ts';
import {
  packColumns,
  unpackColumns,
  type Cells,
  type Columns,
  type PackedColumns,
} from './columns.ts';

/** Raised when a field changes its meaning: a job of another release then reads nothing, not wrong. */
const VERSION = 2;

const unitStatuses: readonly UnitStatus[] = [
  'AVAILABLE',
  'RENTED',
  'MAINTENANCE',
  'RESERVED',
  'SOLD',
  'UNCLEAR',
];

const isText = (value: unknown) => typeof value === 'string';
const isTextOrNull = (value: unknown) => value === null || isText(value);
const isCentsOrNull = (value: unknown): value is number | null =>
  value === null || Number.isSafeInteger(value);

/** Its other rates, names and quantity are kept beside the columns: few machines have any. */
type PlainUnit = Omit<Unit, 'otherRates' | 'quantity' | 'alsoCalled'>;

const unitCells: Cells<PlainUnit> = {
  itemId: isText,
  name: isText,
  category: isTextOrNull,
  dailyRateCents: isCentsOrNull,
  weeklyRateCents: isCentsOrNull,
  fourWeekRateCents: isCentsOrNull,
  depositCents: isCentsOrNull,
  status: (value): value is UnitStatus => unitStatuses.some((status) => status === value),
  dueBack: isTextOrNull,
  notes: isTextOrNull,
};

const bookingCells: Cells<Omit<SheetBooking, 'quantity'>> = {
  bookingId: isText,
  itemId: isText,
  start: isText,
  end: isText,
  status: (value) => value === 'CONFIRMED' || value === 'CANCELLED' || value === 'UNCLEAR',
};

const rentalCells: Cells<StaffRental> = {
  bookingId: isText,
  itemId: isText,
  start: isText,
  end: isText,
  customer: isText,
  phone: isText,
  totalCents: isCentsOrNull,
};

/** Cell by cell, zod would need several times as long as the rest of the reading. */
const columnsOf = <T>(cells: Cells<T>) =>
  z.custom<PackedColumns<T>>().transform((json, context): Columns<T> => {
    const columns = unpackColumns(json, cells);
    if (columns) return columns;
    context.addIssue('not the columns of a table');
    return z.NEVER;
  });

const contact = z.union([
  z.string(),
  z.object({
    number: z.string(),
    hours: z
      .array(
        z.object({
          days: z.array(z.number()).readonly(),
          fromMinute: z.number(),
          toMinute: z.number(),
        }),
      )
      .readonly(),
  }),
]);

const quantities = z.array(z.tuple([z.number(), z.number()]).readonly()).readonly();
const otherRates = z
  .array(
    z
      .tuple([
        z.number(),
        z.object({ halfDayCents: z.number().optional(), weekendCents: z.number().optional() }),
      ])
      .readonly(),
  )
  .readonly();

const snapshotSchema = z.object({
  version: z.literal(VERSION),
  units: columnsOf(unitCells),
  /** By the place of the unit. */
  otherRates: otherRates.optional(),
  alsoCalled: z.array(z.tuple([z.number(), z.string()])).optional(),
  bookings: columnsOf(bookingCells),
  rentals: columnsOf(rentalCells).optional(),
  /** Of the few rows that stand for several machines, by their place. */
  quantities: quantities.optional(),
  bookingQuantities: quantities.optional(),
  hasBookingsTab: z.boolean(),
  yard: z.object({
    name: z.string(),
    timeZone: z.string(),
    currency: z.string().default(defaultCurrency),
    openingHours: z.string().nullable(),
    address: z.string().nullable(),
    delivery: z.string().nullable(),
    depositRules: z.string().nullable(),
    identificationRules: z.string().nullable(),
    transferTo: z.array(contact).readonly(),
    greeting: z.string().nullable(),
    notices: z.object({ ai: z.string().optional(), recording: z.string().optional() }).optional(),
    phone: z.string().optional(),
    breakdown: z.array(contact).readonly().optional(),
    emergency: z.string().optional(),
    deliveryRules: z
      .object({
        zones: z
          .array(
            z.object({
              place: z.union([
                z.object({ from: z.string(), to: z.string() }),
                z.object({ town: z.string() }),
              ]),
              cents: z.number(),
            }),
          )
          .readonly(),
        baseCents: z.number(),
        includedMiles: z.number(),
        perMileCents: z.number(),
        isEachWay: z.boolean(),
        windows: z.array(z.string()).readonly(),
      })
      .partial()
      .optional(),
    facts: z
      .array(z.tuple([z.string(), z.string()]).readonly())
      .readonly()
      .optional(),
    rules: rentalRules.optional(),
    limits: z
      .object({
        machinesPerCall: z.number(),
        daysPerBooking: z.number(),
        bookingsPerNumberPerDay: z.number(),
        messagesPerCall: z.number(),
        daysAhead: z.number(),
        trustedNumbers: z.array(z.string()).readonly(),
        blockedNumbers: z.array(z.string()).readonly(),
      })
      .partial()
      .optional(),
  }),
  fetchedAtMs: z.number(),
});

/** The inventory as the store keeps it: a value that JSON can hold. */
export type InventoryJson = z.input<typeof snapshotSchema>;

/** A stored snapshot that is not of this version, or damaged. `code` is `SNAPSHOT_UNREADABLE`. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  readonly code = 'SNAPSHOT_UNREADABLE';
}

/** The inventory as the store keeps it. */
export function inventoryToJson(inventory: Inventory): InventoryJson {
  return {
    ...inventory,
    version: VERSION,
    units: packColumns(inventory.units, unitCells),
    otherRates: inventory.units.flatMap(({ otherRates: rates }, at) =>
      rates ? [[at, rates] as const] : [],
    ),
    alsoCalled: inventory.units.flatMap(({ alsoCalled }, at): [number, string][] =>
      alsoCalled ? [[at, alsoCalled]] : [],
    ),
    bookings: packColumns(inventory.bookings, bookingCells),
    rentals: inventory.rentals && packColumns(inventory.rentals, rentalCells),
    quantities: quantitiesOf(inventory.units),
    bookingQuantities: quantitiesOf(inventory.bookings),
  };
}

/** The inventory as the store kept it. @throws {SnapshotError} for anything else. */
export function inventoryFromJson(json: unknown): Inventory {
  const parsed = snapshotSchema.safeParse(json);
  if (!parsed.success) {
    const paths = parsed.error.issues.slice(0, 3).map((issue) => issue.path.join('.') || 'JSON');
    throw new SnapshotError(`The stored inventory cannot be read: ${paths.join(', ')}`);
  }
  const { version: _, units, bookings, rentals, quantities: of, ...others } = parsed.data;
  const { bookingQuantities, otherRates: rates = [], alsoCalled = [], ...rest } = others;
  return {
    ...rest,
    units: withNames(withRates(withQuantities(unitsOf(units), of), rates), alsoCalled),
    bookings: withQuantities(bookingsOf(bookings), bookingQuantities),
    ...(rentals && { rentals: rentalsOf(rentals) }),
  };
}

type Quantities = z.output<typeof quantities>;

function quantitiesOf(rows: readonly { readonly quantity?: number }[]): Quantities {
  return rows.flatMap(({ quantity }, at) =>
    quantity === undefined ? [] : [[at, quantity] as const],
  );
}

function withQuantities<Row extends { readonly quantity?: number }>(
  rows: readonly Row[],
  of: Quantities = [],
): readonly Row[] {
  if (of.length === 0) return rows;
  const byPlace = new Map(of);
  return rows.map((row, at) => {
    const quantity = byPlace.get(at);
    return quantity === undefined ? row : { ...row, quantity };
  });
}

function withRates(units: readonly Unit[], rates: z.output<typeof otherRates>): readonly Unit[] {
  if (rates.length === 0) return units;
  const byPlace = new Map(rates);
  return units.map((unit, at) => {
    const own = byPlace.get(at);
    return own ? { ...unit, otherRates: own } : unit;
  });
}

function withNames(
  units: readonly Unit[],
  names: readonly (readonly [number, string])[],
): readonly Unit[] {
  if (names.length === 0) return units;
  const byPlace = new Map(names);
  return units.map((unit, at) => {
    const alsoCalled = byPlace.get(at);
    return alsoCalled === undefined ? unit : { ...unit, alsoCalled };
  });
}

// The columns are of one length: each of these cells is there.
/* oxlint-disable typescript/no-non-null-assertion */
function unitsOf(columns: Columns<PlainUnit>): readonly Unit[] {
  return columns.itemId.map((itemId, row) => ({
    itemId,
    name: columns.name[row]!,
    category: columns.category[row]!,
    dailyRateCents: columns.dailyRateCents[row]!,
    weeklyRateCents: columns.weeklyRateCents[row]!,
    fourWeekRateCents: columns.fourWeekRateCents[row]!,
    depositCents: columns.depositCents[row]!,
    status: columns.status[row]!,
    dueBack: columns.dueBack[row]!,
    notes: columns.notes[row]!,
  }));
}

function bookingsOf(columns: Columns<Omit<SheetBooking, 'quantity'>>): readonly SheetBooking[] {
  return columns.bookingId.map((bookingId, row) => ({
    bookingId,
    itemId: columns.itemId[row]!,
    start: columns.start[row]!,
    end: columns.end[row]!,
    status: columns.status[row]!,
  }));
}

function rentalsOf(columns: Columns<StaffRental>): readonly StaffRental[] {
  return columns.bookingId.map((bookingId, row) => ({
    bookingId,
    itemId: columns.itemId[row]!,
    start: columns.start[row]!,
    end: columns.end[row]!,
    customer: columns.customer[row]!,
    phone: columns.phone[row]!,
    totalCents: columns.totalCents[row]!,
  }));
}
/* oxlint-enable typescript/no-non-null-assertion */

/** The name under which the store keeps the yard's inventory. */
export const inventorySnapshot = 'inventory';

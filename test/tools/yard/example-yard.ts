import type { Inventory, SheetBooking, Unit, Yard } from '../../../tools/yard/equipment.ts';

/** Sunday, 22 November 2026, 14:00 in Chicago. */
export const nowMs = Date.UTC(2026, 10, 22, 20);

/** A unit that is in the yard; each test overrides what it is about. */
export function unit(overrides: Partial<Unit> = {}): Unit {
  return {
    itemId: 'EX-1',
    name: 'Mini Excavator',
    category: 'Excavators',
    dailyRateCents: 25_000,
    weeklyRateCents: 90_000,
    fourWeekRateCents: 270_000,
    depositCents: 20_000,
    status: 'AVAILABLE',
    dueBack: null,
    notes: null,
    ...overrides,
  };
}

/** A live booking of the unit `EX-1`. */
export function booking(start: string, end: string, overrides: Partial<SheetBooking> = {}) {
  return {
    bookingId: 'B-1',
    itemId: 'EX-1',
    start,
    end,
    status: 'CONFIRMED',
    ...overrides,
  } as const;
}

/** A yard that has filled in everything but its greeting. */
export const yard: Yard = {
  name: 'Prairie Rentals',
  timeZone: 'America/Chicago',
  currency: 'USD',
  openingHours: 'Mon-Fri 7:00-17:30, Sat 8:00-12:00',
  address: '12 Mill Road',
  delivery: 'Within 30 miles for $95 each way',
  depositRules: 'A deposit is due at pickup',
  identificationRules: "A driver's license",
  transferTo: [],
  greeting: null,
};

/** The list as a call reads it, fresh. */
export function inventory(units: readonly Unit[], overrides: Partial<Inventory> = {}): Inventory {
  return { units, bookings: [], hasBookingsTab: true, yard, fetchedAtMs: nowMs, ...overrides };
}

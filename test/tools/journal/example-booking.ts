import type { Inventory } from '../../../tools/yard/equipment.ts';
import type { BookingLine, BookingRequest } from '../../../tools/journal/booking-service.ts';
import { inventory, nowMs, unit } from '../yard/example-yard.ts';

/** Sunday, 22 November 2026, 14:00 in Chicago. */
export const clock = { nowMs: () => nowMs };

/** What a caller has confirmed; each test overrides what it is about. */
export function request({
  itemId = 'EX-1',
  start = '2026-12-01',
  end = '2026-12-03',
  totalCents = 75_000,
  ...overrides
}: Partial<BookingRequest & BookingLine> = {}): BookingRequest {
  return {
    lines: [{ itemId, start, end, totalCents }],
    customer: 'Jordan Sample',
    phone: '+15550142',
    inventory: listOf(itemId),
    ...overrides,
  };
}

/** A yard in which that one unit is free. */
export function listOf(itemId: string, overrides: Partial<Inventory> = {}): Inventory {
  return inventory([unit({ itemId })], overrides);
}

import { z } from 'zod';
import type { Inventory } from '../yard/equipment.ts';

/** Raised when a field changes its meaning: a job of another release then reads nothing, not wrong. */
const VERSION = 1;

const cents = z.int().nonnegative();
const isoDate = z.iso.date();

const inventorySchema = z.object({
  units: z.array(
    z.object({
      itemId: z.string().min(1),
      name: z.string().min(1),
      category: z.string().nullable(),
      dailyRateCents: cents,
      weeklyRateCents: cents.nullable(),
      fourWeekRateCents: cents.nullable(),
      depositCents: cents.nullable(),
      status: z.enum(['AVAILABLE', 'RENTED', 'MAINTENANCE']),
      dueBack: isoDate.nullable(),
      notes: z.string().nullable(),
    }),
  ),
  bookings: z.array(
    z.object({
      bookingId: z.string().min(1),
      itemId: z.string().min(1),
      start: isoDate,
      end: isoDate,
      status: z.enum(['CONFIRMED', 'CANCELLED']),
    }),
  ),
  yard: z.object({
    name: z.string(),
    timeZone: z.string(),
    openingHours: z.string().nullable(),
    address: z.string().nullable(),
    delivery: z.string().nullable(),
    depositRules: z.string().nullable(),
    identificationRules: z.string().nullable(),
    transferTo: z.array(z.string()),
    greeting: z.string().nullable(),
  }),
  fetchedAtMs: z.number(),
}) satisfies z.ZodType<Inventory>;

const snapshotSchema = z.object({ version: z.literal(VERSION), inventory: inventorySchema });

/** A stored snapshot that is not of this version, or damaged. `code` is `SNAPSHOT_UNREADABLE`. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  readonly code = 'SNAPSHOT_UNREADABLE';
}

/** The inventory as the store keeps it. */
export function inventoryToJson(inventory: Inventory): string {
  return JSON.stringify({ version: VERSION, inventory });
}

/** The inventory as the store kept it. @throws {SnapshotError} for anything else. */
export function inventoryFromJson(json: string): Inventory {
  const parsed = snapshotSchema.safeParse(parseJson(json));
  if (parsed.success) return parsed.data.inventory;
  const paths = parsed.error.issues.slice(0, 3).map((issue) => issue.path.join('.') || 'JSON');
  throw new SnapshotError(`The stored inventory cannot be read: ${paths.join(', ')}`);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** The name under which the store keeps the yard's inventory. */
export const inventorySnapshot = 'inventory';

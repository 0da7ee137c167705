import { sql, type CompiledQuery } from 'kysely';
import { z } from 'zod';
import type { StoreQueries } from '../../agent/infra/store/database.ts';
import type { BookingState } from './booking.ts';

/** What the machines that share a Postgres tell each other, when the transaction commits. */
export type Notice =
  | { readonly about: 'outbox' }
  | { readonly about: 'booking'; readonly bookingId: string; readonly state: BookingState };

/** The channel of `LISTEN` and `NOTIFY`. */
export const noticeChannel = 'pickup_bookings';

const noticeSchema = z.discriminatedUnion('about', [
  z.object({ about: z.literal('outbox') }),
  z.object({
    about: z.literal('booking'),
    bookingId: z.string(),
    state: z.enum(['pending', 'confirmed', 'conflict', 'cancelled']),
  }),
]) satisfies z.ZodType<Notice>;

/** Tells the sheet writer, wherever it runs, that there is something to deliver. */
export function outboxNotice(store: StoreQueries): readonly CompiledQuery[] {
  return noticeQueries(store, { about: 'outbox' });
}

/** Tells the supervisor whose job waits for it, wherever it runs, what became of a booking. */
export async function notifyState(
  tx: StoreQueries,
  bookingId: string,
  state: BookingState,
): Promise<void> {
  for (const query of noticeQueries(tx, { about: 'booking', bookingId, state })) {
    await tx.db.executeQuery(query);
  }
}

/** Null for what another release may send. */
export function readNotice(payload: string): Notice | null {
  try {
    return noticeSchema.safeParse(JSON.parse(payload)).data ?? null;
  } catch {
    return null;
  }
}

/** SQLite is one machine's: there the processes hear of each other on the line. */
function noticeQueries({ db, dialect }: StoreQueries, notice: Notice): readonly CompiledQuery[] {
  if (dialect !== 'postgres') return [];
  return [sql`select pg_notify(${noticeChannel}, ${JSON.stringify(notice)})`.compile(db)];
}

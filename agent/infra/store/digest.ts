import { sql } from 'kysely';
import { z } from 'zod';
import type { StoreQueries } from './database.ts';
import { readSnapshot, saveSnapshot } from './snapshots.ts';

/** One day of the yard's, counted. Money is in cents of the yard's currency. */
export type DayCounts = {
  /** Calls by the ledger's outcome; tests are not among them. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly bookings: number;
  readonly bookedCents: number;
  /** What the last quote of each call came to, added up. */
  readonly quotedCents: number;
  /** Callers who wait to be called back, as of now. */
  readonly callBacksOpen: number;
  readonly messages: number;
  /** What went wrong, each kind with its count: calls by their reason, takeovers, conflicts of now. */
  readonly wrong: Readonly<Record<string, number>>;
  readonly costUsd: number;
  /** Null when no test call was made. */
  readonly canary: CanaryDay | null;
};

const hourMs = 3_600_000;
const wrongOutcomes = ['failed', 'dropped', 'no-audio', 'overflow'];

/** Counts the calls of a yard's day (`2026-12-01`), and what came of them. */
export async function countDay({ db }: StoreQueries, day: string): Promise<DayCounts> {
  // Zones are at most 14 hours ahead and 12 behind: these hours hold all of the day, by the index.
  const noonMs = Date.parse(`${day}T12:00:00Z`);
  const ofDay = db
    .selectFrom('calls')
    .where('startedAtMs', '>=', noonMs - 27 * hourMs)
    .where('startedAtMs', '<', noonMs + 27 * hourMs)
    .where('day', '=', day)
    .where('outcome', '<>', 'test');
  const callIds = ofDay.select('callId');
  const calls = await ofDay
    .select(['outcome', 'reason'])
    .select(({ fn }) => [
      fn.countAll<number>().as('calls'),
      sql<number>`cast(coalesce(sum(takeovers), 0) as bigint)`.as('takeovers'),
    ])
    .groupBy(['outcome', 'reason'])
    .execute();
  const booked = await db
    .selectFrom('bookings')
    .select(({ fn }) => [
      fn.countAll<number>().as('bookings'),
      sql<number>`cast(coalesce(sum(total_cents), 0) as bigint)`.as('cents'),
    ])
    .where('callId', 'in', callIds)
    .where('state', '<>', 'cancelled')
    .executeTakeFirst();
  const count = async (query: typeof open) => (await query.executeTakeFirst())?.rows ?? 0;
  const open = db
    .selectFrom('callBacks')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('state', '=', 'open');
  const conflicts = await db
    .selectFrom('bookings')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('state', '=', 'conflict')
    .where('resolvedAtMs', 'is', null)
    .executeTakeFirst();
  const messages = await db
    .selectFrom('messages')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('callId', 'in', callIds)
    .executeTakeFirst();
  const quotes = await db
    .selectFrom('transcripts')
    .select(['callId', 'data'])
    .where('callId', 'in', callIds)
    .where('kind', '=', 'tool')
    .where('data', 'like', '%"quote_rental"%')
    .orderBy('id')
    .execute();
  const last = new Map(
    quotes.flatMap(({ callId, data }) => {
      const cents = quotedCents(data);
      return cents === null ? [] : [[callId, cents] as const];
    }),
  );
  const outcomes: Record<string, number> = {};
  const wrong: Record<string, number> = {};
  const add = (to: Record<string, number>, kind: string, some: number) => {
    if (some > 0) to[kind] = (to[kind] ?? 0) + some;
  };
  for (const { outcome, reason, calls: some, takeovers } of calls) {
    add(outcomes, outcome ?? '', some);
    if (wrongOutcomes.includes(outcome ?? '')) add(wrong, `${outcome}: ${reason}`, some);
    add(wrong, 'takeovers', takeovers);
  }
  add(wrong, 'conflicts open', conflicts?.rows ?? 0);
  return {
    outcomes,
    wrong,
    bookings: booked?.bookings ?? 0,
    bookedCents: booked?.cents ?? 0,
    quotedCents: [...last.values()].reduce((all, cents) => all + cents, 0),
    callBacksOpen: await count(open),
    messages: messages?.rows ?? 0,
    costUsd: await costOfDay({ db }, day),
    canary: await canaryOfDay({ db }, day),
  };
}

/** US dollars that the calls of a day of the yard have cost, as far as they are settled. */
export async function costOfDay({ db }: Pick<StoreQueries, 'db'>, day: string): Promise<number> {
  const costs = await db
    .selectFrom('figures')
    .select(['value', 'calls'])
    .where('day', '=', day)
    .where('measure', '=', 'cost')
    .execute();
  return costs.reduce((all, { value, calls }) => all + Number(value) * calls, 0) / 100;
}

const canaryName = 'canary';
/** Longer than a digest may be late. */
const canaryDaysKept = 7;
const canaryDays = z.record(z.string(), z.object({ passed: z.number(), failed: z.number() }));

/** The test calls of a day of the yard. */
export type CanaryDay = { readonly passed: number; readonly failed: number };

/** Test calls of that day; null when there was none. */
export async function canaryOfDay(
  store: Pick<StoreQueries, 'db'>,
  day: string,
): Promise<CanaryDay | null> {
  return (await keptCanaryDays(store))[day] ?? null;
}

/** Counts one more test call of a day. */
export async function countCanary(
  store: Pick<StoreQueries, 'db'>,
  { day, hasPassed }: { readonly day: string; readonly hasPassed: boolean },
): Promise<void> {
  const days = await keptCanaryDays(store);
  const { passed, failed } = days[day] ?? { passed: 0, failed: 0 };
  const counted = hasPassed ? { passed: passed + 1, failed } : { passed, failed: failed + 1 };
  const kept = Object.entries({ ...days, [day]: counted }).toSorted(([a], [b]) => (a < b ? 1 : -1));
  const json = Object.fromEntries(kept.slice(0, canaryDaysKept));
  await saveSnapshot(store, { name: canaryName, json, savedAtMs: Date.now() });
}

async function keptCanaryDays(store: Pick<StoreQueries, 'db'>): Promise<Record<string, CanaryDay>> {
  const kept = await readSnapshot(store, canaryName);
  return canaryDays.safeParse(kept?.json).data ?? {};
}

/** The total in the answer of `quote_rental`, which is worded for a voice (`$1,250`, `£89.50`). */
function quotedCents(data: string): number | null {
  const [, amount] = /\\*"total\\*":\s*\\*"[^\d"\\]*([\d,]+(?:\.\d+)?)/.exec(data) ?? [];
  return amount === undefined ? null : Math.round(Number(amount.replaceAll(',', '')) * 100);
}

import { sql, type ExpressionBuilder, type Selectable } from 'kysely';
import { callTimeline, type StoredCallEvent } from './calls.ts';
import type { CallBack } from './call-backs.ts';
import { wordConditions } from './call-words.ts';
import type { StoreQueries } from './database.ts';
import type { Schema } from './schema.ts';
import { readTranscript, type Transcript } from './transcripts.ts';

/**
 * The ledger's word on a ring that is over.
 * - `answered`: by the agent, and ended by one of the two
 * - `short-abandon`, `abandoned`: the caller gave up before the answer; within 5 s, or later
 * - `overflow`: nobody was free
 * - `refused`: a blocked number, or one that flooded us
 * - `failed`: by a fault of ours
 * - `no-audio`: answered, and nothing of the caller ever came
 * - `dropped`: the carrier, LiveKit or a provider broke it off, or nobody could tell
 * - `test`: the yard's own
 */
export const ledgerOutcomes = [
  'answered',
  'short-abandon',
  'abandoned',
  'overflow',
  'refused',
  'failed',
  'no-audio',
  'dropped',
  'test',
] as const;

/** One of `ledgerOutcomes`. */
export type LedgerOutcome = (typeof ledgerOutcomes)[number];

/** One ring. Times are Unix milliseconds; the figures are null until the call is settled. */
export type LedgerRow = {
  readonly callId: string;
  readonly room: string;
  readonly startedAtMs: number;
  readonly answeredAtMs: number | null;
  /** Null while the call is live. */
  readonly endedAtMs: number | null;
  /** Null while it is live, and for a second after its end. */
  readonly outcome: LedgerOutcome | null;
  readonly result: string | null;
  readonly reason: string | null;
  readonly endedBy: string | null;
  /** The number's last four digits; null when it was withheld. */
  readonly lastDigits: string | null;
  /** The whole number; null too once it is older than 90 days. */
  readonly phone: string | null;
  readonly day: string | null;
  readonly turns: number | null;
  readonly talkMs: number | null;
  readonly firstWordMs: number | null;
  readonly turnP50Ms: number | null;
  readonly turnP95Ms: number | null;
  readonly longestWaitMs: number | null;
  readonly takeovers: number | null;
  readonly handovers: number | null;
  readonly hasBooking: boolean;
  readonly hasMessage: boolean;
  readonly isSlow: boolean;
  readonly isSilent: boolean;
  readonly isTest: boolean;
};

/** The rows to read; what is absent filters nothing. */
export type LedgerFilter = {
  /** Unix milliseconds of the ring: from, and before. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly outcome?: LedgerOutcome | undefined;
  readonly result?: string | undefined;
  readonly reason?: string | undefined;
  /** The number's last digits, one or more. */
  readonly lastDigits?: string | undefined;
  readonly hasBooking?: boolean | undefined;
  readonly hasMessage?: boolean | undefined;
  readonly minTalkMs?: number | undefined;
  readonly maxTalkMs?: number | undefined;
  /** An answer took long (`slowTurnMs`). */
  readonly isSlow?: boolean | undefined;
  /** The caller waited in silence (`silentMs`). */
  readonly isSilent?: boolean | undefined;
  readonly isTest?: boolean | undefined;
  /** Words that were said, in any order. */
  readonly words?: string | undefined;
};

/** Rows of the ledger, newest first. */
export type LedgerPage = {
  readonly rows: readonly LedgerRow[];
  /** The next page's `cursor`; null on the last one. */
  readonly next: string | null;
};

const columns = [
  'callId',
  'room',
  'startedAtMs',
  'answeredAtMs',
  'endedAtMs',
  'outcome',
  'result',
  'reason',
  'endedBy',
  'callerNumberMasked as lastDigits',
  'phone',
  'day',
  'turns',
  'talkMs',
  'firstWordMs',
  'turnP50Ms',
  'turnP95Ms',
  'longestWaitMs',
  'takeovers',
  'handovers',
  'hasBooking',
  'hasMessage',
  'isSlow',
  'isSilent',
  'isTest',
] as const;

/** Reads a page of the ledger by keyset: rows that come meanwhile move no page. */
export async function readLedger(
  store: StoreQueries,
  filter: LedgerFilter = {},
  { cursor, limit = 50 }: { readonly cursor?: string | null; readonly limit?: number } = {},
): Promise<LedgerPage> {
  const after = readCursor(cursor ?? null);
  const found = await store.db
    .selectFrom('calls')
    .select(columns)
    .where((eb) => eb.and([...conditions(eb, filter), ...wordConditions(eb, store, filter.words)]))
    .$if(after !== null, (query) =>
      query.where((eb) => {
        const { startedAtMs, callId } = after ?? { startedAtMs: 0, callId: '' };
        return eb(eb.refTuple('startedAtMs', 'callId'), '<', eb.tuple(startedAtMs, callId));
      }),
    )
    .orderBy('startedAtMs', 'desc')
    .orderBy('callId', 'desc')
    .limit(limit + 1)
    .execute();
  const rows = found.slice(0, limit).map(asRow);
  const last = rows.at(-1);
  const next = found.length > limit && last ? `${last.startedAtMs}~${last.callId}` : null;
  return { rows, next };
}

/** The calls that are live, oldest first. */
export async function liveCalls({ db }: StoreQueries): Promise<readonly LedgerRow[]> {
  const rows = await db
    .selectFrom('calls')
    .select(columns)
    .where('endedAtMs', 'is', null)
    .orderBy('startedAtMs')
    .execute();
  return rows.map(asRow);
}

/** One call with everything that is kept of it. */
export type LedgerCall = LedgerRow & {
  /** The figures of its close, as JSON holds them. */
  readonly summary: unknown;
  readonly transcript: Transcript;
  readonly events: readonly StoredCallEvent[];
  readonly bookings: readonly Selectable<Schema['bookings']>[];
  readonly messages: readonly Selectable<Schema['messages']>[];
  /** The caller's call-back of that day. */
  readonly callBacks: readonly CallBack[];
};

/** Reads a call; undefined when there is none with that id. */
export async function readLedgerCall(
  store: StoreQueries,
  callId: string,
): Promise<LedgerCall | undefined> {
  const { db } = store;
  const row = await db
    .selectFrom('calls')
    .select([...columns, 'summary', 'phoneKey'])
    .where('callId', '=', callId)
    .executeTakeFirst();
  if (!row) return undefined;
  const { summary, phoneKey, ...rest } = row;
  const of = (table: 'bookings' | 'messages') =>
    db.selectFrom(table).where('callId', '=', callId).orderBy('createdAtMs');
  const [transcript, events, bookings, messages, callBacks] = await Promise.all([
    readTranscript(store, callId),
    callTimeline(store, callId),
    of('bookings').selectAll('bookings').execute(),
    of('messages').selectAll('messages').execute(),
    db
      .selectFrom('callBacks')
      .selectAll()
      .where('callerKey', 'in', [phoneKey ?? callId, callId])
      .where('day', '=', row.day ?? '')
      .execute(),
  ]);
  return {
    ...asRow(rest),
    summary: summary === null ? null : JSON.parse(summary),
    transcript,
    events,
    bookings,
    messages,
    callBacks,
  };
}

/** Bookings that hold a machine on one of the days, both included, by machine and first day. */
export function bookingsByDay(
  { db }: StoreQueries,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<readonly Selectable<Schema['bookings']>[]> {
  return db
    .selectFrom('bookings')
    .selectAll()
    .where('state', 'in', ['pending', 'confirmed', 'conflict'])
    .where('endDay', '>=', from)
    .where('startDay', '<=', to)
    .orderBy('itemId')
    .orderBy('startDay')
    .execute();
}

/**
 * One count of settled calls. `measure` is `outcome` (`value`: a `LedgerOutcome`), or `first-word`,
 * `turn-p50`, `turn-p95`, `talk` (`value`: the upper bound in ms of the span that the call fell into),
 * `takeovers` (`value`: their number in a call), or `cost` (`value`: US cents of a call).
 */
export type Figure = Pick<Selectable<Schema['figures']>, 'measure' | 'value' | 'calls'>;

/** The counts of some days or months, and of their outcomes by hour. */
export type Figures = {
  readonly byPeriod: readonly (Figure & { readonly period: string })[];
  readonly byHour: readonly (Figure & { readonly hour: number })[];
};

/** The counts of `periods`: days such as `2026-12-01`, or months such as `2026-12`. Tests are not counted. */
export async function readFigures(
  { db }: StoreQueries,
  periods: readonly string[],
): Promise<Figures> {
  const calls = sql<number>`cast(sum(calls) as bigint)`.as('calls');
  const counted = db.selectFrom('figures').where('day', 'in', periods);
  const byPeriod = counted
    .select(['day as period', 'measure', 'value', calls])
    .groupBy(['day', 'measure', 'value'])
    .orderBy('day');
  const byHour = counted
    .where('measure', '=', 'outcome')
    .select(['hour', 'measure', 'value', calls])
    .groupBy(['hour', 'measure', 'value'])
    .orderBy('hour');
  return { byPeriod: await byPeriod.execute(), byHour: await byHour.execute() };
}

type Calls = ExpressionBuilder<Schema, 'calls'>;

function conditions(eb: Calls, filter: LedgerFilter) {
  const { sinceMs, untilMs, minTalkMs, maxTalkMs, lastDigits } = filter;
  const equal = (['outcome', 'result', 'reason'] as const).flatMap((column) => {
    const value = filter[column];
    return value === undefined ? [] : [eb(column, '=', value)];
  });
  const flags = (['hasBooking', 'hasMessage', 'isSlow', 'isSilent', 'isTest'] as const).flatMap(
    (column) => {
      const value = filter[column];
      if (value === undefined) return [];
      // Before a call is settled there is nothing to say so.
      return [value ? eb(column, '=', 1) : eb(eb.fn.coalesce(column, eb.lit(0)), '=', 0)];
    },
  );
  return [
    ...equal,
    ...flags,
    ...(sinceMs === undefined ? [] : [eb('startedAtMs', '>=', sinceMs)]),
    ...(untilMs === undefined ? [] : [eb('startedAtMs', '<', untilMs)]),
    ...(minTalkMs === undefined ? [] : [eb('talkMs', '>=', minTalkMs)]),
    ...(maxTalkMs === undefined ? [] : [eb('talkMs', '<=', maxTalkMs)]),
    ...(lastDigits === undefined ? [] : digitConditions(eb, lastDigits.replace(/\D/g, ''))),
  ];
}

/** Three digits are ten ends of four, which the index knows; fewer are found within a page's reach. */
function digitConditions(eb: Calls, digits: string) {
  if (digits.length === 0) return [];
  const lastFour = eb('callerNumberMasked', '=', digits.slice(-4));
  if (digits.length === 4) return [lastFour];
  if (digits.length > 4) return [lastFour, eb('phoneKey', 'like', `%${digits.slice(-10)}`)];
  if (digits.length < 3) return [eb('callerNumberMasked', 'like', `%${digits}`)];
  const ends = Array.from({ length: 10 }, (_, first) => `${first}${digits}`);
  return [eb('callerNumberMasked', 'in', [digits, ...ends])];
}

function readCursor(cursor: string | null) {
  const [, at, callId] = /^(\d{1,15})~(.*)$/s.exec(cursor ?? '') ?? [];
  return at === undefined || callId === undefined ? null : { startedAtMs: Number(at), callId };
}

type Flag = 'hasBooking' | 'hasMessage' | 'isSlow' | 'isSilent' | 'isTest';
type Read = Omit<LedgerRow, Flag | 'outcome'> & Pick<Selectable<Schema['calls']>, Flag | 'outcome'>;

function asRow(row: Read): LedgerRow {
  return {
    ...row,
    outcome: ledgerOutcomes.find((outcome) => outcome === row.outcome) ?? null,
    hasBooking: row.hasBooking === 1,
    hasMessage: row.hasMessage === 1,
    isSlow: row.isSlow === 1,
    isSilent: row.isSilent === 1,
    isTest: row.isTest === 1,
  };
}

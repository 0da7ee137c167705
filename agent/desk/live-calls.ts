import { z } from 'zod';
import type { StoreQueries } from '../infra/store/database.ts';
import { liveCalls, type LedgerRow } from '../infra/store/ledger.ts';

/** A live call as the desk shows it. */
export type LiveCall = Pick<
  LedgerRow,
  'callId' | 'startedAtMs' | 'answeredAtMs' | 'lastDigits' | 'isTest'
> & {
  readonly lastWords: { readonly who: string; readonly text: string } | null;
  /** Nobody has spoken since then; null while somebody speaks or before the first word. */
  readonly quietSinceMs: number | null;
  /** The machine that was spoken of last, by its id or name. */
  readonly machine: string | null;
  readonly takeovers: number;
};

/** An event of a call, as the log of the desk tells it. */
export type LoggedEvent = {
  readonly id: number;
  readonly callId: string;
  readonly atMs: number;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly lastDigits: string | null;
};

const lineSchema = z.object({
  who: z.string(),
  text: z.string(),
  atMs: z.number(),
  untilMs: z.number().nullable(),
});
const toolSchema = z.object({ args: z.record(z.string(), z.unknown()) });
const dataSchema = z.record(z.string(), z.unknown());

/** The calls that are live, oldest first, each with what was said last. */
export async function readLiveCalls(store: StoreQueries): Promise<readonly LiveCall[]> {
  const rows = await liveCalls(store);
  if (rows.length === 0) return [];
  const ids = rows.map(({ callId }) => callId);
  const newest = (kind: 'line' | 'tool') =>
    store.db
      .selectFrom('transcripts')
      .select(({ fn }) => fn.max('id').as('id'))
      .where('callId', 'in', ids)
      .where('kind', '=', kind)
      .groupBy('callId');
  const read = (kind: 'line' | 'tool') =>
    store.db
      .selectFrom('transcripts')
      .select(['callId', 'data'])
      .where('id', 'in', newest(kind))
      .execute();
  const [lines, tools, resumed] = await Promise.all([
    read('line'),
    read('tool'),
    store.db
      .selectFrom('callEvents')
      .select(['callId', 'data'])
      .where('callId', 'in', ids)
      .where('event', '=', 'job.resumed')
      .execute(),
  ]);
  const of = <T>(found: typeof lines, callId: string, schema: z.ZodType<T>): T | null => {
    const row = found.find((each) => each.callId === callId);
    return row ? (schema.safeParse(JSON.parse(row.data)).data ?? null) : null;
  };
  return rows.map((row) => {
    const { callId, startedAtMs, answeredAtMs, lastDigits, isTest } = row;
    const line = of(lines, callId, lineSchema);
    return {
      callId,
      startedAtMs,
      answeredAtMs,
      lastDigits,
      isTest,
      lastWords: line && { who: line.who, text: line.text },
      quietSinceMs: line?.untilMs ?? null,
      machine: machineOf(of(tools, callId, toolSchema)?.args),
      takeovers: resumed.filter(
        (each) => each.callId === callId && jsonOf(each.data)['kind'] === 'takeover',
      ).length,
    };
  });
}

/** The arguments of our tools that name a machine. */
const machineArguments = ['itemId', 'item', 'equipment', 'machine', 'query'];

function machineOf(args: Readonly<Record<string, unknown>> | undefined): string | null {
  const named = machineArguments.map((name) => args?.[name]);
  return named.find((value): value is string => typeof value === 'string' && value !== '') ?? null;
}

/** The events after `afterId`, at most `limit`, oldest first. */
export async function readEvents(
  { db }: StoreQueries,
  { afterId, limit }: { readonly afterId: number; readonly limit: number },
): Promise<readonly LoggedEvent[]> {
  const rows = await db
    .selectFrom('callEvents as e')
    .leftJoin('calls as c', 'c.callId', 'e.callId')
    .select(['e.id', 'e.callId', 'e.atMs', 'e.event', 'e.data', 'c.callerNumberMasked'])
    .where('e.id', '>', afterId)
    .orderBy('e.id', 'desc')
    .limit(limit)
    .execute();
  return rows.toReversed().map(({ callerNumberMasked: lastDigits, data, ...row }) => ({
    ...row,
    data: jsonOf(data),
    lastDigits,
  }));
}

/** The id of the last event; 0 when there was none. */
export async function lastEventId({ db }: StoreQueries): Promise<number> {
  const row = await db
    .selectFrom('callEvents')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirst();
  return row?.id ?? 0;
}

function jsonOf(text: string | null): Readonly<Record<string, unknown>> {
  return text === null ? {} : (dataSchema.safeParse(JSON.parse(text)).data ?? {});
}

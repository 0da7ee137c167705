import type { Selectable } from 'kysely';
import { z } from 'zod';
import { closeAnswered, noteCallBack, phoneKeyOf, type CallBackReason } from './call-backs.ts';
import { keepWords } from './call-words.ts';
import type { Store, StoreQueries } from './database.ts';
import type { LedgerOutcome } from './ledger.ts';
import type { Schema } from './schema.ts';
import { readTranscript } from './transcripts.ts';

/** A caller who gives up within this did not wait to be answered. */
const shortAbandonMs = 5_000;

/** An answer that took so long makes a call slow: double of what callers take for usual. */
const slowTurnMs = 2_500;

/** A caller who waited so long asks whether anybody is there. */
const silentMs = 5_000;

/** A call that ended longer ago is settled without a call-back: nobody would know why they are called. */
const callBackReachMs = 86_400_000;

/** The figures of a call's close, as far as its release and its agent wrote them. */
const figuresOfClose = z
  .object({
    talkMs: z.number().nullable().catch(null),
    answerToFirstWordMs: z.number().nullable().catch(null),
    latencyP50Ms: z.number().nullable().catch(null),
    latencyP95Ms: z.number().nullable().catch(null),
    handovers: z.number().nullable().catch(null),
    takeovers: z.number().nullable().catch(null),
    packetsIn: z.number().nullable().catch(null),
    costUsd: z.number().nullable().catch(null),
  })
  .partial();

type Ended = Pick<
  Selectable<Schema['calls']>,
  'startedAtMs' | 'answeredAtMs' | 'endedAtMs' | 'result' | 'reason' | 'isTest'
>;

/** The ledger's word on a call that is over. `packetsIn` is null where nobody counted them. */
export function outcomeOf(call: Ended, packetsIn: number | null): LedgerOutcome {
  const { startedAtMs, answeredAtMs, endedAtMs, result, reason } = call;
  if (call.isTest === 1) return 'test';
  if (reason === 'blocked') return 'refused';
  if (reason === 'overflow') return result === 'caller' ? 'refused' : 'overflow';
  if (result === 'failed') return 'failed';
  if (reason === 'cancelled-while-ringing' || (answeredAtMs === null && result === 'completed')) {
    return (endedAtMs ?? startedAtMs) - startedAtMs < shortAbandonMs
      ? 'short-abandon'
      : 'abandoned';
  }
  if (answeredAtMs !== null && packetsIn === 0) return 'no-audio';
  return result === 'completed' || result === 'caller' ? 'answered' : 'dropped';
}

/** A call that has got its place in the ledger. */
export type SettledCall = { readonly callId: string; readonly outcome: LedgerOutcome };

/** The yard's own time of a moment (Unix milliseconds): an ISO day and the hour, 0 to 23. */
export type YardTime = (atMs: number) => { readonly day: string; readonly hour: number };

/**
 * Gives the calls that ended since their place in the ledger: outcome, figures, words to search, and
 * whom to call back. It costs no call anything, and finds those that another release wrote too. Once
 * for each call, however many processes do so.
 */
export async function settleCalls(
  store: Store,
  {
    yardTime,
    nowMs,
    limit = 20,
  }: { readonly yardTime: YardTime; readonly nowMs: number; readonly limit?: number },
): Promise<readonly SettledCall[]> {
  const unsettled = store.db
    .selectFrom('calls')
    .where('outcome', 'is', null)
    .where('endedAtMs', 'is not', null)
    .orderBy('endedAtMs')
    .limit(limit);
  const calls = await unsettled.select('callId').execute();
  const settled: SettledCall[] = [];
  for (const { callId } of calls) {
    const outcome = await store.transaction((tx) => settle(tx, callId, { yardTime, nowMs }));
    if (outcome) settled.push({ callId, outcome });
  }
  return settled;
}

async function settle(
  tx: StoreQueries,
  callId: string,
  { yardTime, nowMs }: { readonly yardTime: YardTime; readonly nowMs: number },
): Promise<LedgerOutcome | null> {
  const call = await tx.db
    .selectFrom('calls')
    .selectAll()
    .where('callId', '=', callId)
    .executeTakeFirst();
  if (!call || call.outcome !== null || call.endedAtMs === null) return null;
  const close = figuresOfClose.safeParse(JSON.parse(call.summary ?? '{}') ?? {});
  const figures = close.success ? close.data : {};
  const outcome = outcomeOf(call, figures.packetsIn ?? null);
  const { day, hour } = yardTime(call.startedAtMs);
  const { lines, turns } = await readTranscript(tx, callId);
  const messages = await tx.db
    .selectFrom('messages')
    .select(['text', 'phone', 'customer', 'kind'])
    .where('callId', '=', callId)
    .orderBy('createdAtMs')
    .execute();
  const booking = await tx.db
    .selectFrom('bookings')
    .select('bookingId')
    .where('callId', '=', callId)
    .limit(1)
    .executeTakeFirst();
  const waits = turns.flatMap(({ firstSoundMs }) => (firstSoundMs === null ? [] : [firstSoundMs]));
  const { latencyP50Ms = null, latencyP95Ms = null } = figures;
  const longestWaitMs = waits.length > 0 ? Math.round(Math.max(...waits)) : latencyP95Ms;
  const row = {
    outcome,
    day,
    talkMs: figures.talkMs ?? null,
    firstWordMs: figures.answerToFirstWordMs ?? null,
    turnP50Ms: latencyP50Ms,
    turnP95Ms: latencyP95Ms,
    longestWaitMs,
    takeovers: figures.takeovers ?? null,
    handovers: figures.handovers ?? null,
    hasBooking: booking ? 1 : 0,
    hasMessage: messages.length > 0 ? 1 : 0,
    isSlow: (latencyP95Ms ?? 0) >= slowTurnMs ? 1 : 0,
    isSilent: (longestWaitMs ?? 0) >= silentMs ? 1 : 0,
    wordsId: await keepWords(tx, call.startedAtMs, lines),
  };
  await tx.db.updateTable('calls').set(row).where('callId', '=', callId).execute();
  if (outcome === 'test') return outcome;
  await count(tx, { day, hour }, { ...row, costUsd: figures.costUsd ?? null });
  if (call.endedAtMs < nowMs - callBackReachMs) return outcome;
  await callBack(tx, { ...call, endedAtMs: call.endedAtMs, day, outcome, messages });
  return outcome;
}

/** The upper bound of the span that `ms` falls into: finer where callers tell a difference. */
function span(ms: number): string {
  const stepMs = ms < 3_000 ? 100 : ms < 20_000 ? 1_000 : 30_000;
  return `${Math.max(1, Math.ceil(ms / stepMs)) * stepMs}`;
}

async function count(
  { db }: StoreQueries,
  at: { readonly day: string; readonly hour: number },
  row: Pick<
    Selectable<Schema['calls']>,
    'outcome' | 'firstWordMs' | 'turnP50Ms' | 'turnP95Ms' | 'talkMs' | 'takeovers'
  > & { readonly costUsd: number | null },
): Promise<void> {
  const timed = [
    ['first-word', row.firstWordMs],
    ['turn-p50', row.turnP50Ms],
    ['turn-p95', row.turnP95Ms],
    ['talk', row.talkMs],
  ] as const;
  const figures = [
    ['outcome', row.outcome ?? ''],
    ...timed.flatMap(([measure, ms]) => (ms === null ? [] : [[measure, span(ms)] as const])),
    ...((row.takeovers ?? 0) > 0 ? [['takeovers', `${row.takeovers}`] as const] : []),
    ...(row.costUsd === null ? [] : [['cost', `${Math.round(row.costUsd * 100)}`] as const]),
  ] as const;
  await db
    .insertInto('figures')
    .values(
      figures.flatMap(([measure, value]) => {
        // By hour there are outcomes alone: the other measures are a day's, in few rows.
        const hour = measure === 'outcome' ? at.hour : 0;
        return [at.day, at.day.slice(0, 7)].map((day) => ({ day, hour, measure, value, calls: 1 }));
      }),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['day', 'hour', 'measure', 'value'])
        .doUpdateSet((eb) => ({ calls: eb('figures.calls', '+', 1) })),
    )
    .execute();
}

type Message = Pick<Selectable<Schema['messages']>, 'text' | 'phone' | 'customer' | 'kind'>;

async function callBack(
  tx: StoreQueries,
  call: Pick<Selectable<Schema['calls']>, 'callId' | 'startedAtMs' | 'phone' | 'result'> & {
    readonly endedAtMs: number;
    readonly day: string;
    readonly outcome: LedgerOutcome;
    readonly messages: readonly Message[];
  },
): Promise<void> {
  const { callId, startedAtMs, endedAtMs, day, outcome, phone } = call;
  // A caller who was put through has spoken with a person.
  const messages = call.messages.filter(({ kind }) => kind !== 'put-through');
  const callerKey = phoneKeyOf(phone);
  const isGood = outcome === 'answered' && call.result === 'completed';
  if (isGood && callerKey !== null) {
    await closeAnswered(tx, { callerKey, startedAtMs, endedAtMs });
  }
  const reason = reasonOf(outcome, messages);
  if (reason === null) return;
  const wishes = messages.flatMap(({ text, kind }) => (kind === 'call-back' ? [] : [text]));
  await noteCallBack(tx, {
    callId,
    day,
    phone: messages.findLast((message) => message.phone !== null)?.phone ?? phone,
    customer: messages.findLast((message) => message.customer !== null)?.customer ?? null,
    reason,
    wish: wishes.length > 0 ? wishes.join('\n') : null,
    atMs: startedAtMs,
  });
}

function reasonOf(outcome: LedgerOutcome, messages: readonly Message[]): CallBackReason | null {
  if (messages.some(({ kind }) => kind === 'urgent')) return 'emergency';
  if (outcome === 'overflow' || outcome === 'failed' || outcome === 'dropped') return outcome;
  if (messages.some(({ kind }) => kind === 'call-back')) return 'apology';
  if (messages.length > 0) return 'message';
  return outcome === 'no-audio' || outcome === 'abandoned' ? outcome : null;
}

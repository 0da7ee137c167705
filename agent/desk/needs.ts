import { retryNow } from '../../tools/journal/outbox.ts';
import { resolveCode } from '../../tools/journal/overview.ts';
import { readProblems, type SheetProblem } from '../../tools/sheet/read/sheet-problems.ts';
import { readSettledRows, settleRow } from '../../tools/sheet/read/settled-rows.ts';
import { addAudit, openCallBacks, settleCallBack } from '../infra/store/call-backs.ts';
import type { Store, StoreQueries } from '../infra/store/database.ts';
import { callerText } from './layout.ts';

/** Deeds at the desk that settle something. */
export const deeds = ['called', 'no-need', 'resolve', 'retry', 'settle-row', 'dismiss'] as const;

/** One of `deeds`. */
export type Deed = (typeof deeds)[number];

/** Something that needs a person, and the one deed that settles it. */
export type Need = {
  /** 0 is the worst. */
  readonly rank: number;
  readonly kind: string;
  /** Whom or what it is about: short, to be told apart from the others. */
  readonly about: string;
  readonly detail: string;
  readonly sinceMs: number | null;
  /** The call to read, if one is behind it. */
  readonly callId: string | null;
  /** The number to call. */
  readonly phone: string | null;
  readonly tries: number;
  readonly deed: Deed;
  readonly label: string;
  readonly ref: string;
};

const pendingMs = 300_000;
const stuckMs = 7_200_000;
const failedReachMs = 7 * 86_400_000;
const slowReachMs = 86_400_000;
/** More of one kind than a person goes through are one thing to mend. */
const mostOfAKind = 50;

const callBackKinds: Readonly<Record<string, string>> = {
  emergency: 'Emergency',
  overflow: 'Nobody was free',
  failed: 'Our call failed',
  dropped: 'The line was lost',
  apology: 'We broke off',
  message: 'Message',
  'no-audio': 'Nothing was heard of them',
  abandoned: 'Gave up waiting',
};

const conflictWords: Readonly<Record<string, string>> = {
  'unit-gone': 'the machine is no longer in the sheet',
  maintenance: 'the machine is in maintenance',
  booked: 'the machine is booked by somebody else',
  rented: 'the machine is rented out',
  'cancelled-by-staff': 'the row was cancelled in the sheet',
  'other-line': 'another machine of the booking cannot be had',
};

const ranks = { emergency: 0, conflict: 1, ours: 2, pending: 3, asked: 4, failed: 5, row: 6 };

/** All that needs a person now, worst first. */
export async function readNeeds(store: StoreQueries, nowMs: number): Promise<readonly Need[]> {
  const parts = await Promise.all([
    callBacks(store),
    conflicts(store),
    messages(store),
    pending(store, nowMs),
    oddCalls(store, nowMs),
    unreadableRows(store),
  ]);
  return parts
    .flat()
    .toSorted((a, b) => a.rank - b.rank || (a.sinceMs ?? Infinity) - (b.sinceMs ?? Infinity));
}

async function callBacks(store: StoreQueries): Promise<readonly Need[]> {
  const rankOf = [8, ranks.asked, ranks.ours, ranks.emergency];
  return (await openCallBacks(store)).map((item) => ({
    rank: rankOf[item.urgency] ?? ranks.asked,
    kind: callBackKinds[item.reason] ?? item.reason,
    about: item.customer ?? callerText(item.phone?.slice(-4) ?? null, 'withheld number'),
    detail: item.wish ?? '',
    sinceMs: item.firstAtMs,
    callId: item.callId,
    phone: item.phone,
    tries: item.tries,
    deed: item.phone === null || item.urgency === 0 ? 'no-need' : 'called',
    label: item.phone === null || item.urgency === 0 ? 'Dismiss' : 'Called',
    ref: `${item.id}`,
  }));
}

async function conflicts({ db }: StoreQueries): Promise<readonly Need[]> {
  const rows = await db
    .selectFrom('bookings')
    .selectAll()
    .where('state', '=', 'conflict')
    .where('resolvedAtMs', 'is', null)
    .orderBy('changedAtMs')
    .limit(mostOfAKind)
    .execute();
  return rows.map((row) => ({
    rank: ranks.conflict,
    kind: 'Conflict',
    about: `${row.bookingId}, ${row.customer}`,
    detail: `${row.itemName} (${row.itemId}), ${row.startDay} to ${row.endDay}: ${
      conflictWords[row.conflict ?? ''] ?? 'it does not go together with the sheet'
    }. Call them and offer something else.`,
    sinceMs: row.changedAtMs,
    callId: row.callId,
    phone: row.phone,
    tries: 1,
    deed: 'resolve',
    label: 'Resolve',
    ref: row.bookingId,
  }));
}

/** Messages that no open call-back has: of a live call, or older than the ledger. */
async function messages({ db }: StoreQueries): Promise<readonly Need[]> {
  const rows = await db
    .selectFrom('messages as m')
    .leftJoin('calls as c', 'c.callId', 'm.callId')
    .select(['m.code', 'm.customer', 'm.phone', 'm.text', 'm.createdAtMs', 'm.callId'])
    .where('m.resolvedAtMs', 'is', null)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('callBacks as b')
            .select('b.id')
            .where('b.state', '=', 'open')
            .where((of) =>
              of.or([
                of('b.callId', '=', of.ref('m.callId')),
                of.and([
                  of('b.callerKey', '=', of.ref('c.phoneKey')),
                  of('b.day', '=', of.ref('c.day')),
                ]),
              ]),
            ),
        ),
      ),
    )
    .orderBy('m.createdAtMs')
    .limit(mostOfAKind)
    .execute();
  return rows.map((row) => ({
    rank: ranks.asked,
    kind: 'Message',
    about: `${row.code}${row.customer === null ? '' : `, ${row.customer}`}`,
    detail: row.text,
    sinceMs: row.createdAtMs,
    callId: row.callId,
    phone: row.phone,
    tries: 1,
    deed: 'resolve',
    label: 'Resolve',
    ref: row.code,
  }));
}

/** All of it waits for one sheet, and is tried again with one button. */
async function pending({ db }: StoreQueries, nowMs: number): Promise<readonly Need[]> {
  const late = await db
    .selectFrom('outbox')
    .select(({ fn }) => [fn.countAll<number>().as('rows'), fn.min('createdAtMs').as('sinceMs')])
    .where('createdAtMs', '<=', nowMs - pendingMs)
    .executeTakeFirst();
  const rows = late?.rows ?? 0;
  if (rows === 0) return [];
  return [
    {
      rank: ranks.pending,
      kind: 'Not in the sheet',
      about: rows === 1 ? '1 booking or message' : `${rows} bookings and messages`,
      detail: 'They wait for the sheet for more than five minutes, and are tried on by themselves.',
      sinceMs: late?.sinceMs ?? null,
      callId: null,
      phone: null,
      tries: 1,
      deed: 'retry',
      label: 'Retry',
      ref: 'outbox',
    },
  ];
}

/** Calls that failed, that never end, and that were slow, until somebody has seen them. */
async function oddCalls({ db }: StoreQueries, nowMs: number): Promise<readonly Need[]> {
  const seen = db
    .selectFrom('audits')
    .select('subject')
    .where('action', '=', dismissed)
    .where('atMs', '>=', nowMs - failedReachMs);
  const some = db
    .selectFrom('calls')
    .select(['callId', 'callerNumberMasked', 'startedAtMs', 'reason', 'longestWaitMs', 'turnP95Ms'])
    .where('callId', 'not in', seen)
    .orderBy('startedAtMs', 'desc')
    .limit(mostOfAKind);
  const failed = some
    .where('outcome', '=', 'failed')
    .where('startedAtMs', '>=', nowMs - failedReachMs);
  const stuck = some.where('endedAtMs', 'is', null).where('startedAtMs', '<', nowMs - stuckMs);
  const slow = some.where('isSlow', '=', 1).where('startedAtMs', '>=', nowMs - slowReachMs);
  type Row = Awaited<ReturnType<typeof some.execute>>[number];
  const need = (row: Row, rank: number, kind: string, detail: string): Need => ({
    rank,
    kind,
    about: callerText(row.callerNumberMasked, 'withheld number'),
    detail,
    sinceMs: row.startedAtMs,
    callId: row.callId,
    phone: null,
    tries: 1,
    deed: 'dismiss',
    label: 'Dismiss',
    ref: row.callId,
  });
  const [failures, stuckCalls, slowCalls] = await Promise.all([
    failed.execute(),
    stuck.execute(),
    slow.execute(),
  ]);
  return [
    ...failures.map((row) => need(row, ranks.failed, 'Call failed', `Reason: ${row.reason}.`)),
    ...stuckCalls.map((row) =>
      need(row, ranks.failed, 'Call without an end', 'Live for more than two hours.'),
    ),
    ...slowCalls.map((row) =>
      need(row, 7, 'Slow answers', `The slowest took ${seconds(row.turnP95Ms)}.`),
    ),
  ];
}

function seconds(ms: number | null): string {
  return ms === null ? 'long' : `${(ms / 1_000).toFixed(1)} s`;
}

async function unreadableRows(store: StoreQueries): Promise<readonly Need[]> {
  const [problems, settled] = await Promise.all([readProblems(store), readSettledRows(store)]);
  return problems
    .filter(({ rowKey }) => rowKey !== undefined && !settled.has(rowKey))
    .slice(0, mostOfAKind)
    .map((problem) => ({
      rank: ranks.row,
      kind: 'Row cannot be read',
      about: placeOf(problem),
      detail: sentenceOf(problem),
      sinceMs: null,
      callId: null,
      phone: null,
      tries: 1,
      deed: 'settle-row',
      label: 'Settle',
      ref: `${problem.row}`,
    }));
}

/** `Bookings, row 12, Start`. */
export function placeOf({ tab, row, column }: SheetProblem): string {
  return [tab, row === 0 ? '' : `row ${row}`, column].filter((part) => part !== '').join(', ');
}

/** The fault, what follows from it, and the remedy. */
export function sentenceOf({ what, why, remedy }: SheetProblem): string {
  return `${what}: ${why}. To do: ${remedy}.`;
}

/** The action of the audit row of a call that somebody has seen; its subject is the call's id. */
const dismissed = 'call dismissed';

/**
 * Does what a button says, as the commands do it, and writes down who did so. False when there was
 * nothing to settle any more.
 */
export async function settleNeed(
  store: Store,
  {
    deed,
    ref,
    note,
    by,
    atMs,
  }: {
    readonly deed: Deed;
    readonly ref: string;
    readonly note: string | null;
    readonly by: string;
    readonly atMs: number;
  },
): Promise<boolean> {
  const audited = async (done: boolean, action: string) => {
    if (done) await addAudit(store, { atMs, madeBy: by, action, subject: ref });
    return done;
  };
  switch (deed) {
    case 'called':
    case 'no-need': {
      const id = Number(ref);
      if (!Number.isSafeInteger(id)) return false;
      const state = deed === 'called' ? 'done' : 'dismissed';
      return settleCallBack(store, { id, state, note, by, atMs });
    }
    case 'resolve':
      return audited(await resolveCode(store, ref, atMs), 'code resolved');
    case 'retry':
      await retryNow(store);
      return audited(true, 'outbox retried');
    case 'settle-row':
      return audited(await settleRow(store, Number(ref), atMs), 'row settled');
    case 'dismiss': {
      const found = await store.db
        .selectFrom('calls')
        .select('callId')
        .where('callId', '=', ref)
        .executeTakeFirst();
      return audited(found !== undefined, dismissed);
    }
    default:
      return deed satisfies never;
  }
}

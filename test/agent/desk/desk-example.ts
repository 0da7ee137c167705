import {
  recordCallAnswered,
  recordCallClose,
  recordCallEvent,
  recordCallStart,
} from '../../../agent/infra/store/calls.ts';
import type { Store } from '../../../agent/infra/store/database.ts';
import { settleCalls } from '../../../agent/infra/store/settlement.ts';
import { saveSnapshot } from '../../../agent/infra/store/snapshots.ts';
import { addToTranscript, type TranscriptEntry } from '../../../agent/infra/store/transcripts.ts';
import { yardTime } from '../../../agent/desk/yard-time.ts';
import { yardTimeIn } from '../../../agent/supervisor/ledger/ledger-keeper.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { takeMessage } from '../../../tools/journal/journal.ts';
import { readDue, settle } from '../../../tools/journal/outbox.ts';
import {
  inventorySnapshot,
  inventoryToJson,
} from '../../../tools/sheet/read/inventory-snapshot.ts';
import { saveProblems } from '../../../tools/sheet/read/sheet-problems.ts';
import { addDays } from '../../../tools/yard/rental-dates.ts';
import { request } from '../../tools/journal/example-booking.ts';
import { inventory, unit } from '../../tools/yard/example-yard.ts';

const zone = 'America/Chicago';

/** A name and words that are a script, wherever they are put in as they stand. */
export const hostile = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"'=1+1`;

/** What people and the sheet say in the example. */
export type ExampleWords = {
  readonly machine: string;
  readonly remedy: string;
  readonly asked: string;
  readonly customer: string;
  readonly message: string;
  /** Of so many calls one fails. */
  readonly failsEvery: number;
  /** Further bookings, in the sheet already: from and to a day after today. */
  readonly confirmed: readonly (readonly [
    itemId: string,
    customer: string,
    from: number,
    to: number,
  ])[];
};

const hostileWords: ExampleWords = {
  machine: `Lift ${hostile}`,
  remedy: `write the day as 2026-12-04 ${hostile}`,
  asked: hostile,
  customer: hostile,
  message: `Please call back. ${hostile}`,
  failsEvery: 9,
  confirmed: [],
};

/** As an owner would show their desk. */
export const friendlyWords: ExampleWords = {
  machine: 'Scissor lift, 26 ft',
  remedy: 'write the day as 2026-12-04',
  asked: 'Hi, do you have a scissor lift free on Friday? We hang ceiling tiles.',
  customer: 'Maria Lopez',
  message: 'Wants to know if you deliver to Oak Park on a Saturday.',
  failsEvery: 50,
  confirmed: [
    ['SS-01', 'Dana Whitfield', 5, 8],
    ['EX-01', 'Oak Street Builders', 7, 9],
    ['GN-01', 'Lee Park', 3, 6],
    ['SL-01', 'Riverside Church', 2, 4],
    ['SL-01', 'Tom Becker', 8, 11],
  ],
};

/** Rings, and answers if `answeredMs` says after how long. */
export async function ring(
  store: Store,
  call: {
    readonly callId: string;
    readonly atMs: number;
    readonly number?: string | null;
    readonly answeredMs?: number;
  },
): Promise<void> {
  const { callId, atMs, number = '+13125550142', answeredMs } = call;
  const of = { callId, room: `room-${callId}`, callerNumber: number, startedAtMs: atMs };
  await recordCallStart(store, { ...of, jobId: null, epoch: 1 });
  await recordCallEvent(store, { callId, atMs, event: 'call.incoming', data: {} });
  if (answeredMs === undefined) return;
  await recordCallAnswered(store, { callId, answeredAtMs: atMs + answeredMs, epoch: 1 });
  const data = { ringMs: answeredMs };
  await recordCallEvent(store, { callId, atMs: atMs + answeredMs, event: 'call.answered', data });
}

/** Ends a call, and gives it its place in the ledger. */
export async function end(
  store: Store,
  call: {
    readonly callId: string;
    readonly atMs: number;
    readonly result?: string;
    readonly reason?: string;
    readonly p95Ms?: number;
  },
): Promise<void> {
  const { callId, atMs, result = 'completed', reason = 'agent-goodbye', p95Ms = 1_300 } = call;
  await recordCallEvent(store, { callId, atMs, event: 'call.ended', data: { result, reason } });
  await recordCallClose(store, {
    callId,
    result,
    reason,
    endedBy: 'agent',
    endedAtMs: atMs,
    turns: 2,
    epoch: 1,
    summary: {
      talkMs: 60_000,
      answerToFirstWordMs: 420,
      latencyP50Ms: 900,
      latencyP95Ms: p95Ms,
      packetsIn: 3_000,
      takeovers: 1,
      handovers: 0,
    },
  });
  const time = yardTime(zone);
  await settleCalls(store, {
    yardTime: yardTimeIn(time.zone),
    nowMs: atMs,
  });
}

/** What two people said, from `atMs` on, with the way to the answer and one tool. */
export function talk(
  atMs: number,
  words = 'Do you have a skid steer?',
): readonly TranscriptEntry[] {
  return [
    line(
      'agent',
      atMs,
      2_000,
      'This is the automated assistant. Hilltop Rentals, how can I help you?',
    ),
    line('caller', atMs + 3_000, 2_500, words),
    {
      kind: 'tool',
      atMs: atMs + 6_000,
      tool: 'find_equipment',
      args: { item: 'skid steer', words },
      result: { found: 2 },
      durationMs: 14,
      ok: true,
    },
    {
      kind: 'turn',
      atMs: atMs + 5_500,
      heardMs: 220,
      endOfTurnMs: 480,
      firstTokenMs: 760,
      firstByteMs: 980,
      firstSoundMs: 1_040,
      listAgeMs: 9_000,
    },
    line('agent', atMs + 6_540, 3_000, 'Yes, two of them, at $250 a day.'),
  ];
}

function line(who: 'agent' | 'caller', atMs: number, ms: number, text: string): TranscriptEntry {
  return { kind: 'line', who, atMs, untilMs: atMs + ms, text, isInterrupted: false };
}

/** A yard's day: calls of every kind, a conflict, a booking on its way, a message, a bad row. */
export async function fillDesk(
  store: Store,
  nowMs: number,
  {
    calls = 60,
    words = hostileWords,
    id = 'past',
    firstDay = 1,
  }: {
    readonly calls?: number;
    readonly words?: ExampleWords;
    /** Begins the ids of its calls. */
    readonly id?: string;
    /** Its bookings begin so many days from today. */
    readonly firstDay?: number;
  } = {},
): Promise<void> {
  const today = yardTime(zone).day(nowMs);
  const units = [
    unit({ itemId: 'SS-01', name: 'Skid steer' }),
    unit({ itemId: 'EX-01', name: 'Mini excavator' }),
    unit({ itemId: 'GN-01', name: 'Generator' }),
    unit({ itemId: 'SL-01', name: words.machine }),
  ];
  const [start, later] = [addDays(today, firstDay), addDays(today, firstDay + 3)];
  const counter = {
    bookingId: 'C-7',
    itemId: 'EX-01',
    start,
    end: later,
    status: 'CONFIRMED',
  } as const;
  const list = inventory(units, { bookings: [counter] });
  const yard = { ...list.yard, name: 'Hilltop Rentals', timeZone: zone };
  await saveSnapshot(store, {
    name: inventorySnapshot,
    json: inventoryToJson({ ...list, yard }),
    savedAtMs: nowMs,
  });
  await saveProblems(store, 'bookings', {
    problems: [
      {
        tab: 'Bookings',
        row: 12,
        column: 'Start',
        what: 'not a date',
        why: 'the machine is held on every day',
        remedy: words.remedy,
        rowKey: 'key-12',
      },
    ],
    nowMs,
  });
  const hourMs = 3_600_000;
  for (let nth = 0; nth < calls; nth += 1) {
    const callId = `${id}-${nth}`;
    const atMs = nowMs - (nth + 1) * hourMs;
    await ring(store, { callId, atMs, number: `+1312555${1000 + nth}`, answeredMs: 900 });
    if (nth < 3)
      await addToTranscript(store, callId, talk(atMs + 900, nth === 0 ? words.asked : undefined));
    const result = nth % words.failsEvery === 4 ? { result: 'failed', reason: 'crash' } : {};
    await end(store, { callId, atMs: atMs + 61_000, ...result, p95Ms: nth === 2 ? 3_100 : 1_300 });
  }
  for (const [nth, itemId] of ['SS-01', 'GN-01'].entries()) {
    const of = request({
      itemId,
      start,
      end: start,
      customer: nth === 0 ? words.customer : 'Ben Cole',
      inventory: list,
    });
    const callId = `${id}-${nth}`;
    await commitBooking(store, { callId, request: of, clock: { nowMs: () => nowMs - hourMs } });
    const due = await readDue(store, { nowMs, limit: 10 });
    const [last] = due.bookings.slice(-1);
    const outcome = { state: 'conflict', reason: 'rented', isInSheet: false } as const;
    if (last && nth === 0) await settle(store, last, { outcome, nowMs: nowMs - hourMs });
  }
  for (const [nth, [itemId, customer, from, to]] of words.confirmed.entries()) {
    const days = { start: addDays(today, from), end: addDays(today, to) };
    const of = request({ itemId, customer, ...days, inventory: list });
    const clock = { nowMs: () => nowMs - (nth + 2) * hourMs };
    await commitBooking(store, { callId: `${id}-${nth + 2}`, request: of, clock });
    const [last] = (await readDue(store, { nowMs, limit: 20 })).bookings.slice(-1);
    if (last) await settle(store, last, { outcome: { state: 'confirmed' }, nowMs });
  }
  await takeMessage(store, {
    callId: `${id}-1`,
    message: { customer: 'Cleo', phone: '+13125550177', text: words.message },
    clock: { nowMs: () => nowMs - hourMs },
  });
}

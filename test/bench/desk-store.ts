import { sql } from 'kysely';
import type { Insertable } from 'kysely';
import type { Store } from '../../agent/infra/store/database.ts';
import type { LedgerOutcome } from '../../agent/infra/store/ledger.ts';
import type { Schema } from '../../agent/infra/store/schema.ts';
import { saveSnapshot } from '../../agent/infra/store/snapshots.ts';
import { yardTimeIn } from '../../agent/supervisor/ledger/ledger-keeper.ts';
import { inventorySnapshot, inventoryToJson } from '../../tools/sheet/read/inventory-snapshot.ts';
import { addDays } from '../../tools/yard/rental-dates.ts';
import { talk } from '../agent/desk/desk-example.ts';
import { inventory, unit } from '../tools/yard/example-yard.ts';

/** Call rows are kept so long, and transcripts and timelines so long: retention has removed the rest. */
const [keptDays, transcriptDays] = [400, 90];
const batch = 400;
const machines = 200;
const exchanges = 4;
const events = ['call.incoming', 'call.answered', 'turn.done', 'tool.called', 'call.ended'];

/** The id of a call; 0 is the newest. */
export function callIdOf(nth: number): string {
  return `call-${nth}`;
}

/** A word that was said in that call alone. */
export function wordOfCall(nth: number): string {
  return `number${nth}`;
}

/** What became of a call: of a hundred, three failed of ours, three were lost, eight gave up. */
function outcomeOf(nth: number): readonly [LedgerOutcome, result: string, reason: string] {
  const of = (nth * 7) % 100;
  if (of < 3) return ['failed', 'failed', 'crash'];
  if (of < 6) return ['dropped', 'upstream', 'media-lost'];
  if (of < 10) return ['abandoned', 'caller', 'cancelled-while-ringing'];
  if (of < 14) return ['short-abandon', 'caller', 'cancelled-while-ringing'];
  if (of < 16) return ['overflow', 'failed', 'overflow'];
  return ['answered', 'completed', of % 2 === 0 ? 'caller-hangup' : 'agent-goodbye'];
}

/**
 * Writes the ledger of a busy yard: calls over 400 days, what was said in those of the last 90, every
 * eighth with a booking, every twentieth with a message, each that was missed with a call-back; of the
 * call-backs and messages those of the last two days are still open.
 */
export async function fillLedger(
  store: Store,
  { calls, nowMs }: { readonly calls: number; readonly nowMs: number },
): Promise<void> {
  const place = yardTimeIn('America/Chicago');
  const today = place(nowMs).day;
  const units = Array.from({ length: machines }, (_, n) => unit({ itemId: `U-${n}` }));
  const json = inventoryToJson(inventory(units));
  await saveSnapshot(store, { name: inventorySnapshot, json, savedAtMs: nowMs });
  const stepMs = (keptDays * 86_400_000) / calls;
  const figures = new Map<string, Insertable<Schema['figures']>>();
  // Oldest first: rows lie in the files as a life of 400 days leaves them.
  for (let until = calls; until > 0; until -= batch) {
    const rows = new Rows();
    for (let nth = until - 1; nth >= Math.max(0, until - batch); nth -= 1) {
      const startedAtMs = Math.round(nowMs - 60_000 - nth * stepMs);
      const { day, hour } = place(startedAtMs);
      const [outcome] = outcomeOf(nth);
      rows.addCall({ nth, startedAtMs, day, today, ageDays: (nth * stepMs) / 86_400_000 });
      for (const [measure, value] of [
        ['outcome', outcome],
        ['first-word', `${300 + (nth % 9) * 100}`],
        ['turn-p50', `${700 + (nth % 9) * 100}`],
        ['turn-p95', `${1_000 + (nth % 19) * 100}`],
        ['talk', `${30_000 * (1 + (nth % 9))}`],
        ['cost', `${5 + (nth % 30)}`],
      ] as const) {
        for (const period of [day, day.slice(0, 7)]) {
          const of = { day: period, hour: measure === 'outcome' ? hour : 0, measure, value };
          const key = Object.values(of).join(' ');
          figures.set(key, { ...of, calls: (figures.get(key)?.calls ?? 0) + 1 });
        }
      }
    }
    await rows.write(store);
  }
  for (const chunk of chunks([...figures.values()])) {
    await store.db.insertInto('figures').values(chunk).execute();
  }
  // As the database's own maintenance does it in such a time.
  await sql`analyze`.execute(store.db);
}

function chunks<T>(rows: readonly T[]): readonly T[][] {
  return Array.from({ length: Math.ceil(rows.length / batch) }, (_, n) =>
    rows.slice(n * batch, (n + 1) * batch),
  );
}

/** Rows of some calls, written in one transaction. */
class Rows {
  readonly #calls: Insertable<Schema['calls']>[] = [];
  readonly #events: Insertable<Schema['callEvents']>[] = [];
  readonly #transcripts: Insertable<Schema['transcripts']>[] = [];
  readonly #words: { readonly id: number; readonly words: string }[] = [];
  readonly #bookings: Insertable<Schema['bookings']>[] = [];
  readonly #messages: Insertable<Schema['messages']>[] = [];
  readonly #callBacks: Insertable<Schema['callBacks']>[] = [];

  addCall(of: {
    readonly nth: number;
    readonly startedAtMs: number;
    readonly day: string;
    readonly today: string;
    readonly ageDays: number;
  }): void {
    const { nth, startedAtMs, day, today, ageDays } = of;
    const callId = callIdOf(nth);
    const [outcome, result, reason] = outcomeOf(nth);
    const isYoung = ageDays < transcriptDays;
    const isAnswered = outcome === 'answered';
    const phone = `+1312555${String((nth * 7_919) % 10_000).padStart(4, '0')}`;
    const hasBooking = isAnswered && nth % 8 === 0;
    const hasMessage = nth % 20 === 0;
    const wordsId = isYoung && isAnswered ? startedAtMs * 1_000 : null;
    this.#calls.push({
      callId,
      room: `room-${callId}`,
      callerNumberMasked: phone.slice(-4),
      startedAtMs,
      answeredAtMs: isAnswered ? startedAtMs + 900 : null,
      endedAtMs: startedAtMs + 150_000,
      result,
      reason,
      endedBy: 'caller',
      turns: exchanges,
      summary: JSON.stringify({ talkMs: 149_000, latencyP95Ms: 1_300, packetsIn: 7_000 }),
      jobId: `job-${nth}`,
      epoch: 1,
      phone: isYoung ? phone : null,
      phoneKey: isYoung ? phone.slice(-10) : null,
      phoneHash: isYoung ? null : phone.slice(-10),
      isTest: 0,
      outcome,
      day,
      talkMs: 149_000,
      firstWordMs: 420,
      turnP50Ms: 900,
      turnP95Ms: 1_300,
      longestWaitMs: 1_500,
      takeovers: 0,
      handovers: 0,
      hasBooking: hasBooking ? 1 : 0,
      hasMessage: hasMessage ? 1 : 0,
      isSlow: nth % 50 === 0 ? 1 : 0,
      isSilent: 0,
      wordsId,
    });
    if (isYoung) {
      events.forEach((event, at) => {
        const data = JSON.stringify({ result, reason, ms: at });
        this.#events.push({ callId, atMs: startedAtMs + at * 900, event, data });
      });
    }
    if (wordsId !== null) this.#addTalk(nth, startedAtMs, wordsId);
    const times = { createdAtMs: startedAtMs, sentAtMs: startedAtMs };
    if (hasBooking) {
      const startDay = addDays(day, nth % 5);
      this.#bookings.push({
        ...times,
        bookingId: `B-${nth}`,
        idempotencyKey: `key-${nth}`,
        callId,
        itemId: `U-${nth % machines}`,
        itemName: `Machine ${nth % machines}`,
        startDay,
        endDay: addDays(startDay, nth % 7),
        customer: 'Jordan Sample',
        phone,
        phoneKey: phone.slice(-10),
        callerKey: phone.slice(-10),
        totalCents: 75_000,
        state: nth % 40 === 8 ? 'cancelled' : 'confirmed',
        conflict: null,
        changedAtMs: startedAtMs,
        resolvedAtMs: null,
      });
    }
    const isOpen = ageDays < 2;
    if (hasMessage) {
      this.#messages.push({
        ...times,
        code: `M-${nth}`,
        callId,
        customer: 'Jordan Sample',
        phone,
        text: 'Wants to hear about the big excavator for next month.',
        deliveredAtMs: startedAtMs,
        resolvedAtMs: isOpen ? null : startedAtMs + 3_600_000,
      });
    }
    const isMissed = !isAnswered && outcome !== 'short-abandon';
    if (!isMissed || !isYoung) return;
    const settled = { state: 'done', settledBy: 'Ann', settledAtMs: startedAtMs } as const;
    const open = { state: 'open', settledBy: null, settledAtMs: null } as const;
    this.#callBacks.push({
      ...(isOpen ? open : settled),
      callerKey: `${phone.slice(-10)}-${nth}`,
      day: isOpen ? today : day,
      phone,
      customer: null,
      reason: outcome,
      wish: null,
      firstAtMs: startedAtMs,
      lastAtMs: startedAtMs,
      tries: 1,
      urgency: 2,
      callId,
      note: null,
    });
  }

  #addTalk(nth: number, startedAtMs: number, id: number): void {
    const said: string[] = [];
    for (let n = 0; n < exchanges; n += 1) {
      const words = `Do you have a skid steer for ${wordOfCall(nth)} on day ${n}?`;
      for (const { kind, ...data } of talk(startedAtMs + 900 + n * 10_000, words)) {
        const of = { callId: callIdOf(nth), atMs: data.atMs, kind };
        this.#transcripts.push({ ...of, data: JSON.stringify(data) });
        if ('text' in data) said.push(data.text);
      }
    }
    this.#words.push({ id, words: said.join('\n') });
  }

  async write(store: Store): Promise<void> {
    await store.transaction(async ({ db, dialect }) => {
      const insert = async <T extends keyof Schema>(
        table: T,
        rows: readonly Insertable<Schema[T]>[],
      ) => {
        for (const chunk of chunks(rows)) await db.insertInto(table).values(chunk).execute();
      };
      await insert('calls', this.#calls);
      await insert('callEvents', this.#events);
      await insert('transcripts', this.#transcripts);
      await insert('bookings', this.#bookings);
      await insert('messages', this.#messages);
      await insert('callBacks', this.#callBacks);
      if (this.#words.length === 0) return;
      const rows = this.#words.map(({ id, words }) =>
        dialect === 'sqlite'
          ? sql`(${id}, ${words})`
          : sql`(${id}, to_tsvector('simple', ${words}))`,
      );
      const into =
        dialect === 'sqlite' ? sql`call_words (rowid, words)` : sql`call_words (id, words)`;
      await sql`insert into ${into} values ${sql.join(rows)}`.execute(db);
    });
  }
}

import { randomUUID } from 'node:crypto';
import { readLastGood } from '../../tools/sheet/read/last-good.ts';
import { addDays } from '../../tools/yard/rental-dates.ts';
import { spokenMoney } from '../../tools/yard/spoken.ts';
import { defaultCurrency } from '../../tools/yard/equipment.ts';
import type { Config } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { backOffMs, type BackOff } from '../infra/retry.ts';
import type { Store } from '../infra/store/database.ts';
import { countDay, type DayCounts } from '../infra/store/digest.ts';
import { claimLease, releaseLease } from '../infra/store/leases.ts';
import { readSnapshot, saveSnapshot } from '../infra/store/snapshots.ts';
import type { Log } from '../telemetry/events.ts';
import { SignedWebhook } from '../telemetry/signed-webhook.ts';
import { yardTimeIn } from './ledger/ledger-keeper.ts';

/** The yard's hour at which yesterday is told of: before it opens. */
const morningHour = 7;
const lookMs = 30_000;
/** The receiver's own time for an answer; Standard Webhooks asks for 15 to 30 s. */
const attemptMs = 15_000;
/** Whoever was sending is gone after this, and another process sends under the same id. */
const leaseMs = 60_000;
const usualBackOff: BackOff = { initialMs: 30_000, multiplier: 2, maxMs: 3_600_000, jitter: 0.25 };
/** Days that were missed are told of, as far back as somebody would read of them. */
const mostMissed = 3;
const sentName = 'digest';

/**
 * Posts each morning what happened yesterday to `DIGEST_WEBHOOK_URL`. The day that was sent last is in
 * the store: a day is told of once, by one process, and after a restart what was missed. A receiver that
 * is told twice all the same, because a process died between answer and store, knows it by `webhook-id`.
 */
export class DigestSender {
  readonly #store: Store;
  readonly #log: Log;
  readonly #webhook: SignedWebhook;
  readonly #timeZone: () => string | null;
  readonly #nowMs: () => number;
  readonly #backOff: BackOff;
  readonly #holder = randomUUID();
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #failures = 0;
  #dueAtMs = 0;

  constructor(options: {
    readonly receiver: NonNullable<Config['digest']>;
    readonly store: Store;
    readonly log: Log;
    /** The yard's; null until it is known. */
    readonly timeZone: () => string | null;
    readonly nowMs?: () => number;
    readonly backOff?: BackOff;
  }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#webhook = new SignedWebhook(options.receiver);
    this.#timeZone = options.timeZone;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#backOff = options.backOff ?? usualBackOff;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), lookMs).unref();
    void this.look();
  }

  /** Ends for good; what was under way is sent by the next process, under the same id. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort(new Error('The service stops'));
    await this.#looking;
  }

  /** Sends what is due, one look at a time. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const zone = this.#timeZone();
    if (zone === null || this.#nowMs() < this.#dueAtMs || this.#abort.signal.aborted) return;
    const { day: today, hour } = yardTimeIn(zone)(this.#nowMs());
    const newest = addDays(today, hour < morningHour ? -2 : -1);
    try {
      if ((await this.#nextDay(newest)) !== null) await this.#sendUntil(newest, zone);
      this.#failures = 0;
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#failures += 1;
      this.#dueAtMs = this.#nowMs() + backOffMs(this.#backOff, this.#failures);
      this.#log.emit('digest.failed', { attempts: this.#failures, error });
    }
  }

  async #sendUntil(newest: string, zone: string): Promise<void> {
    const claim = { name: sentName, holder: this.#holder, ttlMs: leaseMs };
    for (;;) {
      const lease = await claimLease(this.#store, claim);
      if (!lease) return;
      try {
        // Another process may have sent it before we had the lease.
        const day = await this.#nextDay(newest);
        if (day === null) return;
        await this.#send(day, zone);
      } finally {
        await releaseLease(this.#store, lease);
      }
    }
  }

  /** The first day that nobody was told of; null when there is none. A new yard begins with yesterday. */
  async #nextDay(newest: string): Promise<string | null> {
    const kept = (await readSnapshot(this.#store, sentName))?.json;
    const sent = typeof kept === 'string' ? kept : addDays(newest, -1);
    if (sent >= newest) return null;
    const [next, earliest] = [addDays(sent, 1), addDays(newest, 1 - mostMissed)];
    return next < earliest ? earliest : next;
  }

  async #send(day: string, zone: string): Promise<void> {
    const counts = await countDay(this.#store, day);
    const yard = (await readLastGood(this.#store))?.yard;
    const facts = { day, zone, yard: yard?.name ?? null, currency: yard?.currency ?? null };
    const body = JSON.stringify({
      type: 'pickup.digest',
      timestamp: new Date(this.#nowMs()).toISOString(),
      data: digestOf(counts, facts),
    });
    await withDeadline((signal) => this.#webhook.post(`digest_${day}`, body, signal), {
      ms: attemptMs,
      label: 'digest',
      signal: this.#abort.signal,
    });
    await saveSnapshot(this.#store, { name: sentName, json: day, savedAtMs: this.#nowMs() });
    this.#log.emit('digest.sent', { day });
  }
}

type Facts = {
  readonly day: string;
  readonly zone: string;
  readonly yard: string | null;
  readonly currency: string | null;
};

const missedOutcomes = ['abandoned', 'overflow', 'failed', 'no-audio', 'dropped'];

/** The digest's data: figures for programs, and `subject` and `text` that can be mailed as they are. */
export function digestOf(counts: DayCounts, facts: Facts) {
  const currency = facts.currency ?? defaultCurrency;
  const { outcomes, wrong, bookings, bookedCents, quotedCents, callBacksOpen, messages } = counts;
  const { canary } = counts;
  const sum = (of: readonly string[]) =>
    of.reduce((all, outcome) => all + (outcomes[outcome] ?? 0), 0);
  const calls = sum(Object.keys(outcomes));
  const [answered, missed] = [outcomes['answered'] ?? 0, sum(missedOutcomes)];
  const money = (cents: number) => spokenMoney(cents, currency);
  const wrongLines = Object.entries(wrong).map(([kind, some]) => `- ${kind}: ${some}`);
  const text = [
    `Calls: ${calls}, answered ${answered}, missed ${missed}`,
    `Bookings: ${bookings}, ${money(bookedCents)}; quoted ${money(quotedCents)}`,
    `Messages: ${messages}`,
    `To call back, as of now: ${callBacksOpen}`,
    ...(canary === null
      ? []
      : [`Test calls: ${canary.passed} as they should be, ${canary.failed} failed`]),
    ...(wrongLines.length === 0 ? ['Nothing went wrong.'] : ['What went wrong:', ...wrongLines]),
  ];
  return {
    ...facts,
    currency,
    calls,
    answered,
    missed,
    outcomes,
    bookings,
    bookedCents,
    quotedCents,
    messages,
    callBacksOpen,
    wrong,
    costUsd: counts.costUsd,
    canary,
    subject: `${facts.yard ?? 'Pickup'}, ${facts.day}: ${calls} calls, ${bookings} bookings`,
    text: text.join('\n'),
  };
}

import { inventoryFromJson, inventorySnapshot } from '../../tools/sheet/read/inventory-snapshot.ts';
import {
  claimConfirmation,
  putOffConfirmation,
  readDueConfirmations,
  removeConfirmation,
  type DueConfirmation,
} from '../../tools/journal/confirmations.ts';
import { confirmationBody } from '../../tools/journal/confirmation-body.ts';
import type { Yard } from '../../tools/yard/equipment.ts';
import type { Config } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { backOffMs, type BackOff } from '../infra/retry.ts';
import type { Store } from '../infra/store/database.ts';
import { readSnapshot } from '../infra/store/snapshots.ts';
import type { Log } from '../telemetry/events.ts';
import { SignedWebhook } from '../telemetry/signed-webhook.ts';

/** The sender's times, in milliseconds. */
export type SenderTimes = {
  readonly lookMs: number;
  /** The receiver's own time for an answer; Standard Webhooks asks for 15 to 30 s. */
  readonly attemptMs: number;
  readonly backOff: BackOff;
  /** After so long nobody needs a confirmation any more, and a person is told. */
  readonly giveUpMs: number;
};

const usualTimes: SenderTimes = {
  lookMs: 1_000,
  attemptMs: 15_000,
  backOff: { initialMs: 2_000, multiplier: 2, maxMs: 3_600_000, jitter: 0.25 },
  giveUpMs: 86_400_000,
};
/** Whoever was sending it is gone after so much more. */
const marginMs = 15_000;
const mostAtOnce = 8;

/**
 * Sends confirmations to `CONFIRMATION_WEBHOOK_URL`. Every supervisor has one: each confirmation is
 * claimed for one attempt, and is another's to send when that process dies. The receiver knows a
 * confirmation that it has had by its `webhook-id`.
 */
export class ConfirmationSender {
  readonly #store: Store;
  readonly #log: Log;
  readonly #webhook: SignedWebhook;
  readonly #times: SenderTimes;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isFailing = false;

  constructor(options: {
    readonly receiver: NonNullable<Config['confirmations']>;
    readonly store: Store;
    readonly log: Log;
    readonly times?: Partial<SenderTimes>;
  }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#webhook = new SignedWebhook(options.receiver);
    this.#times = { ...usualTimes, ...options.times };
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), this.#times.lookMs);
    this.#timer.unref();
    this.look();
  }

  /** Ends for good; what was under way is sent again, under the same id, by the next process. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort(new Error('The service stops'));
    await this.#sending;
  }

  /** Sends what is due, unless it is being done. */
  look(): void {
    if (this.#abort.signal.aborted) return;
    this.#sending ??= this.#sendDue().finally(() => (this.#sending = undefined));
  }

  async #sendDue(): Promise<void> {
    try {
      const due = await readDueConfirmations(this.#store, {
        nowMs: Date.now(),
        limit: mostAtOnce,
      });
      if (due.length === 0) return;
      const yard = await this.#yard();
      await Promise.all(due.map((confirmation) => this.#send(confirmation, yard)));
      this.#isFailing = false;
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#log.emit(
        'store.failed',
        { error },
        this.#isFailing ? 'confirmations-again' : 'confirmations',
      );
      this.#isFailing = true;
    }
  }

  async #yard(): Promise<Yard | null> {
    const snapshot = await readSnapshot(this.#store, inventorySnapshot);
    return snapshot ? inventoryFromJson(snapshot.json).yard : null;
  }

  async #send(confirmation: DueConfirmation, yard: Yard | null): Promise<void> {
    const { attemptMs } = this.#times;
    const untilMs = Date.now() + attemptMs + marginMs;
    if (!(await claimConfirmation(this.#store, confirmation, untilMs))) return;
    const { id, eventId, kind, attempts } = confirmation;
    try {
      const body = JSON.stringify(confirmationBody(confirmation, yard));
      await withDeadline((signal) => this.#webhook.post(eventId, body, signal), {
        ms: attemptMs,
        label: 'confirmation',
        signal: this.#abort.signal,
      });
    } catch (error) {
      if (!this.#abort.signal.aborted) await this.#failed(confirmation, error);
      return;
    }
    await removeConfirmation(this.#store, id);
    this.#log.emit('confirmation.sent', { eventId, kind, attempts: attempts + 1 });
  }

  async #failed(confirmation: DueConfirmation, error: unknown): Promise<void> {
    const { id, eventId, kind, createdAtMs } = confirmation;
    const { backOff, giveUpMs } = this.#times;
    const attempts = confirmation.attempts + 1;
    const nowMs = Date.now();
    if (nowMs - createdAtMs >= giveUpMs) {
      await putOffConfirmation(this.#store, id, { gaveUpAtMs: nowMs });
      this.#log.emit('confirmation.gave-up', { eventId, kind, attempts, error });
      return;
    }
    await putOffConfirmation(this.#store, id, {
      notBeforeMs: nowMs + backOffMs(backOff, attempts),
    });
    const variant = attempts === 1 ? 'put-off' : 'again';
    this.#log.emit('confirmation.failed', { eventId, kind, attempts, error }, variant);
  }
}

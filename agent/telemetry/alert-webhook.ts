import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { retry } from '../infra/retry.ts';
import type { BackOff } from '../infra/retry.ts';
import type { AlertChange } from './alert-rules.ts';
import { SignedWebhook, WebhookRefusedError } from './signed-webhook.ts';

/** The receiver's own time for an answer; Standard Webhooks asks for 15 to 30 s. */
const attemptMs = 15_000;
/** The waits between them add up to between 2.5 and 5 minutes. */
const attempts = 11;
const patient: BackOff = { initialMs: 1_000, multiplier: 2, maxMs: 60_000, jitter: 0.5 };

/** Posts alerts, each under an id of its own. */
export class AlertWebhook {
  readonly #webhook: SignedWebhook;
  readonly #backOff: BackOff;

  /** `backOff` is another one in tests. */
  constructor(receiver: NonNullable<Config['alerts']>, backOff = patient) {
    this.#webhook = new SignedWebhook(receiver);
    this.#backOff = backOff;
  }

  /** Rejects when the receiver refused it for good, did not take it for minutes, or on `signal`. */
  async send(change: AlertChange, atMs: number, signal: AbortSignal): Promise<void> {
    const id = `msg_${randomUUID()}`;
    const body = bodyOf(change, atMs);
    await retry(
      () =>
        withDeadline((own) => this.#webhook.post(id, body, own), {
          ms: attemptMs,
          label: 'alert',
          signal,
        }),
      {
        attempts,
        backOff: this.#backOff,
        signal,
        shouldRetry: (error) => !(error instanceof WebhookRefusedError) || error.isPassing,
      },
    );
  }
}

function bodyOf({ cause, state, sinceMs, detail }: AlertChange, atMs: number): string {
  return JSON.stringify({
    type: 'pickup.alert',
    timestamp: new Date(atMs).toISOString(),
    data: { cause, state, since: new Date(sinceMs).toISOString(), detail },
  });
}

import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Config } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { retry } from '../infra/retry.ts';
import type { BackOff } from '../infra/retry.ts';
import type { AlertChange } from './alert-rules.ts';

/** The receiver's own time for an answer; Standard Webhooks asks for 15 to 30 s. */
const attemptMs = 15_000;
/** The waits between them add up to between 2.5 and 5 minutes. */
const attempts = 11;
const patient: BackOff = { initialMs: 1_000, multiplier: 2, maxMs: 60_000, jitter: 0.5 };

/** The receiver answered, but not with 2xx. */
class WebhookRefusedError extends Error {
  override readonly name = 'WebhookRefusedError';
  readonly code = 'WEBHOOK_REFUSED';
  readonly status: number;

  constructor(status: number) {
    super(`The alert's receiver answered ${status}`);
    this.status = status;
  }

  /** Another attempt may do better: the receiver was slow, busy or broken. */
  get isPassing(): boolean {
    return this.status >= 500 || this.status === 408 || this.status === 429;
  }
}

/**
 * Posts alerts, signed as Standard Webhooks 1.0.0 says: the id is that of the alert, the timestamp
 * and the signature are those of the attempt.
 */
export class AlertWebhook {
  readonly #url: string;
  readonly #signer: Webhook;
  readonly #backOff: BackOff;

  /** `backOff` is another one in tests. */
  constructor({ url, secret }: NonNullable<Config['alerts']>, backOff = patient) {
    this.#url = url;
    this.#signer = new Webhook(secret);
    this.#backOff = backOff;
  }

  /** Rejects when the receiver refused it for good, did not take it for minutes, or on `signal`. */
  async send(change: AlertChange, atMs: number, signal: AbortSignal): Promise<void> {
    const id = `msg_${randomUUID()}`;
    const body = bodyOf(change, atMs);
    await retry(
      () =>
        withDeadline((own) => this.#post(id, body, own), {
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

  async #post(id: string, body: string, signal: AbortSignal): Promise<void> {
    const now = new Date();
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': this.#signer.sign(id, now, body),
      },
      body,
      // A body that is signed for one address is not sent to another.
      redirect: 'manual',
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw new WebhookRefusedError(response.status);
  }
}

function bodyOf({ cause, state, sinceMs, detail }: AlertChange, atMs: number): string {
  return JSON.stringify({
    type: 'pickup.alert',
    timestamp: new Date(atMs).toISOString(),
    data: { cause, state, since: new Date(sinceMs).toISOString(), detail },
  });
}

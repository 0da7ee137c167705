import { Webhook } from 'standardwebhooks';

/** The receiver answered, but not with 2xx. */
export class WebhookRefusedError extends Error {
  override readonly name = 'WebhookRefusedError';
  readonly code = 'WEBHOOK_REFUSED';
  readonly status: number;

  constructor(status: number) {
    super(`The receiver answered ${status}`);
    this.status = status;
  }

  /** Another attempt may do better: the receiver was slow, busy or broken. */
  get isPassing(): boolean {
    return this.status >= 500 || this.status === 408 || this.status === 429;
  }
}

/** An address of others that bodies are posted to, signed as Standard Webhooks 1.0.0 says. */
export class SignedWebhook {
  readonly #url: string;
  readonly #signer: Webhook;

  constructor({ url, secret }: { readonly url: string; readonly secret: string }) {
    this.#url = url;
    this.#signer = new Webhook(secret);
  }

  /**
   * Posts a body once. The id is that of what is told, in every attempt; timestamp and signature are
   * those of the attempt.
   * @throws {WebhookRefusedError} when the answer is not 2xx; as `fetch` does when there is none.
   */
  async post(id: string, body: string, signal: AbortSignal): Promise<void> {
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

import type { Config } from '../../config/config.ts';
import { backOffMs } from '../../infra/retry.ts';

/**
 * The end of a connection to LiveKit, or the reason why there was none. `refused`: the server is there and
 * rejects the key.
 */
export type LinkLoss = { readonly kind: 'lost' | 'refused'; readonly detail: string };

/** Jitter only makes waits shorter: the first reconnect comes after half of `initialMs` at the earliest. */
const usualJitter = 0.5;
/** A registration that held this long was a good one: what is lost after it is a new trouble. */
const steadyMs = 60_000;

/** When the worker's link is tried again after it was lost, and when no more. */
export class ReconnectPolicy {
  readonly #settings: Config['link'];
  readonly #jitter: number;
  readonly #nowMs: () => number;
  #attempts = 0;
  #registeredAtMs: number | null = null;

  constructor(options: {
    readonly settings: Config['link'];
    /** As in `BackOff`. */
    readonly jitter?: number;
    readonly nowMs?: () => number;
  }) {
    this.#settings = options.settings;
    this.#jitter = options.jitter ?? usualJitter;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  registered(): void {
    this.#registeredAtMs = this.#nowMs();
  }

  /** Milliseconds until the next attempt after this loss; null when none is to be made. */
  waitAfterMs({ kind }: LinkLoss): number | null {
    const heldMs = this.#registeredAtMs === null ? 0 : this.#nowMs() - this.#registeredAtMs;
    if (heldMs >= steadyMs) this.#attempts = 0;
    this.#registeredAtMs = null;
    const { reconnectEnabled, maxAttempts, initialMs, multiplier, maxMs } = this.#settings;
    if (!reconnectEnabled || (maxAttempts > 0 && this.#attempts >= maxAttempts)) return null;
    this.#attempts += 1;
    // A key that is wrong stays wrong until a person has changed something.
    const firstMs = kind === 'refused' ? maxMs : initialMs;
    const backOff = { initialMs: firstMs, multiplier, maxMs, jitter: this.#jitter };
    return backOffMs(backOff, this.#attempts);
  }
}

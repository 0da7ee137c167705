import { AlertRules } from './alert-rules.ts';
import type { AlertCause, AlertChange, Observation } from './alert-rules.ts';
import type { AlertWebhook } from './alert-webhook.ts';
import type { Log } from './events.ts';

const lookMs = 5_000;

/** Tells a person of each cause that is raised or cleared: in the log, and by webhook. */
export class Alerts {
  readonly #log: Log;
  readonly #observe: () => Observation;
  readonly #webhook: AlertWebhook | null;
  readonly #rules = new AlertRules();
  readonly #abort = new AbortController();
  /** Deliveries by cause, so that `cleared` is sent after `raised`. */
  readonly #sending = new Map<AlertCause, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  /** Without a `webhook` alerts are only in the log. */
  constructor(options: {
    readonly log: Log;
    readonly observe: () => Observation;
    readonly webhook: AlertWebhook | null;
  }) {
    this.#log = options.log;
    this.#observe = options.observe;
    this.#webhook = options.webhook;
  }

  /** The causes that need a person now. */
  get open(): readonly AlertCause[] {
    return this.#rules.open;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), lookMs);
    this.#timer.unref();
  }

  /** Looks no more, and gives up alerts that are not delivered yet. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort(new Error('The service stops'));
    await Promise.all(this.#sending.values());
  }

  /** Looks once, at `nowMs` (Unix). */
  look(nowMs = Date.now()): void {
    for (const change of this.#rules.look(this.#observe(), nowMs)) this.#tell(change, nowMs);
  }

  #tell(change: AlertChange, atMs: number): void {
    const { cause, state, detail } = change;
    const since = new Date(change.sinceMs).toISOString();
    const event = state === 'raised' ? 'alert.raised' : 'alert.cleared';
    this.#log.emit(event, { cause, since, detail });
    const before = this.#sending.get(cause);
    this.#sending.set(cause, this.#send(change, atMs, before));
  }

  async #send(change: AlertChange, atMs: number, before: Promise<void> | undefined): Promise<void> {
    await before;
    if (!this.#webhook) return;
    try {
      await this.#webhook.send(change, atMs, this.#abort.signal);
    } catch (error) {
      const { cause, state } = change;
      this.#log.emit('alert.failed', { cause, state, error });
    }
  }
}

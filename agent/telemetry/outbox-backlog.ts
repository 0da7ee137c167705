import {
  readConfirmationBacklog,
  type ConfirmationBacklog,
} from '../../tools/journal/confirmations.ts';
import { readBacklog } from '../../tools/journal/overview.ts';
import type { Backlog } from '../../tools/journal/overview.ts';
import type { Store } from '../infra/store/database.ts';
import type { Log } from './events.ts';

const lookMs = 30_000;
const dayMs = 86_400_000;

/** The journal's rows that wait for the sheet, and confirmations that wait for their receiver, looked up twice a minute for metrics and alerts. */
export class OutboxBacklog {
  readonly #store: Store;
  readonly #log: Log;
  #backlog: (Backlog & { readonly confirmations: ConfirmationBacklog }) | null = null;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ store, log }: { readonly store: Store; readonly log: Log }) {
    this.#store = store;
    this.#log = log;
  }

  /** The backlog at the last look; null before the first, and while the store does not answer. */
  get backlog(): (Backlog & { readonly confirmations: ConfirmationBacklog }) | null {
    return this.#backlog;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), lookMs);
    this.#timer.unref();
    this.#look();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** One at a time: a store that hangs is not asked again. */
  #look(): void {
    this.#looking ??= this.#read().finally(() => (this.#looking = undefined));
  }

  async #read(): Promise<void> {
    try {
      const confirmations = await readConfirmationBacklog(this.#store, Date.now() - dayMs);
      this.#backlog = { ...(await readBacklog(this.#store)), confirmations };
    } catch (error) {
      this.#backlog = null;
      this.#log.emit('store.failed', { error }, 'backlog');
    }
  }
}

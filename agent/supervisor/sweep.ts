import type { Log } from '../infra/log.ts';

/** Runs again and again, each time `everyMs` after the last one ended, and outlives its failures. */
export class Sweep {
  readonly #run: () => Promise<void>;
  readonly #everyMs: number;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;
  #stopped = false;

  constructor(options: { run: () => Promise<void>; everyMs: number; log: Log }) {
    this.#run = options.run;
    this.#everyMs = options.everyMs;
    this.#log = options.log;
  }

  /** Runs for the first time, at once. */
  start(): void {
    void this.#runOnce();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #runOnce(): Promise<void> {
    try {
      await this.#run();
      this.#failed = false;
    } catch (error) {
      // Said once: it goes on for as long as LiveKit is away.
      const level = this.#failed ? 'debug' : 'warn';
      this.#failed = true;
      this.#log[level]({ event: 'guardian.failed', error }, 'rooms could not be swept');
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#runOnce(), this.#everyMs);
  }
}

import { backOffMs, type BackOff } from '../../infra/retry.ts';

/** A child that lived this long was healthy: the back-off begins again. */
const healthyMs = 30_000;

/** Starts a child anew whenever it ends, the first time at once: only a crash loop is slowed down. */
export class Restarts {
  readonly #backOff: BackOff;
  readonly #spawn: () => void;
  #startedMs = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(backOff: BackOff, spawn: () => void) {
    this.#backOff = backOff;
    this.#spawn = spawn;
  }

  /** No child is started any more. */
  get stopped(): boolean {
    return this.#stopped;
  }

  start(): void {
    if (this.#stopped) return;
    this.#startedMs = performance.now();
    this.#spawn();
  }

  /** The child has ended. */
  again(): void {
    if (this.#stopped) return;
    const livedMs = performance.now() - this.#startedMs;
    this.#failures = livedMs > healthyMs ? 1 : this.#failures + 1;
    const waitMs = this.#failures === 1 ? 0 : backOffMs(this.#backOff, this.#failures - 1);
    this.#timer = setTimeout(() => this.start(), waitMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}

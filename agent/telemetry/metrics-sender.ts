import type { MetricSample } from '../ipc/messages.ts';

/** Samples kept while the line is down; older ones are lost. */
const mostKept = 100;
const againMs = 500;

/**
 * Sends a job's samples to its supervisor: at once, or when the line is up again. Apart from
 * `Metrics`, so that a job does not load the registry.
 */
export class MetricsSender {
  readonly #send: (metrics: MetricSample[]) => boolean;
  #kept: MetricSample[] = [];
  #again: NodeJS.Timeout | undefined;

  /** `send` says false when nobody is there. */
  constructor(send: (metrics: readonly MetricSample[]) => boolean) {
    this.#send = send;
  }

  /** Sends these, after those that are kept. */
  take(samples: readonly MetricSample[]): void {
    if (samples.length === 0) return;
    this.#kept = [...this.#kept, ...samples].slice(-mostKept);
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#again);
    if (this.#send(this.#kept)) {
      this.#kept = [];
      return;
    }
    this.#again = setTimeout(() => this.#flush(), againMs);
    this.#again.unref();
  }
}

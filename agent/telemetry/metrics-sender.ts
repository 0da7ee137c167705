import { metricOf } from './events.ts';
import type { CallMetric } from './events.ts';
import type { LogFields } from '../infra/log.ts';

/** A line that is down keeps this many; older ones are lost. */
const mostKept = 100;
const againMs = 500;

/** Sends what a job counts to its supervisor: at once, or when the line is up again. */
export class MetricsSender {
  readonly #send: (metrics: readonly CallMetric[]) => boolean;
  #kept: CallMetric[] = [];
  #again: NodeJS.Timeout | undefined;

  /** `send` says false when nobody is there. */
  constructor(send: (metrics: readonly CallMetric[]) => boolean) {
    this.#send = send;
  }

  /** Sends what a line of the log counts as, if it counts. */
  note(fields: LogFields): void {
    const metric = metricOf(fields);
    if (!metric) return;
    this.#kept = [...this.#kept, metric].slice(-mostKept);
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

import type { Log } from '../infra/log.ts';
import { handOverPace } from './drain/drain-budget.ts';
import type { JobPeer } from '../ipc/server.ts';

/** A job that was told waits 8 s for the fresh one, and 2 s for the store, before it gives up. */
const settleMs = 10_000;
/** The other deployment had no room, or the job something to finish: neither passes at once. */
const againMs = 5_000;

type Order = { readonly attempt: number; readonly untilMs: number };

/** Orders the live calls of a drain to another deployment, few at a time, again until they go. */
export class DrainHandOvers {
  readonly #log: Log;
  readonly #orders = new Map<JobPeer, Order>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Orders what may go now, with `leftMs` until the last words. A job not live yet waits. */
  step(jobs: Iterable<JobPeer>, nowMs: number, leftMs: number): void {
    const { withinMs, together } = handOverPace(leftMs);
    const live = [...jobs].filter(({ stage, call }) => call && stage === 'live');
    const attempts = (job: JobPeer) => this.#orders.get(job)?.attempt ?? 0;
    let underWay = live.filter((job) => nowMs < (this.#orders.get(job)?.untilMs ?? 0)).length;
    const due = live
      .filter((job) => nowMs >= (this.#orders.get(job)?.untilMs ?? -againMs) + againMs)
      .sort((a, b) => attempts(a) - attempts(b));
    for (const job of due) {
      if (underWay >= together) return;
      underWay += 1;
      this.#order(
        job,
        { attempt: attempts(job) + 1, untilMs: nowMs + withinMs + settleMs },
        withinMs,
      );
    }
  }

  #order(job: JobPeer, order: Order, withinMs: number): void {
    this.#orders.set(job, order);
    this.#log.info(
      { event: 'drain.handing-over', ...job.call, attempt: order.attempt, withinMs },
      'call is handed over to another deployment',
    );
    job.send({ type: 'hand-over', kind: 'handover', withinMs });
  }
}

import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Counter } from 'prom-client';
import { metricOf, readCallMetric } from './events.ts';
import type { CallMetric } from './events.ts';
import type { JobOutcome } from '../ipc/client.ts';
import type { LogFields } from '../infra/log.ts';
import { CallCounts } from './call-metrics.ts';
import { CallMoves } from './takeover-gap.ts';
import { registerGauges } from './gauges.ts';
import type { Gauged } from './gauges.ts';
import type { JobPeer } from '../ipc/server.ts';
import { counterIn } from './instruments.ts';

/** What the guardian did, by the event that says so. */
const guardianActions: ReadonlyMap<string, string> = new Map([
  ['guardian.dispatched', 'dispatched'],
  ['guardian.handover', 'sent-for-hand-over'],
  ['guardian.gave-up', 'gave-up'],
  ['guardian.failed', 'failed'],
]);

/** Processes that failed, by the event that says so. */
const failures: ReadonlyMap<string, { readonly process: string; readonly how: string }> = new Map([
  ['worker.died', { process: 'worker', how: 'died' }],
  ['worker.hung', { process: 'worker', how: 'frozen' }],
  ['job.died', { process: 'job', how: 'died' }],
  ['job.frozen', { process: 'job', how: 'frozen' }],
]);

/**
 * The service's figures, for Prometheus. What happens in a call comes over the line of its job; the
 * rest comes from the supervisor's own log lines and, at each scrape, from its state.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #calls: CallCounts;
  readonly #moves: CallMoves;
  readonly #guardian: Counter<'action'>;
  readonly #failures: Counter<'process' | 'how'>;
  #takeovers = 0;

  /** `gauged` is asked at each scrape; the clock is that of `JobPeer`. */
  constructor(gauged: () => Gauged, nowMs?: () => number) {
    const registry = this.#registry;
    this.#moves = new CallMoves(nowMs);
    this.#calls = new CallCounts(registry);
    this.#guardian = counterIn(registry, {
      name: 'guardian_actions_total',
      help: 'What the guardian did for calls that no job served, or that were to be handed over.',
      series: [...guardianActions.values()].map((action) => ({ action })),
    });
    this.#failures = counterIn(registry, {
      name: 'processes_failed_total',
      help: 'Processes that ended without a word, or did not run for too long.',
      series: [...failures.values()],
    });
    registerGauges(registry, gauged);
    collectDefaultMetrics({ register: registry, prefix: 'pickup_' });
  }

  /** How often a call went on after its job was lost, since the start. */
  get takeovers(): number {
    return this.#takeovers;
  }

  /** The type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures, in Prometheus' text format. */
  async text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Counts what a job has sent; what this release does not know is left out. */
  fromJob(job: JobPeer, values: readonly unknown[]): void {
    if (!Array.isArray(values)) return;
    for (const value of values) {
      const metric = readCallMetric(value);
      if (metric) this.#count(job, metric);
    }
  }

  /** Counts a line of the supervisor's own log. */
  fromLine(fields: LogFields): void {
    const metric = metricOf(fields);
    if (metric) this.#calls.count(metric);
    const action = guardianActions.get(fields.event);
    if (action !== undefined) this.#guardian.inc({ action });
    const failure = failures.get(fields.event);
    if (failure !== undefined) this.#failures.inc(failure);
    const { event, room, silentMs } = fields;
    if (event === 'job.frozen' && typeof room === 'string' && typeof silentMs === 'number') {
      this.#moves.fellSilent(room, silentMs);
    }
  }

  /** A job's line closed: its call may go on in another. */
  jobGone(job: JobPeer, outcome: JobOutcome | null): void {
    this.#moves.gone(job, outcome);
  }

  #count(job: JobPeer, metric: CallMetric): void {
    if (metric.kind === 'handed-over') return this.#moves.gaveAway(job);
    if (metric.kind !== 'resumed') return this.#calls.count(metric);
    const kind = metric.resume;
    if (kind === 'takeover' || kind === 'apology') this.#takeovers += 1;
    this.#calls.moved({ kind, ...this.#moves.resumed(job) });
  }
}

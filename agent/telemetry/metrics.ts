import { collectDefaultMetrics, Registry } from 'prom-client';
import { resumeKinds } from '../ipc/messages.ts';
import type { JobOutcome, MetricSample } from '../ipc/messages.ts';
import type { JobPeer } from '../ipc/server.ts';
import type { Emitted } from './events.ts';
import { registerGauges } from './gauges.ts';
import type { Gauged } from './gauges.ts';
import { Instruments } from './instruments.ts';
import { TakeoverGaps } from './takeover-gap.ts';

/**
 * The service's figures, for Prometheus. Samples of a call's events come over the line of its job;
 * the rest comes from the supervisor's own events and, at each scrape, from its state.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #instruments = new Instruments(this.#registry);
  readonly #gaps: TakeoverGaps;
  #takeovers = 0;
  #emergencies = 0;
  #callBacks = 0;
  #failedCalls = 0;

  /** `gauged` is asked at each scrape; the clock is that of `JobPeer`. */
  constructor(gauged: () => Gauged, nowMs?: () => number) {
    this.#gaps = new TakeoverGaps(nowMs);
    registerGauges(this.#registry, gauged);
    collectDefaultMetrics({ register: this.#registry, prefix: 'pickup_' });
  }

  /** Calls that went on after their job was lost, since the start. */
  get takeovers(): number {
    return this.#takeovers;
  }

  /** Callers who were told that nobody is free, since the start. */
  get callBacks(): number {
    return this.#callBacks;
  }

  /** Calls that ended by a fault of ours, since the start. */
  get failedCalls(): number {
    return this.#failedCalls;
  }

  /** Callers in an emergency, since the start. */
  get emergencies(): number {
    return this.#emergencies;
  }

  /** The type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures, in Prometheus' text format. */
  async text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Counts an event of the supervisor itself. */
  emitted({ event, fields, samples }: Emitted): void {
    for (const sample of samples) this.#instruments.take(sample);
    if (event === 'call.settled' && fields.outcome === 'failed') this.#failedCalls += 1;
    if (event === 'job.frozen' && fields.room !== null) {
      this.#gaps.fellSilent(fields.room, fields.silentMs);
    }
  }

  /** Counts the events of a job. */
  fromJob(job: JobPeer, samples: readonly MetricSample[]): void {
    for (const sample of samples) {
      if (sample.name === 'call_resume_gap_seconds') this.#gaps.gaveAway(job);
      else if (sample.name === 'call_resumes_total') this.#resumed(job, sample);
      else this.#instruments.take(sample);
      const { name, labels } = sample;
      if (name === 'calls_escalated_total' && labels['kind'] === 'emergency') {
        this.#emergencies += 1;
      }
    }
  }

  /** Counts the events of an attendant. */
  take(samples: readonly MetricSample[]): void {
    for (const sample of samples) {
      this.#instruments.take(sample);
      if (sample.name === 'call_backs_total') this.#callBacks += 1;
    }
  }

  /** A job's line closed: its call may go on in another. */
  jobGone(job: JobPeer, outcome: JobOutcome | null): void {
    this.#gaps.gone(job, outcome);
  }

  /** Only the supervisor saw both jobs: it adds why the call moved, and for how long none spoke. */
  #resumed(job: JobPeer, { name, labels }: MetricSample): void {
    const kind = resumeKinds.find((known) => known === labels['kind']);
    if (!kind) return;
    if (kind === 'takeover' || kind === 'apology') this.#takeovers += 1;
    const { cause, gapMs } = this.#gaps.resumed(job);
    this.#instruments.take({ name, labels: { kind, cause }, seconds: null });
    if (gapMs === null) return;
    const seconds = gapMs / 1_000;
    this.#instruments.take({ name: 'call_resume_gap_seconds', labels: { kind }, seconds });
  }
}

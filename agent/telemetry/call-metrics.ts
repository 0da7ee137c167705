import type { Counter, Histogram, Registry } from 'prom-client';
import { bookingOutcomes, gapOutcomes, gapSteps, senses, toolNames } from './events.ts';
import type { CallMetric } from './events.ts';
import { termination, terminationReasons } from '../ipc/termination.ts';
import { resumeKinds } from '../ipc/client.ts';
import type { ResumeKind } from '../ipc/client.ts';
import { moveCauses } from './takeover-gap.ts';
import type { MoveCause } from './takeover-gap.ts';
import { counterIn, histogramIn } from './instruments.ts';

type Move = { readonly kind: ResumeKind; readonly cause: MoveCause; readonly gapMs: number | null };

/** What is counted and timed of all calls. */
export class CallCounts {
  readonly #answered: Counter;
  readonly #ended: Counter<'result' | 'reason'>;
  readonly #pickup: Histogram;
  readonly #firstWord: Histogram;
  readonly #turn: Histogram;
  readonly #tools: Counter<'tool' | 'ok'>;
  readonly #providerFailures: Counter<'sense'>;
  readonly #gapSteps: Counter<'step' | 'outcome'>;
  readonly #bookings: Counter<'outcome'>;
  readonly #handoversDue: Counter;
  readonly #handoversFailed: Counter<'kind'>;
  readonly #resumes: Counter<'kind' | 'cause'>;
  readonly #resumeGap: Histogram<'kind'>;

  constructor(registry: Registry) {
    this.#answered = counterIn(registry, {
      name: 'calls_answered_total',
      help: 'Calls that were answered.',
    });
    this.#ended = counterIn(registry, {
      name: 'calls_ended_total',
      help: 'Calls that are over: whose doing the end was, and what happened.',
      series: terminationReasons.map(termination),
    });
    this.#pickup = histogramIn(registry, {
      name: 'call_pickup_seconds',
      help: 'From the start of the first job of a call, while it rings, to the answer.',
      bounds: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 4, 8, 15, 30],
    });
    this.#firstWord = histogramIn(registry, {
      name: 'call_first_word_seconds',
      help: 'From the answer to the first audio of the agent, as sent; told when the call is over.',
      bounds: [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 4, 8],
    });
    this.#turn = histogramIn(registry, {
      name: 'turn_latency_seconds',
      help: 'From the end of what the caller said to the first audio of the answer, as sent.',
      bounds: [0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 6, 10],
    });
    this.#tools = counterIn(registry, {
      name: 'tools_used_total',
      help: 'Uses of a tool by the model.',
      series: toolNames.flatMap((tool) => [
        { tool, ok: 'true' },
        { tool, ok: 'false' },
      ]),
    });
    this.#providerFailures = counterIn(registry, {
      name: 'provider_failures_total',
      help: 'Failed attempts to hear, think or speak. Most are covered: the caller notices little.',
      series: senses.map((sense) => ({ sense })),
    });
    this.#gapSteps = counterIn(registry, {
      name: 'gap_steps_total',
      help: "Steps taken to bring a caller's audio back, and what came of them.",
      series: gapSeries(),
    });
    this.#bookings = counterIn(registry, {
      name: 'bookings_total',
      help: 'Bookings: in the journal, in the sheet, at odds with it, cancelled.',
      series: bookingOutcomes.map((outcome) => ({ outcome })),
    });
    this.#handoversDue = counterIn(registry, {
      name: 'handovers_due_total',
      help: 'Times that a job reached HANDOVER_AFTER_MS.',
    });
    this.#handoversFailed = counterIn(registry, {
      name: 'handovers_failed_total',
      help: 'Hand-overs that came to nothing: the call stayed where it was.',
      series: resumeKinds.map((kind) => ({ kind })),
    });
    this.#resumes = counterIn(registry, {
      name: 'call_resumes_total',
      help: 'Calls that went on in another job: how, and why the one before left.',
      series: resumeKinds.flatMap((kind) => moveCauses.map((cause) => ({ kind, cause }))),
    });
    this.#resumeGap = histogramIn(registry, {
      name: 'call_resume_gap_seconds',
      help: 'From the last sign of one job (up to 0.25 s before its end) until the next goes on.',
      bounds: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20],
      labels: ['kind'],
    });
  }

  /** Counts one thing of a call. */
  count(metric: CallMetric): void {
    switch (metric.kind) {
      case 'answered':
        this.#answered.inc();
        return this.#pickup.observe(metric.ringMs / 1_000);
      case 'first-word':
        return this.#firstWord.observe(metric.sinceAnswerMs / 1_000);
      case 'turn':
        return this.#turn.observe(metric.latencyMs / 1_000);
      case 'ended':
        return this.#ended.inc(termination(metric.reason));
      case 'tool':
        return this.#tools.inc({ tool: metric.tool, ok: `${metric.ok}` });
      case 'provider-failed':
        return this.#providerFailures.inc({ sense: metric.sense });
      case 'gap':
        return this.#gapSteps.inc({ step: metric.step, outcome: metric.outcome });
      case 'booking':
        return this.#bookings.inc({ outcome: metric.outcome });
      case 'handover-due':
        return this.#handoversDue.inc();
      case 'handover-failed':
        return this.#handoversFailed.inc({ kind: metric.resume });
      case 'handed-over':
      case 'resumed':
        // Counted by `moved`, as one.
        return;
      default:
        metric satisfies never;
    }
  }

  /** A call went on in another job. */
  moved({ kind, cause, gapMs }: Move): void {
    this.#resumes.inc({ kind, cause });
    if (gapMs !== null) this.#resumeGap.observe({ kind }, gapMs / 1_000);
  }
}

/** Steps are tried and fail; giving up is none of them; packets come back after a step, or alone. */
function gapSeries() {
  const all = gapSteps.flatMap((step) => gapOutcomes.map((outcome) => ({ step, outcome })));
  return all.filter(
    ({ step, outcome }) => outcome === 'recovered' || (step === 'none') === (outcome === 'gave-up'),
  );
}

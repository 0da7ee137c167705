import { Counter, Gauge, Histogram } from 'prom-client';
import { ledgerOutcomes } from '../infra/store/ledger.ts';
import type { Registry } from 'prom-client';
import { resumeKinds } from '../ipc/messages.ts';
import type { MetricSample } from '../ipc/messages.ts';
import { terminations } from '../ipc/termination.ts';
import { moveCauses } from './takeover-gap.ts';

/** Every tool by name: nothing else is a label. */
export const toolNames = [
  'find_equipment',
  'quote_rental',
  'quote_delivery',
  'book_equipment',
  'find_booking',
  'cancel_booking',
  'change_booking',
  'call_off_rent',
  'take_message',
  'transfer_to_human',
  'text_confirmations',
  'end_call',
] as const;

const gapSteps = ['ask', 'resubscribe', 'rejoin', 'none'] as const;
const gapOutcomes = ['tried', 'failed', 'recovered', 'gave-up'] as const;

type Labels = Readonly<Record<string, string>>;

/**
 * A family of metrics; `pickup_` is put before its name. Its `series` all begin at 0: the first
 * event is then seen as an increase. With `bounds`, upper ones in seconds, it is a histogram.
 */
type Family = {
  readonly help: string;
  readonly series: readonly Labels[];
  readonly bounds?: readonly number[];
};

const one = [{}] as const;

/** The families that events move. */
const families = {
  calls_answered_total: { help: 'Calls that were answered.', series: one },
  calls_escalated_total: {
    help: 'Calls that went to a person at once: an emergency, a breakdown, no English.',
    series: ['emergency', 'breakdown', 'spanish'].map((kind) => ({ kind })),
  },
  calls_ended_total: {
    help: 'Calls that are over: whose doing the end was, and what happened.',
    series: terminations,
  },
  canary_calls_total: {
    help: 'Test calls that the service made to itself.',
    series: ['passed', 'failed'].map((result) => ({ result })),
  },
  call_pickup_seconds: {
    help: 'From the start of the first job of a call, while it rings, to the answer.',
    series: one,
    bounds: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 4, 8, 15, 30],
  },
  call_first_word_seconds: {
    help: 'From the answer to the first audio of the agent, as sent; told when the call is over.',
    series: one,
    bounds: [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 4, 8],
  },
  turn_latency_seconds: {
    help: 'From the end of what the caller said to the first audio of the answer, as sent.',
    series: one,
    bounds: [0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 6, 10],
  },
  llm_tokens_total: {
    help: 'Tokens of calls that are over: read (the cached among them), read from cache, written.',
    series: ['in', 'cached', 'out'].map((kind) => ({ kind })),
  },
  stt_seconds_total: { help: 'Audio sent to the recogniser, of calls that are over.', series: one },
  tts_characters_total: { help: 'Characters spoken, of calls that are over.', series: one },
  calls_cost_usd_total: {
    help: 'Cost of calls that are over, where all prices are set.',
    series: one,
  },
  tools_used_total: {
    help: 'Uses of a tool by the model.',
    series: toolNames.flatMap((tool) => ['true', 'false'].map((ok) => ({ tool, ok }))),
  },
  provider_failures_total: {
    help: 'Failed attempts to hear, think or speak. Most are covered: the caller notices little.',
    series: ['hearing', 'thinking', 'speaking'].map((sense) => ({ sense })),
  },
  gap_steps_total: {
    help: "Steps taken to bring a caller's audio back, and what came of them.",
    series: gapSeries(),
  },
  bookings_total: {
    help: 'Bookings: in the journal, in the sheet, at odds with it, cancelled, called off rent.',
    series: ['committed', 'confirmed', 'conflict', 'cancelled', 'off-rent'].map((outcome) => ({
      outcome,
    })),
  },
  confirmations_total: {
    help: 'Confirmations for customers: taken by their receiver, not taken, given up.',
    series: ['sent', 'failed', 'gave-up'].map((outcome) => ({ outcome })),
  },
  call_backs_total: {
    help: 'Callers who were told that nobody is free, and are to be called back.',
    series: [{ reason: 'overflow' }],
  },
  calls_settled_total: {
    help: 'Rings that are over, by their outcome in the ledger.',
    series: ledgerOutcomes.map((outcome) => ({ outcome })),
  },
  handovers_due_total: { help: 'Times that a job reached HANDOVER_AFTER_MS.', series: one },
  handovers_failed_total: {
    help: 'Hand-overs that came to nothing: the call stayed where it was.',
    series: resumeKinds.map((kind) => ({ kind })),
  },
  call_resumes_total: {
    help: 'Calls that went on in another job: how, and why the one before left.',
    series: resumeKinds.flatMap((kind) => moveCauses.map((cause) => ({ kind, cause }))),
  },
  call_resume_gap_seconds: {
    help: 'From the last sign of one job (up to 0.25 s before its end) until the next goes on.',
    series: resumeKinds.map((kind) => ({ kind })),
    bounds: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20],
  },
  guardian_actions_total: {
    help: 'What the guardian did for calls that no job served, or that were to be handed over.',
    series: ['dispatched', 'sent-for-hand-over', 'sent-attendant', 'gave-up', 'failed'].map(
      (action) => ({ action }),
    ),
  },
  processes_failed_total: {
    help: 'Processes that ended without a word, or did not run for too long.',
    series: ['worker', 'job', 'attendant'].flatMap((process) =>
      ['died', 'frozen'].map((how) => ({ process, how })),
    ),
  },
} satisfies Record<string, Family>;

type Families = typeof families;

/** The families that time something. */
export type TimedName = {
  [Name in keyof Families]: Families[Name] extends { bounds: unknown } ? Name : never;
}[keyof Families];

/** The families that count something. */
export type CountedName = Exclude<keyof Families, TimedName>;

/** The labels of a family. */
export type LabelsOf<Name extends keyof Families> = {
  readonly [Label in keyof Families[Name]['series'][number]]: string;
};

/** Steps are tried and fail; giving up is none of them; packets come back after a step, or alone. */
function gapSeries() {
  const all = gapSteps.flatMap((step) => gapOutcomes.map((outcome) => ({ step, outcome })));
  return all.filter(
    ({ step, outcome }) => outcome === 'recovered' || (step === 'none') === (outcome === 'gave-up'),
  );
}

type Instrument = {
  readonly series: ReadonlySet<string>;
  readonly take: (sample: MetricSample) => void;
};

/** The families' counters and histograms. */
export class Instruments {
  readonly #byName: ReadonlyMap<string, Instrument>;

  constructor(registry: Registry) {
    const all = Object.entries<Family>(families);
    this.#byName = new Map(all.map(([name, family]) => [name, instrument(registry, name, family)]));
  }

  /** Takes one sample, unless its name or labels are unknown: a job may be of another release. */
  take(sample: MetricSample): void {
    const known = this.#byName.get(sample.name);
    if (known?.series.has(keyOf(sample.labels))) known.take(sample);
  }
}

function instrument(
  registry: Registry,
  name: string,
  { help, series, bounds }: Family,
): Instrument {
  const labelNames = Object.keys(series[0] ?? {});
  const common = { name: `pickup_${name}`, help, labelNames, registers: [registry] };
  const known = new Set(series.map(keyOf));
  if (bounds) {
    const histogram = new Histogram({ ...common, buckets: [...bounds] });
    return {
      series: known,
      take: ({ labels, seconds }) => seconds !== null && histogram.observe(labels, seconds),
    };
  }
  const counter = new Counter(common);
  for (const labels of series) counter.inc(labels, 0);
  return { series: known, take: ({ labels, amount = 1 }) => counter.inc(labels, amount) };
}

function keyOf(labels: Labels): string {
  const names = Object.keys(labels).toSorted();
  return JSON.stringify(names.map((name) => [name, labels[name]]));
}

/** A gauge's name, before which `pickup_` is put, and its help. */
type Named = { readonly name: string; readonly help: string };

/** A gauge that is read at each scrape; with null there is no value. */
export function gaugeIn(
  registry: Registry,
  { name, help, read }: Named & { readonly read: () => number | null },
): void {
  void new Gauge({
    name: `pickup_${name}`,
    help,
    registers: [registry],
    collect() {
      const value = read();
      if (value === null) this.remove();
      else this.set(value);
    },
  });
}

/** A gauge with a series for each of `values`, 1 where `isOn` and else 0. */
export function flagsIn<T extends string>(
  registry: Registry,
  {
    name,
    help,
    label,
    values,
    isOn,
  }: Named & {
    readonly label: string;
    readonly values: readonly T[];
    readonly isOn: (value: T) => boolean;
  },
): void {
  void new Gauge({
    name: `pickup_${name}`,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      for (const value of values) this.set({ [label]: value }, isOn(value) ? 1 : 0);
    },
  });
}

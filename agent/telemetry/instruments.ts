import { Counter, Gauge, Histogram } from 'prom-client';
import type { LabelValues, Registry } from 'prom-client';

/** What a family of metrics is called and what it says; `pickup_` is put before the name. */
type Family = { readonly name: string; readonly help: string };

/** A counter whose `series` all begin at 0: the first event is then seen as an increase. */
export function counterIn<Label extends string>(
  registry: Registry,
  {
    name,
    help,
    series = [],
    onScrape,
  }: Family & {
    readonly series?: readonly LabelValues<Label>[];
    /** May add to it before it is read. */
    readonly onScrape?: () => void;
  },
): Counter<Label> {
  const counter = new Counter({
    name: `pickup_${name}`,
    help,
    labelNames: Object.keys(series[0] ?? {}) as Label[],
    registers: [registry],
    ...(onScrape ? { collect: onScrape } : {}),
  });
  for (const labels of series) counter.inc(labels, 0);
  return counter;
}

/** A histogram with these upper `bounds`. */
export function histogramIn<Label extends string>(
  registry: Registry,
  {
    name,
    help,
    bounds,
    labels = [],
  }: Family & { readonly bounds: readonly number[]; readonly labels?: readonly Label[] },
): Histogram<Label> {
  return new Histogram({
    name: `pickup_${name}`,
    help,
    buckets: [...bounds],
    labelNames: [...labels],
    registers: [registry],
  });
}

/** A gauge that is read at each scrape; with null there is no value. */
export function gaugeIn(
  registry: Registry,
  { name, help, read }: Family & { readonly read: () => number | null },
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
  }: Family & {
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

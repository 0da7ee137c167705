/** The smallest value that at least `share` of all are not above. @throws {RangeError} of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('There is no quantile of no values');
  return value;
}

/** The geometric mean of ratios, with the 95 % interval of a percentile bootstrap over them. */
export function meanRatio(
  ratios: readonly number[],
  random: () => number,
): { readonly mean: number; readonly ci95: readonly [number, number] } {
  const logs = ratios.map(Math.log);
  const meanOf = (values: readonly number[]) =>
    Math.exp(values.reduce((sum, value) => sum + value, 0) / values.length);
  const draws = Array.from({ length: 10_000 }, () =>
    meanOf(logs.map(() => logs[Math.floor(random() * logs.length)] ?? 0)),
  );
  return { mean: meanOf(logs), ci95: [quantile(draws, 0.025), quantile(draws, 0.975)] };
}

/** Rounded to so many digits behind the point. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

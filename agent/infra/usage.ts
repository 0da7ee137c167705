/** The amounts that providers bill, of one call. */
export type Usage = {
  /** Tokens that models read, those in their cache among them, and tokens that they wrote. */
  readonly tokensIn: number;
  readonly tokensCached: number;
  readonly tokensOut: number;
  /** Audio sent to the recogniser, in seconds; what is sent again after an outage counts again. */
  readonly heardSeconds: number;
  /** Characters that voices were given to speak. */
  readonly spokenCharacters: number;
};

/** US dollars for what `Usage` counts; a price that is not set is null. */
export type Prices = {
  readonly perMillionTokensIn: number | null;
  /** Null: cached tokens cost what others do. */
  readonly perMillionTokensCached: number | null;
  readonly perMillionTokensOut: number | null;
  readonly perMinuteHeard: number | null;
  readonly perMillionCharactersSpoken: number | null;
};

export const noUsage: Usage = {
  tokensIn: 0,
  tokensCached: 0,
  tokensOut: 0,
  heardSeconds: 0,
  spokenCharacters: 0,
};

/** Both together. */
export function sumOf(one: Usage, other: Partial<Usage>): Usage {
  const { tokensIn = 0, tokensCached = 0, tokensOut = 0 } = other;
  const { heardSeconds = 0, spokenCharacters = 0 } = other;
  return {
    tokensIn: one.tokensIn + tokensIn,
    tokensCached: one.tokensCached + tokensCached,
    tokensOut: one.tokensOut + tokensOut,
    heardSeconds: one.heardSeconds + heardSeconds,
    spokenCharacters: one.spokenCharacters + spokenCharacters,
  };
}

/** US dollars, to a hundredth of a cent; null while a price is missing: a part would look like all. */
export function costOf(usage: Usage, prices: Prices): number | null {
  const { perMillionTokensIn, perMillionTokensOut, perMinuteHeard } = prices;
  const { perMillionCharactersSpoken } = prices;
  if (perMillionTokensIn === null || perMillionTokensOut === null) return null;
  if (perMinuteHeard === null || perMillionCharactersSpoken === null) return null;
  const { tokensIn, tokensCached, tokensOut, heardSeconds, spokenCharacters } = usage;
  const dollars =
    ((tokensIn - tokensCached) * perMillionTokensIn +
      tokensCached * (prices.perMillionTokensCached ?? perMillionTokensIn) +
      tokensOut * perMillionTokensOut +
      spokenCharacters * perMillionCharactersSpoken) /
      1_000_000 +
    (heardSeconds / 60) * perMinuteHeard;
  return Math.round(dollars * 10_000) / 10_000;
}

/** How one case went, with what it measured; `why` says what did not hold. */
export type Outcome = {
  readonly ok: boolean;
  readonly why: string | null;
  readonly [figure: string]: string | number | boolean | null;
};

/** Cases that are run and told in the same way. */
export type FaultSuite = {
  readonly names: readonly string[];
  /** The figures that are shown of each case, in this order. */
  readonly figures: readonly string[];
  /** Whether the JSON of a case says why it does not hold; else that goes to stderr. */
  readonly tellsWhy: boolean;
  /** Runs the cases of these names, a name as often as it stands there, and tells each as it ends. */
  readonly run: (
    names: readonly string[],
    tell: (name: string, outcome: Outcome) => void,
    options: {
      readonly seed: number;
      /** A folder for the log lines of the cases that do not hold; null keeps none. */
      readonly logsDir: string | null;
    },
  ) => Promise<void>;
};

/** What a case that could not be shown at all has come to. */
export function brokenOutcome(error: unknown): Outcome {
  return { ok: false, why: error instanceof Error ? error.message : String(error) };
}

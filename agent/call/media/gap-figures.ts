/** The steps that may bring packets back: a word to the caller, the track taken anew, a fresh job. */
export type GapStep = 'ask' | 'resubscribe' | 'rejoin';

/**
 * The closing line's figures about gaps. `byStep`: after which step packets were back, how often.
 * `longestRecoveryMs`: of the gaps that an attempt closed, the longest, from the last packet before
 * it to the first after it; null when there was none.
 */
export type RecoveryFigures = {
  readonly gaps: number;
  readonly attempts: number;
  readonly recovered: number;
  readonly byStep: Readonly<Record<GapStep, number>>;
  readonly longestRecoveryMs: number | null;
};

/** The figures of a call without a gap. */
export const emptyFigures: RecoveryFigures = {
  gaps: 0,
  attempts: 0,
  recovered: 0,
  byStep: { ask: 0, resubscribe: 0, rejoin: 0 },
  longestRecoveryMs: null,
};

/** The figures with one more gap, of `lengthMs`, that an attempt closed at `step`. */
export function recoveredBy(
  figures: RecoveryFigures,
  { step, lengthMs }: { readonly step: GapStep; readonly lengthMs: number },
): RecoveryFigures {
  const byStep = { ...figures.byStep, [step]: figures.byStep[step] + 1 };
  const longestRecoveryMs = Math.max(figures.longestRecoveryMs ?? 0, Math.round(lengthMs));
  return { ...figures, recovered: figures.recovered + 1, byStep, longestRecoveryMs };
}

/** What may bring packets back: a word to the caller, the track taken anew, a fresh job. */
export type GapStep = 'ask' | 'resubscribe' | 'rejoin';

/** What the closing line says about gaps. `byStep`: after which step packets were back, how often. */
export type RecoveryFigures = {
  readonly gaps: number;
  readonly attempts: number;
  readonly recovered: number;
  readonly byStep: Readonly<Record<GapStep, number>>;
};

/** The figures of a call without a gap. */
export const emptyFigures: RecoveryFigures = {
  gaps: 0,
  attempts: 0,
  recovered: 0,
  byStep: { ask: 0, resubscribe: 0, rejoin: 0 },
};

/** The figures with one more attempt that brought packets back, at `step`. */
export function recoveredBy(figures: RecoveryFigures, step: GapStep): RecoveryFigures {
  const byStep = { ...figures.byStep, [step]: figures.byStep[step] + 1 };
  return { ...figures, recovered: figures.recovered + 1, byStep };
}

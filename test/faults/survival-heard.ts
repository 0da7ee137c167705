import type { CallEventOf } from '../caller/call-events.ts';
import type { CallReport } from '../caller/call-report.ts';
import { longestSilenceMs } from '../caller/measure.ts';

/** What a caller heard of a fault, in milliseconds. */
export type HeardOfFault = {
  /** The longest silence from the fault on in which it was the agent's turn; null if it never was. */
  readonly gapMs: number | null;
  /** From the fault to the first sound of another agent, or of any when there was no other. */
  readonly heardAgainMs: number | null;
};

/** Measures it in the recording; `faultMs` is on the clock of the call. */
export function heardOfFault(report: CallReport, faultMs: number): HeardOfFault {
  const sounds = report.events.filter(
    (event): event is CallEventOf<'agent-audio-start'> => event.type === 'agent-audio-start',
  );
  const known = new Set(
    sounds.filter(({ atMs }) => atMs < faultMs).map(({ identity }) => identity),
  );
  const after = sounds.filter(({ atMs }) => atMs >= faultMs);
  const again = after.find(({ identity }) => !known.has(identity)) ?? after[0];
  const gapMs = longestSilenceMs(report.heard, faultMs);
  return {
    gapMs: gapMs === null ? null : Math.round(gapMs),
    heardAgainMs: again ? Math.round(again.atMs - faultMs) : null,
  };
}

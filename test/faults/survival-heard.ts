import { renderSpeech } from '../harness/emulators/voice.ts';
import type { CallEventOf } from '../harness/caller/call-events.ts';
import type { CallReport } from '../harness/caller/call-report.ts';
import { longestSilenceMs } from '../harness/caller/measure.ts';
import { speechSegments } from '../harness/caller/speech-detector.ts';
import type { Segment } from '../harness/caller/speech-detector.ts';

const renderedHz = 24_000;
/** The end of the last word may be lost as the call ends. */
const shareOfWords = 0.8;

/** What a caller heard of a fault, in milliseconds. */
export type HeardOfFault = {
  /** The longest silence from the fault on in which it was the agent's turn; null if it never was. */
  readonly gapMs: number | null;
  /** From the fault to the first sound of another agent, or of any when there was no other. */
  readonly heardAgainMs: number | null;
  /** How long agents spoke from the fault on. */
  readonly spokenMs: number;
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
    spokenMs: Math.round(lengthMs(report.heard.agentSpeech, faultMs)),
  };
}

/**
 * What is wrong when these words were to be heard from the fault on. Recorded phrases were
 * synthesised long before; what is heard of one is known by how long it lasts.
 */
export async function wrongWords({ spokenMs }: HeardOfFault, words: string): Promise<string[]> {
  const pcm = await renderSpeech(words, { voice: 'agent', sampleRate: renderedHz });
  const wordsMs = Math.round(lengthMs(speechSegments(pcm, { sampleRate: renderedHz })));
  if (spokenMs >= shareOfWords * wordsMs) return [];
  return [`${spokenMs} ms were heard where "${words}" takes ${wordsMs} ms`];
}

function lengthMs(speech: readonly Segment[], sinceMs = 0): number {
  return speech.reduce(
    (sum, { fromMs, toMs }) => sum + Math.max(0, toMs - Math.max(fromMs, sinceMs)),
    0,
  );
}

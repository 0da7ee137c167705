import { SAMPLE_RATE } from '../harness/caller/call-events.ts';
import { speechSegments } from '../harness/caller/speech-detector.ts';
import type { TtsEntry } from '../harness/emulators/deepgram-speak.ts';
import { joinPcm } from '../harness/emulators/join-pcm.ts';
import { Recogniser } from '../harness/emulators/recogniser.ts';

/** An answer has no more sentences than this. */
const maxSentences = 6;

/**
 * The words of an answer as recorded: of what was `spoken`, in the order it was synthesised, the run
 * of sentences that sounds like it; null when it sounds like none. A machine that stands still
 * between two sentences makes no other words of them; within one, it does.
 */
export function wordsHeard(answer: Int16Array, spoken: readonly TtsEntry[]): string | null {
  const recogniser = new Recogniser();
  const teach = (run: readonly TtsEntry[]) =>
    recogniser.teach(
      run.map(({ text }) => text.trim()).join(' '),
      joinPcm(run.map(({ pcm }) => pcm)),
      run[0]?.sampleRate ?? 0,
    );
  for (const [from, first] of spoken.entries()) {
    for (let to = from + 1; to <= Math.min(spoken.length, from + maxSentences); to += 1) {
      teach(spoken.slice(from, to));
      // With several calls at once, sentences of others come between.
      const later = spoken[to + 1];
      if (later) teach([first, later]);
    }
  }
  return recognised(answer, recogniser);
}

/** As a whole, or in the parts before and after its longest pause. */
function recognised(pcm: Int16Array, recogniser: Recogniser): string | null {
  const whole = recogniser.recognise(pcm, SAMPLE_RATE);
  if (whole) return whole.line;
  const pause = longestPause(pcm);
  if (!pause) return null;
  const before = recognised(pcm.subarray(0, pause.from), recogniser);
  const after = before && recognised(pcm.subarray(pause.to), recogniser);
  return after && `${before} ${after}`;
}

/** In samples; undefined when it is all one stretch of speech. */
function longestPause(pcm: Int16Array) {
  const segments = speechSegments(pcm, { sampleRate: SAMPLE_RATE });
  const pauses = segments.slice(1).map(({ fromMs }, index) => ({
    fromMs: segments[index]?.toMs ?? 0,
    toMs: fromMs,
  }));
  const [longest] = pauses.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs));
  const samples = (ms: number) => Math.round((ms * SAMPLE_RATE) / 1_000);
  return longest && { from: samples(longest.fromMs), to: samples(longest.toMs) };
}

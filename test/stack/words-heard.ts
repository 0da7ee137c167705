import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SAMPLE_RATE } from '../harness/caller/call-events.ts';
import { speechSegments } from '../harness/caller/speech-detector.ts';
import type { TtsEntry } from '../harness/emulators/deepgram-speak.ts';
import { joinPcm } from '../harness/emulators/join-pcm.ts';
import { Recogniser } from '../harness/emulators/recogniser.ts';

/** An answer has no more sentences than this. */
const maxSentences = 6;

/** A stretch of the agents' sound at `SAMPLE_RATE`, and all that could have been said in it. */
export type HeardWords = {
  readonly answer: Int16Array;
  readonly spoken: readonly Pick<TtsEntry, 'text' | 'pcm' | 'sampleRate'>[];
};

/**
 * The words of each answer, as `wordsHeard` finds them, in a thread of its own: it takes seconds, in
 * which the emulators of this process serve other calls.
 */
export async function wordsOfAnswers(answers: readonly HeardWords[]): Promise<(string | null)[]> {
  const url = new URL('./words-worker.ts', import.meta.url);
  // Loaders and test flags of the parent are not for this thread.
  const worker = new Worker(url, { workerData: answers, execArgv: [] });
  const [words] = await once(worker, 'message');
  return words as (string | null)[];
}

/**
 * The words of an answer as recorded: of what was `spoken`, in the order it was synthesised, the run
 * of sentences that sounds like it; null when it sounds like none. A machine that stands still
 * between two sentences makes no other words of them; within one, it does.
 */
export function wordsHeard({ answer, spoken }: HeardWords): string | null {
  const recogniser = new Recogniser();
  for (const from of spoken.keys()) {
    for (let to = from + 1; to <= Math.min(spoken.length, from + maxSentences); to += 1) {
      const run = spoken.slice(from, to);
      recogniser.teach(
        run.map(({ text }) => text.trim()).join(' '),
        joinPcm(run.map(({ pcm }) => pcm)),
        run[0]?.sampleRate ?? 0,
      );
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

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SAMPLE_RATE } from './call-events.ts';
import { speechSegments } from './speech-detector.ts';
import type { TtsEntry } from '../emulators/deepgram-speak.ts';
import { joinPcm } from '../emulators/join-pcm.ts';
import { Recogniser } from '../emulators/recogniser.ts';

/** An answer has no more sentences than this, and a phrase that is kept ready no more than that. */
const maxSentences = 6;
const maxOfPhrase = 3;

type Spoken = Pick<TtsEntry, 'text' | 'pcm' | 'sampleRate'>;

/** A stretch of the agents' sound at `SAMPLE_RATE`, and what was synthesised that could be in it. */
export type HeardAnswer = { readonly pcm: Int16Array; readonly spoken: readonly Spoken[] };

/** The answers of a call, and the phrases that were kept ready for all calls. */
export type HeardWords = {
  readonly answers: readonly HeardAnswer[];
  readonly ahead: readonly Spoken[];
};

/**
 * The words of each answer, as `wordsHeard` finds them, in a thread of its own: it takes seconds, in
 * which the emulators of this process serve other calls.
 */
export async function wordsOfAnswers(heard: HeardWords): Promise<(string | null)[]> {
  const url = new URL('./words-worker.ts', import.meta.url);
  // Loaders and test flags of the parent are not for this thread.
  const worker = new Worker(url, { workerData: heard, execArgv: [] });
  const [words] = await once(worker, 'message');
  return words as (string | null)[];
}

/**
 * The words of answers as recorded: of what was `spoken`, in the order it was synthesised, the run of
 * sentences that sounds like it, or a phrase made ahead; null when it sounds like none. A machine
 * that stands still between two sentences makes no other words of them; within one, it does when it
 * does so for long.
 */
export function wordsHeard({ answers, ahead }: HeardWords): (string | null)[] {
  let phrases: Recogniser | undefined;
  return answers.map(({ pcm, spoken }) => {
    const own = taught(spoken, maxSentences);
    return recognised(pcm, (part) => {
      const heard = own.recognise(part, SAMPLE_RATE);
      if (heard) return heard.line;
      phrases ??= taught(ahead, maxOfPhrase);
      return phrases.recognise(part, SAMPLE_RATE)?.line ?? null;
    });
  });
}

/** Knows every run of at most so many sentences. */
function taught(spoken: readonly Spoken[], most: number): Recogniser {
  const recogniser = Recogniser.ofStarvedSound();
  for (const from of spoken.keys()) {
    for (let to = from + 1; to <= Math.min(spoken.length, from + most); to += 1) {
      const run = spoken.slice(from, to);
      recogniser.teach(
        run.map(({ text }) => text.trim()).join(' '),
        joinPcm(run.map(({ pcm }) => pcm)),
        run[0]?.sampleRate ?? 0,
      );
    }
  }
  return recogniser;
}

/** As a whole, or in the parts before and after its longest pause. */
function recognised(pcm: Int16Array, lineOf: (pcm: Int16Array) => string | null): string | null {
  const whole = lineOf(pcm);
  if (whole !== null) return whole;
  const pause = longestPause(pcm);
  if (!pause) return null;
  const before = recognised(pcm.subarray(0, pause.from), lineOf);
  const after = before && recognised(pcm.subarray(pause.to), lineOf);
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

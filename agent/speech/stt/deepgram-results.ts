import { createTimedString, normalizeLanguage, stt } from '@livekit/agents';
import { z } from 'zod';

/** The language that is asked for. */
export const language = 'en-US';

const word = z.object({
  word: z.string(),
  punctuated_word: z.string().optional(),
  start: z.number(),
  end: z.number(),
  confidence: z.number().nullish(),
});
const alternative = z.object({
  transcript: z.string(),
  confidence: z.number().nullish(),
  words: z.array(word).nullish(),
});
const results = z.object({
  type: z.literal('Results'),
  start: z.number().nonnegative(),
  duration: z.number().nonnegative(),
  is_final: z.boolean(),
  channel: z.object({ alternatives: z.array(alternative) }),
  metadata: z.object({ request_id: z.string() }).nullish(),
});
/** `SpeechStarted`, `UtteranceEnd`, `Metadata` and what may be added: nothing that is needed here. */
const other = z.object({ type: z.string().regex(/^(?!Results$)/) });
const message = z.union([results, other]);

/** A transcript of one stretch of the connection's audio; `start` and `duration` are seconds in it. */
export type Results = z.infer<typeof results>;

/** Reads a message of Deepgram: a transcript, something else (`other`), or none of its messages. */
export function readMessage(text: string): Results | 'other' | 'garbage' {
  const parsed = message.safeParse(parseJson(text));
  if (!parsed.success) return 'garbage';
  return 'channel' in parsed.data ? parsed.data : 'other';
}

/** The event that the framework expects, or undefined where nothing was understood. */
export function toSpeechEvent(
  { is_final, channel }: Results,
  offsetSeconds: number,
): stt.SpeechEvent | undefined {
  const [best] = channel.alternatives;
  if (!best || best.transcript === '') return undefined;
  const heard = best.words ?? [];
  const words = heard.map(({ word: bare, punctuated_word, start, end, confidence }) =>
    createTimedString({
      text: punctuated_word ?? bare,
      startTime: start + offsetSeconds,
      endTime: end + offsetSeconds,
      confidence: confidence ?? 0,
      startTimeOffset: offsetSeconds,
    }),
  );
  const data: stt.SpeechData = {
    language: normalizeLanguage(language),
    text: best.transcript,
    startTime: (heard.at(0)?.start ?? 0) + offsetSeconds,
    endTime: (heard.at(-1)?.end ?? 0) + offsetSeconds,
    confidence: best.confidence ?? 0,
    words,
  };
  const type = is_final
    ? stt.SpeechEventType.FINAL_TRANSCRIPT
    : stt.SpeechEventType.INTERIM_TRANSCRIPT;
  return { type, alternatives: [data] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

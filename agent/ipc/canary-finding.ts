import { z } from 'zod';

/** Things that can be wrong with a test call, in the order in which they show. */
const canaryFaults = [
  /** No list is kept that a question could be asked of, or it is too old for a price to be told. */
  'no-sheet',
  /** The voice that asks the question could not be had. */
  'no-question',
  'not-joined',
  'no-first-word',
  'no-answer',
  /** Something was said, and not the price of the sheet. */
  'wrong-answer',
  /** The call is not written down as over and completed. */
  'not-ended',
  /** Its process broke off, or did not come to an end. */
  'broken',
] as const;

/** One of `canaryFaults`. */
export type CanaryFault = (typeof canaryFaults)[number];

/** The message of a test call's process to the supervisor, its last. Times are counted from the ring and from the question. */
export const canaryFinding = z.object({
  why: z.enum(canaryFaults).nullable(),
  callId: z.string().nullable(),
  firstWordMs: z.number().nullable(),
  answerMs: z.number().nullable(),
});

/** The outcome of a test call; `why` is null when all was as it should be. */
export type CanaryFinding = Readonly<z.infer<typeof canaryFinding>>;

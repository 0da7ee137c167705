import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';

const spoken = z.object({
  kind: z.literal('spoken'),
  by: z.enum(['caller', 'agent']),
  words: z.string(),
  interrupted: z.boolean(),
});
const toolUse = z.object({
  kind: z.literal('tool'),
  id: z.string(),
  name: z.string(),
  args: z.string(),
  /** Null when the tool had not answered yet. */
  output: z.string().nullable(),
  isError: z.boolean(),
});
const savedItem = z.union([spoken, toolUse]);

/** One thing said or done in a call. */
export type SavedItem = z.infer<typeof savedItem>;

const savedTalk = z.object({
  items: z.array(savedItem),
  callerTurns: z.number(),
  callerWords: z.string(),
  asked: z
    .object({
      about: z.enum([
        'booking',
        'cancelling',
        'changing',
        'extending',
        'off-rent',
        'asking',
        'address',
        'texts',
      ]),
      key: z.string(),
      lines: z
        .array(z.object({ machine: z.string(), start: z.string(), end: z.string() }))
        .readonly(),
      totalCents: z.number().nullish(),
      depositCents: z.number().nullish(),
      customer: z.string().nullish(),
      phone: z.string().nullish(),
      question: z.string(),
      mustHear: z.string(),
      since: z.array(z.object({ by: z.enum(['caller', 'agent']), words: z.string() })).readonly(),
      unclear: z.number(),
    })
    .nullable(),
  wrongCodes: z.number(),
  /** Codes of the messages taken, by what was in them. */
  messages: z.record(z.string(), z.string()),
  /** The caller stopped speaking then, by the wall clock, if nothing was said to them since. */
  callerWaitsSinceMs: z.number().nullish(),
  /** The same; but now, while they speak. */
  callerHeardAtMs: z.number().nullish(),
  /** Why the caller went to a person at once. */
  escalated: z.array(z.enum(['emergency', 'breakdown', 'spanish'])).optional(),
});

/** The talk so far, for the job that goes on with it. */
export type SavedTalk = z.infer<typeof savedTalk>;

const transferFigures = z.object({
  outcome: z.enum(['transferred', 'refused', 'no-answer', 'failed']),
  sipStatus: z.number().nullable(),
});

const savedCall = z.object({
  version: z.literal(1),
  startedAtMs: z.number(),
  answeredAtMs: z.number().nullable(),
  talk: savedTalk,
  figures: z.object({
    latenciesMs: z.array(z.number()),
    tools: z.array(z.string()),
    providerFailures: z.number(),
    firstAgentSpeechAtMs: z.number().nullable(),
    packetsIn: z.number(),
    handovers: z.number(),
    takeovers: z.number(),
    packetsOut: z.number(),
    lastPacketInAtMs: z.number().nullable(),
    lastPacketOutAtMs: z.number().nullable(),
    framesOut: z.number(),
    lastCallerSpeechAtMs: z.number().nullable(),
    lastAgentSpeechAtMs: z.number().nullable(),
    lastTranscriptAtMs: z.number().nullable(),
    transfer: transferFigures.nullable(),
    usage: z
      .object({
        tokensIn: z.number(),
        tokensCached: z.number(),
        tokensOut: z.number(),
        heardSeconds: z.number(),
        spokenCharacters: z.number(),
      })
      .optional(),
  }),
  gap: z.object({
    attemptsUsed: z.number(),
    lastAttemptAtMs: z.number().nullable(),
    openSinceMs: z.number().nullable(),
    figures: z.object({
      gaps: z.number(),
      longestRecoveryMs: z.number().nullable(),
      attempts: z.number(),
      recovered: z.number(),
      byStep: z.object({ ask: z.number(), resubscribe: z.number(), rejoin: z.number() }),
    }),
  }),
  silencePrompts: z.number(),
  /** From an attendant: what the caller said before any job listened, for the recogniser. */
  attended: z
    .object({
      callerSpoke: z.boolean(),
      /** The name of a file in `attendedFolder`; null when nothing was said by then. */
      audioFile: z.string().nullable(),
      /** The file has all until then, by the wall clock. */
      untilMs: z.number(),
    })
    .optional(),
  /** The turn at which an agent last died of the call, and how many in a row did at that one. */
  lastCrash: z.object({ callerTurns: z.number(), times: z.number() }).optional(),
});

/**
 * All that a fresh job needs to go on with a call. From the first release on the shape only grows,
 * with optional members: an older or a newer release reads it.
 */
export type SavedCall = z.infer<typeof savedCall>;

/** Reads what `JSON.stringify` made of a saved call; undefined when it is of another version. */
export function savedCallFrom(json: string): SavedCall | undefined {
  try {
    return savedCall.parse(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** A call of which nothing was said or done yet. */
export function newSavedCall(
  times: Pick<SavedCall, 'startedAtMs' | 'answeredAtMs'>,
  { items = [], ...figures }: { items?: SavedItem[] } & Partial<SavedCall['figures']> = {},
): SavedCall {
  return {
    version: 1,
    ...times,
    talk: { items, callerTurns: 0, callerWords: '', asked: null, wrongCodes: 0, messages: {} },
    figures: {
      latenciesMs: [],
      tools: [],
      providerFailures: 0,
      firstAgentSpeechAtMs: null,
      packetsIn: 0,
      packetsOut: 0,
      lastPacketInAtMs: null,
      lastPacketOutAtMs: null,
      framesOut: 0,
      lastCallerSpeechAtMs: null,
      lastAgentSpeechAtMs: null,
      lastTranscriptAtMs: null,
      transfer: null,
      handovers: 0,
      takeovers: 0,
      ...figures,
    },
    gap: {
      attemptsUsed: 0,
      lastAttemptAtMs: null,
      openSinceMs: null,
      figures: {
        gaps: 0,
        longestRecoveryMs: null,
        attempts: 0,
        recovered: 0,
        byStep: { ask: 0, resubscribe: 0, rejoin: 0 },
      },
    },
    silencePrompts: 0,
  };
}

/** The folder, in `DATA_DIR`, of what callers said to an attendant: 16-bit mono PCM at 16 kHz. */
export function attendedFolder(dataDir: string): string {
  return join(dataDir, 'attended');
}

/** Takes such a file: it is gone afterwards. Null when it is not of this machine, or gone already. */
export async function takeAttendedAudio(dataDir: string, name: string): Promise<Int16Array | null> {
  const file = join(attendedFolder(dataDir), basename(name));
  try {
    const bytes = new Uint8Array(await readFile(file));
    return new Int16Array(bytes.buffer, 0, Math.floor(bytes.byteLength / 2));
  } catch {
    return null;
  } finally {
    await rm(file, { force: true }).catch(() => {});
  }
}

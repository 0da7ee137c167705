import { z } from 'zod';
import type { StoreQueries } from './database.ts';

const ms = z.number().nullable();

const line = z.object({
  /** The beginning, as far as it is known; then the end. Unix milliseconds. */
  atMs: z.number(),
  untilMs: ms,
  who: z.enum(['caller', 'agent']),
  /** Of the agent: what the caller heard of it, when they broke in. */
  text: z.string(),
  isInterrupted: z.boolean(),
});

const turn = z.object({
  /** The end of the caller's speech, Unix milliseconds. The others are counted from here. */
  atMs: z.number(),
  /** The recogniser's last words were there. */
  heardMs: ms,
  /** The turn was taken to be over. */
  endOfTurnMs: ms,
  /** The model's first token; null when code worded the answer. */
  firstTokenMs: ms,
  /** The voice's first byte. */
  firstByteMs: ms,
  /** The caller heard the first sound of the answer. */
  firstSoundMs: ms,
  /** The age of the list of equipment at that answer. */
  listAgeMs: ms,
});

const tool = z.object({
  atMs: z.number(),
  tool: z.string(),
  /** As the model gave them. */
  args: z.unknown(),
  /** The answer that the model got, or the error. */
  result: z.unknown(),
  durationMs: ms,
  ok: z.boolean(),
});

/** Something that was said: by the caller as the recogniser heard it, by the agent as it was voiced. */
export type TranscriptLine = Readonly<z.infer<typeof line>>;

/** One answer of the agent and the way to it. */
export type TranscriptTurn = Readonly<z.infer<typeof turn>>;

/** One use of a tool. */
export type TranscriptTool = Readonly<z.infer<typeof tool>>;

/** An entry of a call's transcript, as it is written. */
export type TranscriptEntry =
  | ({ readonly kind: 'line' } & TranscriptLine)
  | ({ readonly kind: 'turn' } & TranscriptTurn)
  | ({ readonly kind: 'tool' } & TranscriptTool);

/** A call's transcript, each list in the order of time. */
export type Transcript = {
  readonly lines: readonly TranscriptLine[];
  readonly turns: readonly TranscriptTurn[];
  readonly tools: readonly TranscriptTool[];
};

/** Adds entries to a call's transcript, in one statement. */
export async function addToTranscript(
  { db }: StoreQueries,
  callId: string,
  entries: readonly TranscriptEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map(({ kind, ...data }) => {
    return { callId, kind, atMs: Math.round(data.atMs), data: JSON.stringify(data) };
  });
  await db.insertInto('transcripts').values(rows).execute();
}

/** The call's transcript; what another release wrote in another shape is left out. */
export async function readTranscript({ db }: StoreQueries, callId: string): Promise<Transcript> {
  const rows = await db
    .selectFrom('transcripts')
    .select(['kind', 'data'])
    .where('callId', '=', callId)
    .orderBy('id')
    .execute();
  const of = <T extends { readonly atMs: number }>(kind: string, schema: z.ZodType<T>) =>
    rows
      .flatMap((row) => {
        const read = row.kind === kind ? schema.safeParse(JSON.parse(row.data)) : undefined;
        return read?.success ? [read.data] : [];
      })
      .toSorted((a, b) => a.atMs - b.atMs);
  return { lines: of('line', line), turns: of('turn', turn), tools: of('tool', tool) };
}

import { sql, type ExpressionBuilder } from 'kysely';
import type { StoreQueries } from './database.ts';
import type { Schema } from './schema.ts';
import { readTranscript, type Transcript } from './transcripts.ts';

/** Postgres refuses a tsvector of more than 1 MB; two hours of talk have 100 kB. */
const mostWords = 200_000;

/** Keeps the words of a call to be searched for, and resolves with their row's id; null for none. */
export async function keepWords(
  { db, dialect }: StoreQueries,
  startedAtMs: number,
  lines: Transcript['lines'],
): Promise<number | null> {
  const words = lines
    .map(({ text }) => text)
    .join('\n')
    .slice(0, mostWords);
  if (words.trim() === '') return null;
  // A thousand calls may begin in one millisecond; up to the year 2255 it stays a safe integer.
  const first = startedAtMs * 1_000;
  const taken = await db
    .selectFrom('calls')
    .select(({ fn }) => fn.max('wordsId').as('id'))
    .where('wordsId', '>=', first)
    .where('wordsId', '<', first + 1_000)
    .executeTakeFirst();
  const id = taken?.id === null || taken === undefined ? first : taken.id + 1;
  const insert =
    dialect === 'sqlite'
      ? sql`insert into call_words (rowid, words) values (${id}, ${words})`
      : sql`insert into call_words (id, words) values (${id}, to_tsvector('simple', ${words}))`;
  await insert.execute(db);
  return id;
}

/** Keeps the words of a call as its transcript has them now; nothing is known of those before. */
export async function keepWordsAnew(
  tx: StoreQueries,
  { callId, startedAtMs }: { readonly callId: string; readonly startedAtMs: number },
): Promise<void> {
  const { lines } = await readTranscript(tx, callId);
  const wordsId = await keepWords(tx, startedAtMs, lines);
  await tx.db.updateTable('calls').set({ wordsId }).where('callId', '=', callId).execute();
}

/** Removes the words of a call from the index; null removes none. */
export async function forgetWords(
  { db, dialect }: StoreQueries,
  wordsId: number | null,
): Promise<void> {
  if (wordsId === null) return;
  const id = sql.ref(dialect === 'sqlite' ? 'rowid' : 'id');
  await sql`delete from call_words where ${id} = ${wordsId}`.execute(db);
}

/** The condition of a call in which all of these words were said; none without a word. */
export function wordConditions(
  eb: ExpressionBuilder<Schema, 'calls'>,
  { dialect }: StoreQueries,
  said: string | undefined,
) {
  const words = said?.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return [];
  const ids =
    dialect === 'sqlite'
      ? sql<number>`(select rowid from call_words
          where call_words match ${words.map((word) => `"${word}"`).join(' ')})`
      : sql<number>`(select id from call_words
          where words @@ plainto_tsquery('simple', ${words.join(' ')}))`;
  return [eb('wordsId', 'in', ids)];
}

import type { StoreQueries } from './database.ts';

/** Speech synthesised before it is needed. `pcm` is 16-bit mono, little-endian. */
export type Phrase = {
  readonly key: string;
  readonly text: string;
  readonly provider: string;
  readonly model: string;
  readonly voice: string;
  readonly sampleRateHz: number;
  readonly pcm: Uint8Array;
  readonly createdAtMs: number;
};

/** Stores the phrase, in place of an earlier one with its key. */
export async function savePhrase({ db }: StoreQueries, phrase: Phrase): Promise<void> {
  await db
    .insertInto('phrases')
    .values(phrase)
    .onConflict((conflict) => conflict.column('key').doUpdateSet(phrase))
    .execute();
}

/**
 * The phrase with that key, or undefined. Its `pcm` has a buffer of its own, so that it can be
 * viewed as 16-bit samples.
 */
export async function readPhrase({ db }: StoreQueries, key: string): Promise<Phrase | undefined> {
  const row = await db.selectFrom('phrases').selectAll().where('key', '=', key).executeTakeFirst();
  // `pg` hands out slices of a network packet, at odd offsets too.
  return row && { ...row, pcm: new Uint8Array(row.pcm) };
}

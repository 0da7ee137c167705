import { createHash, randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Store, StoreQueries } from './database.ts';
import type { Schema } from './schema.ts';

/**
 * A secret that lets somebody in: a session of the desk, a link that makes one once, a browser
 * that has signed in before, the path of the calendar. The store keeps its hash alone.
 */
export type DeskTokenKind = Schema['deskTokens']['kind'];

/** A token as stored, without what it is. */
export type DeskToken = Omit<Selectable<Schema['deskTokens']>, 'tokenHash'>;

/** Makes a token and returns it; nobody can read it again. `lifeMs` null: until it is revoked. */
export async function createDeskToken(
  { db }: StoreQueries,
  token: {
    readonly kind: DeskTokenKind;
    readonly name: string | null;
    /** A fingerprint of the password: with another one the token is worth nothing. */
    readonly passwordKey: string;
    readonly lifeMs: number | null;
    readonly nowMs: number;
  },
): Promise<string> {
  const { lifeMs, nowMs, ...row } = token;
  const text = randomBytes(32).toString('base64url');
  await db.deleteFrom('deskTokens').where('expiresAtMs', '<=', nowMs).execute();
  await db
    .insertInto('deskTokens')
    .values({
      ...row,
      tokenHash: hashOf(text),
      createdAtMs: nowMs,
      expiresAtMs: lifeMs === null ? null : nowMs + lifeMs,
    })
    .execute();
  return text;
}

/** The token, or undefined when there is none of that kind, no more, or under another password. */
export async function readDeskToken(
  { db }: StoreQueries,
  wanted: Wanted,
): Promise<DeskToken | undefined> {
  const { token, kind, passwordKey, nowMs } = wanted;
  return db
    .selectFrom('deskTokens')
    .select(['kind', 'name', 'passwordKey', 'createdAtMs', 'expiresAtMs'])
    .where('tokenHash', '=', hashOf(token))
    .where('kind', '=', kind)
    .where('passwordKey', '=', passwordKey)
    .where((eb) => eb.or([eb('expiresAtMs', 'is', null), eb('expiresAtMs', '>', nowMs)]))
    .executeTakeFirst();
}

/** Uses a token up; false when it was not there to be used. Of two at once one has it. */
export async function takeDeskToken(store: Store, wanted: Wanted): Promise<boolean> {
  const found = await readDeskToken(store, wanted);
  return found !== undefined && (await revokeDeskToken(store, wanted.token));
}

/** Revokes one token; false when it was not there. */
export async function revokeDeskToken({ db }: StoreQueries, token: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('deskTokens')
    .where('tokenHash', '=', hashOf(token))
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Revokes all tokens of a kind. */
export async function revokeDeskTokens({ db }: StoreQueries, kind: DeskTokenKind): Promise<void> {
  await db.deleteFrom('deskTokens').where('kind', '=', kind).execute();
}

/**
 * A fingerprint of the password's hash: tokens made under another password let nobody in. Without a
 * password, on this machine alone, they are those of one start.
 */
export function passwordKeyOf(passwordHash: string | null, start = ''): string {
  return createHash('sha256')
    .update(passwordHash ?? `local ${start}`)
    .digest('hex')
    .slice(0, 16);
}

type Wanted = {
  readonly token: string;
  readonly kind: DeskTokenKind;
  readonly passwordKey: string;
  readonly nowMs: number;
};

/** Of 32 random bytes: a fast hash is as good as a slow one. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

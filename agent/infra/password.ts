import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MiB and a quarter of a second for each try (OWASP's password storage cheat sheet, 2025). */
const cost = { N: 2 ** 15, r: 8, p: 3 } as const;
const keyBytes = 32;
const shape = /^scrypt:(\d{1,2}):(\d{1,2}):(\d{1,2}):([\w-]{22,}):([\w-]{43})$/;

/** The hash of a password, `scrypt:LOG2N:R:P:SALT:KEY`, with no sign that a shell or a file reads. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  const { N, r, p } = cost;
  return ['scrypt', Math.log2(N), r, p, base64(salt), base64(key)].join(':');
}

/** True for a text that `hashPassword` can have made, at a cost that this process can pay. */
export function isPasswordHash(text: string): boolean {
  return read(text) !== null;
}

/** True when `hash` is that of `password`. False, too, for a hash that is none. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const known = read(hash);
  if (!known) return false;
  return timingSafeEqual(await derive(password, known.salt, known.cost), known.key);
}

type Cost = { readonly N: number; readonly r: number; readonly p: number };

function read(hash: string) {
  const [, log2N, r, p, salt = '', key = ''] = shape.exec(hash) ?? [];
  if (log2N === undefined) return null;
  const of: Cost = { N: 2 ** Number(log2N), r: Number(r), p: Number(p) };
  if (of.N < 2 || of.r < 1 || of.p < 1 || memoryOf(of) > 2 ** 28 || of.p > 16) return null;
  return { cost: of, salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') };
}

function memoryOf({ N, r }: Cost): number {
  return 128 * N * r;
}

/** Unicode has several spellings of one letter, and keyboards differ in them. */
function derive(password: string, salt: Buffer, of: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { ...of, maxmem: 2 * memoryOf(of) };
    scrypt(password.normalize('NFKC'), salt, keyBytes, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64url');
}

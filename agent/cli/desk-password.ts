import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import type { Config } from '../config/config.ts';
import { hashPassword } from '../infra/password.ts';
import { openStore } from '../infra/store/database.ts';
import { createDeskToken, passwordKeyOf } from '../infra/store/desk-tokens.ts';
import { onStore } from './store-command.ts';

const usage = `Usage: npm run desk-password -- [--link] [--help]

  Asks for a password (or reads one line of its input) and prints DESK_PASSWORD_HASH.
  --link   prints a link that opens the desk once, within 15 minutes; DESK_PASSWORD_HASH must be set
`;

/** Guessing one of these takes longer than the sign-in lets anybody try. */
const leastCharacters = 12;
const linkMs = 900_000;

/** Makes the hash of a password, or a one-time link. Resolves with the exit code. */
export async function runDeskPassword(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly store: () => Config['store'];
  readonly args: readonly string[];
  readonly input: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY'>>;
  readonly write: (text: string) => void;
}): Promise<number> {
  const { env, store, args, input, write } = options;
  const [flag, ...rest] = args;
  if (rest.length > 0 || (flag !== undefined && flag !== '--link' && flag !== '--help')) {
    write(usage);
    return 2;
  }
  if (flag === '--help') {
    write(usage);
    return 0;
  }
  if (flag === '--link') {
    return onStore(write, () => makeLink(env['DESK_PASSWORD_HASH']?.trim(), store, write));
  }
  const password = await readPassword(input, write);
  if (password.length < leastCharacters) {
    write(`The password needs at least ${leastCharacters} characters.\n`);
    return 1;
  }
  write(`DESK_PASSWORD_HASH=${await hashPassword(password)}\n`);
  return 0;
}

async function makeLink(
  passwordHash: string | undefined,
  place: () => Config['store'],
  write: (text: string) => void,
): Promise<number> {
  if (!passwordHash) {
    write('DESK_PASSWORD_HASH is not set: without it there is no desk to open.\n');
    return 1;
  }
  await using store = await openStore(place());
  const token = await createDeskToken(store, {
    kind: 'link',
    name: null,
    passwordKey: passwordKeyOf(passwordHash),
    lifeMs: linkMs,
    nowMs: Date.now(),
  });
  write(`Behind the address of your service, within 15 minutes: /desk/link?token=${token}\n`);
  return 0;
}

/** One line; on a terminal nobody sees what is typed. */
async function readPassword(
  input: Parameters<typeof runDeskPassword>[0]['input'],
  write: (text: string) => void,
): Promise<string> {
  const isTerminal = input.isTTY ?? false;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  if (isTerminal) write('Password: ');
  const lines = createInterface({ input, output: silent, terminal: isTerminal });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    if (isTerminal) write('\n');
  }
}

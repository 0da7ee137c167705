import { isIP, isIPv6 } from 'node:net';
import { parseArgs } from 'node:util';

/** The person's wishes. For a list that they did not give, null: the one that is there stays. */
export type SetupSipArguments = {
  readonly help: boolean;
  readonly dryRun: boolean;
  readonly numbers: readonly string[] | null;
  readonly allowedAddresses: readonly string[] | null;
  readonly login: { readonly username: string; readonly password: string } | null;
  readonly unrestricted: boolean;
};

/** The setup cannot be done as asked. The message is for the person, and names no secret. */
export class SetupSipError extends Error {
  override readonly name = 'SetupSipError';
  readonly code: 'SETUP_SIP_USAGE' | 'SETUP_SIP_UNRESTRICTED' | 'SETUP_SIP_CONFLICT';

  constructor(code: SetupSipError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export const usage = `Usage: npm run setup-sip -- [options]

Creates or updates the inbound SIP trunk and the dispatch rule that bring telephone calls to the
agent (AGENT_NAME). Run again with the same options it changes nothing. What no option names stays
as it is, so without options it only brings the rule up to date.

  --number +15550100       a number that is called, as E.164; repeat it for more
  --allow-address CIDR     an address of the carrier that calls may come from; repeat it for more
  --username NAME          or: what the carrier signs in with ...
  --password-env VARIABLE  ... and the environment variable that holds its password
  --unrestricted           takes calls from anyone who knows the SIP address
  --dry-run                says what would be done, and does nothing
  --json                   one JSON object a line
  --help                   this text

Exit code: 0 done, or nothing to do; 1 not done; 2 the options are wrong.
`;

const options = {
  help: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  number: { type: 'string', multiple: true },
  'allow-address': { type: 'string', multiple: true },
  username: { type: 'string' },
  'password-env': { type: 'string' },
  unrestricted: { type: 'boolean', default: false },
} as const;

/**
 * Reads the command line; the password comes from `env`, because arguments show in process lists.
 * @throws {SetupSipError} `SETUP_SIP_USAGE`, naming the option.
 */
export function readArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): SetupSipArguments {
  const given = parse(args);
  const { unrestricted } = given;
  if (unrestricted && (given['allow-address'] || given.username !== undefined)) {
    throw usageError('--unrestricted goes with neither --allow-address nor --username');
  }
  return {
    help: given.help,
    dryRun: given['dry-run'],
    numbers: given.number ? [...new Set(given.number.map(asE164))] : null,
    allowedAddresses: given['allow-address']
      ? [...new Set(given['allow-address'].map(asAddress))]
      : null,
    login: readLogin(given.username, given['password-env'], env),
    unrestricted,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}

/** E.164: a plus sign and 8 to 15 digits. Spaces and the like are how people write it. */
function asE164(text: string): string {
  const number = text.replaceAll(/[\s().-]/g, '');
  if (/^\+[1-9]\d{7,14}$/.test(number)) return number;
  throw usageError(`--number must be as E.164, such as +15550100, and not ${JSON.stringify(text)}`);
}

/** IPv4 or IPv6, with or without a length of its network, as LiveKit takes them. */
function asAddress(text: string): string {
  const [address = '', bits, ...rest] = text.trim().split('/');
  const most = isIPv6(address) ? 128 : 32;
  // A network of length 0 is every address: that has an option of its own.
  const hasBits = bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most);
  if (isIP(address) !== 0 && hasBits && rest.length === 0) return text.trim();
  const message = `--allow-address must be an address or a network such as 192.0.2.0/24, and not ${JSON.stringify(text)}`;
  throw usageError(message);
}

function readLogin(
  username: string | undefined,
  passwordEnv: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): SetupSipArguments['login'] {
  if (username === undefined && passwordEnv === undefined) return null;
  if (!username?.trim() || !passwordEnv?.trim()) {
    throw usageError('--username and --password-env go together');
  }
  const password = env[passwordEnv];
  if (!password) throw usageError(`--password-env names ${passwordEnv}, which is not set`);
  return { username: username.trim(), password };
}

function usageError(message: string): SetupSipError {
  return new SetupSipError('SETUP_SIP_USAGE', message);
}

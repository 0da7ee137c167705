import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

/** A wrong option: told in one line. */
export class UsageError extends Error {}

/**
 * What a command was told. It ends here when `--help` was asked for, with its usage, and when an
 * option is wrong, with one line and exit code 2.
 */
export function commandLine<Options extends ParseArgsOptionsConfig>(command: {
  readonly usage: string;
  readonly options: Options;
  readonly takesArguments?: boolean;
}) {
  const { usage, options, takesArguments = false } = command;
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return process.exit(0);
  }
  try {
    return parseArgs({ options, allowPositionals: takesArguments });
  } catch (error) {
    // Node goes on with a hint, on the same line or the next ones.
    const [message = ''] = messageOf(error).split(/\. |\.?\n/);
    tell(new UsageError(message));
    return process.exit(2);
  }
}

/**
 * Runs a command of the project. The exit code is 0 when `main` resolves with true, for all that held,
 * 1 for false, and 2 when an option was wrong or the work could not be done: then a message says why.
 */
export async function runCommand(main: () => Promise<boolean>): Promise<void> {
  try {
    process.exitCode = (await main()) ? 0 : 1;
  } catch (error) {
    tell(error);
    process.exitCode = 2;
  }
}

/** An option's value as a whole number. @throws {UsageError} if it is none, or too small. */
export function wholeNumber(option: string, value: string, least: number): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isSafeInteger(number) && number >= least) return number;
  throw new UsageError(`--${option} must be a whole number from ${least} up, not "${value}"`);
}

/** An option's value as one of a few names. @throws {UsageError} if it is none of them. */
export function oneOf<Name extends string>(
  option: string,
  value: string | undefined,
  names: readonly Name[],
): Name {
  const name = names.find((known) => known === value);
  if (name !== undefined) return name;
  const not = value === undefined ? '' : `, not "${value}"`;
  throw new UsageError(`--${option} must be one of ${names.join(', ')}${not}`);
}

function tell(error: unknown): void {
  const hint = error instanceof UsageError ? '; --help lists the options' : '';
  process.stderr.write(`${messageOf(error)}${hint}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Runs a command of the project: its usage when help is asked for, else `main`, which resolves with
 * whether all held. What it throws is told with the usage, and ends with `brokenCode`.
 */
export async function runCommand(options: {
  readonly help: boolean;
  readonly usage: string;
  readonly main: () => Promise<boolean>;
  readonly brokenCode: number;
}): Promise<void> {
  const { help, usage, main, brokenCode } = options;
  if (help) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  try {
    process.exitCode = (await main()) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exitCode = brokenCode;
  }
}

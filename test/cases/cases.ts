import { parseArgs } from 'node:util';

/** Puts inputs from outside through a real gate, prints one line a case, and says whether all held. */
export type CaseSuite = (
  target: string,
  options: Readonly<Record<string, string | boolean | undefined>>,
) => Promise<boolean>;

const suites: Readonly<Record<string, () => Promise<{ readonly run: CaseSuite }>>> = {};

const usage = `usage: npm run cases -- ${Object.keys(suites).join('|')} FILE [--json]`;

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, locale: { type: 'string' }, help: { type: 'boolean' } },
  });
  const [name = '', target] = positionals;
  const suite = suites[name];
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (!suite || target === undefined) {
    console.error(usage);
    return 2;
  }
  const { run } = await suite();
  return (await run(target, values)) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}

import { commandLine, runCommand, UsageError } from '../harness/command-line.ts';

/** Puts inputs from outside through a real gate, prints one line a case, and says whether all held. */
export type CaseSuite = (
  target: string,
  options: Readonly<Record<string, string | boolean | undefined>>,
) => Promise<boolean>;

const suites: Readonly<Record<string, () => Promise<{ readonly run: CaseSuite }>>> = {
  consent: () => import('./consent.ts'),
  voice: () => import('./voice.ts'),
  sheet: () => import('./sheet.ts'),
  search: () => import('./search.ts'),
  turns: () => import('./turns.ts'),
};

const usage = `npm run cases -- ${Object.keys(suites).join('|')} FILE [--json] [--sheet FOLDER] [--locale en_US] [--today YYYY-MM-DD]`;

const { positionals, values } = commandLine({
  usage,
  takesArguments: true,
  options: {
    json: { type: 'boolean' },
    sheet: { type: 'string' },
    locale: { type: 'string' },
    today: { type: 'string' },
  },
});

await runCommand(async () => {
  const [name, target] = positionals;
  const suite = suites[name ?? ''];
  if (!suite) throw new UsageError(`The suite must be one of ${Object.keys(suites).join(', ')}`);
  if (target === undefined) throw new UsageError('The cases must be named: a file or a folder');
  const { run } = await suite();
  return run(target, values);
});

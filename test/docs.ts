import { readFileSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';
import { settingGroups, settings, timeoutSettings } from '../agent/config/schema.ts';

type Setting = { readonly name: string; readonly meaning: string; readonly standard: string };
type Group = readonly [title: string, settings: readonly Setting[]];

const groups: readonly Group[] = [
  ...Object.entries(settingGroups).map(([title, names]): Group => [
    title,
    names.map((name) => settingOf(name, settings[name])),
  ]),
  [
    'Time budgets, in milliseconds',
    Object.entries(timeoutSettings).map(([name, schema]) => settingOf(name, schema)),
  ],
];

function settingOf(name: string, schema: z.ZodType): Setting {
  const standard: unknown = schema.safeParse(undefined).data;
  const shown = typeof standard === 'string' ? standard : JSON.stringify(standard);
  return { name, meaning: schema.description ?? '', standard: standard === undefined ? '' : shown };
}

/** `docs/configuration.md`: every setting as the schema has it. */
function configurationPage(): string {
  const tables = groups.map(([title, members]) =>
    [
      `## ${title}`,
      '',
      '| Variable | Default | Meaning |',
      '| --- | --- | --- |',
      ...members.map(
        ({ name, standard, meaning }) =>
          `| \`${name}\` | ${standard === '' ? '–' : `\`${standard}\``} | ${meaning} |`,
      ),
    ].join('\n'),
  );
  return [
    '# Configuration',
    'Everything is set by environment variables. They are read once, at the start: a bad environment stops it within 2 s with one message that lists every bad variable and no value of any. An empty variable counts as not set. `npm run doctor` checks each, and says what to do.',
    'Of `GOOGLE_SERVICE_ACCOUNT_JSON` and `GOOGLE_APPLICATION_CREDENTIALS` one is required. A budget that does not fit the others is a warning at the start (`config.unusual`).',
    'This page is written by `npm run docs` from `agent/config/schema.ts`.',
    ...tables,
    '',
  ].join('\n\n');
}

/** `.env.example`: the required settings to be filled in, the others commented out. */
function environmentExample(): string {
  const optional = 'GOOGLE_APPLICATION_CREDENTIALS';
  const sections = groups.map(([title, members], nth) =>
    [
      `# --- ${title} ${'-'.repeat(Math.max(3, 90 - title.length))}`,
      '',
      ...members.flatMap(({ name, standard, meaning }) => [
        `# ${meaning.replaceAll('`', '')}`,
        `${nth === 0 && name !== optional ? '' : '# '}${name}=${exampleOf(name, standard)}`,
      ]),
    ].join('\n'),
  );
  return [
    '# Copy to .env.local and fill in. npm run doctor says what is wrong with it.\n# A variable that is commented out shows its default.',
    ...sections,
    '',
  ].join('\n\n');
}

/** The two defaults that hang on another setting, for what the others are by default. */
function exampleOf(name: string, standard: string): string {
  if (name === 'TTS_MODEL') return 'aura-2-thalia-en';
  return name === 'DRAIN_GRACE_MS' ? '1800000' : standard;
}

/** The pages that are written from the code, by their path from the root. */
export const generatedPages: Readonly<Record<string, string>> = {
  'docs/configuration.md': configurationPage(),
  '.env.example': `${environmentExample().trimEnd()}\n`,
};

if (import.meta.main) {
  for (const [path, text] of Object.entries(generatedPages)) {
    const file = new URL(`../${path}`, import.meta.url);
    if (path.endsWith('.md')) writeFileSync(file, await formatted(text));
    else writeFileSync(file, text);
  }
}

/** A page as the format check wants it. */
export async function formatted(markdown: string): Promise<string> {
  const { format } = await import('prettier');
  const options = readFileSync(new URL('../.prettierrc.json', import.meta.url), 'utf8');
  return format(markdown, { ...JSON.parse(options), parser: 'markdown' });
}

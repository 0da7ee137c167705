import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { z } from 'zod';
import { findEquipment } from '../../tools/find-equipment.ts';
import { createSheetsClient } from '../../tools/sheet/client/sheets-client.ts';
import { loadInventory } from '../../tools/sheet/read/inventory.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { dayNumber } from '../../tools/yard/rental-dates.ts';
import { UsageError } from '../harness/command-line.ts';
import { startSheetsEmulator } from '../harness/emulators/sheets.ts';
import { readFolder } from './tabs.ts';

/** What callers ask for, and what must, may and must not be named. */
const searchFile = z.object({
  about: z.string().optional(),
  sheet: z.string().optional(),
  today: z.string().optional(),
  cases: z.array(
    z.object({
      asks: z.string(),
      /** The first machine named is one of these. */
      first: z.array(z.string()).optional(),
      /** Not introduced as near only. */
      exact: z.boolean().optional(),
      not: z.array(z.string()).optional(),
      /** Nothing is named. */
      none: z.boolean().optional(),
    }),
  ),
});

type SearchCase = z.infer<typeof searchFile>['cases'][number];

/** The day of the cases that name none. */
const defaultToday = '2026-12-02';

/**
 * Asks `find_equipment` for each case of the file, on the sheet of the CSV files beside it or in
 * `--sheet`. @throws when the file is none, or has no sheet.
 */
export async function run(
  path: string,
  options: Readonly<Record<string, string | boolean | undefined>>,
): Promise<boolean> {
  const results = await searchCases(path, options);
  for (const { asks, named, exact, says, ok } of results) {
    const line = { asks, named, exact, says, ok };
    console.log(
      options['json']
        ? JSON.stringify(line)
        : `${ok ? 'ok   ' : 'WRONG'} ${asks} -> ${named.join(' ') || 'none'}: ${says}`,
    );
  }
  return results.every(({ ok }) => ok);
}

/** The cases of a file with what was answered to each. */
export async function searchCases(
  path: string,
  { sheet, today, locale = 'en_US' }: Readonly<Record<string, string | boolean | undefined>>,
) {
  const file = searchFile.parse(JSON.parse(await readFile(path, 'utf8')));
  const day = today ?? file.today ?? defaultToday;
  if (typeof day !== 'string' || dayNumber(day) === null) {
    throw new UsageError('--today must be a day such as 2026-11-30');
  }
  const clock = { nowMs: () => Date.parse(`${day}T18:00:00Z`) };
  const mentioned = /(\w+)--\w+\.csv/.exec(file.about ?? '')?.[1];
  const likely = [file.sheet, basename(path, '.json'), mentioned, 'search'];
  const inventory = await readSheet(String(sheet ?? dirname(path)), {
    likely: likely.filter((name) => name !== undefined),
    locale: String(locale),
    clock,
  });
  const deps = { inventory: () => inventory, clock, inventoryMaxAgeMs: Infinity };
  return file.cases.map((wanted) => {
    const { say: says, units } = findEquipment(deps, { query: wanted.asks });
    const named = units.map(({ itemId }) => itemId);
    const exact = named.length > 0 && !says.startsWith("I don't see exactly that");
    return { ...wanted, named, exact, says, ok: isRight(wanted, named, exact) };
  });
}

function isRight(wanted: SearchCase, named: readonly string[], isExact: boolean): boolean {
  const [first] = named;
  if (wanted.none === true) return first === undefined;
  return (
    first !== undefined &&
    (wanted.first?.includes(first) ?? true) &&
    (wanted.exact !== true || isExact) &&
    !named.some((id) => wanted.not?.includes(id))
  );
}

async function readSheet(
  folder: string,
  {
    likely,
    locale,
    clock,
  }: {
    readonly likely: readonly string[];
    readonly locale: string;
    readonly clock: { nowMs(): number };
  },
): Promise<Inventory> {
  const tabs = await readFolder(folder, likely);
  const sheets = await startSheetsEmulator({ spreadsheetId: 'cases', tabs });
  try {
    sheets.setLocale(locale);
    const { baseUrl } = sheets;
    const client = createSheetsClient({ spreadsheetId: 'cases', auth: { kind: 'none' }, baseUrl });
    const { signal } = new AbortController();
    return (await loadInventory({ client, clock, signal, timeoutMs: 30_000 })).inventory;
  } finally {
    await sheets.close();
  }
}

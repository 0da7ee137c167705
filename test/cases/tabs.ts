import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CellValue } from '../harness/emulators/sheets-cell.ts';
import { UsageError } from '../harness/command-line.ts';
import { parseCsv } from './csv.ts';

/** The tabs of a sheet by their titles, as the emulator takes them. */
type Tabs = Record<string, CellValue[][]>;

/** CSV files `PREFIX--Tab.csv` as the tabs of a sheet; `target` is `FOLDER/PREFIX`. */
export async function readTabs(target: string): Promise<Tabs> {
  const files = await tabFiles(dirname(target), basename(target));
  if (files.length === 0) throw new UsageError(`There is no file ${target}--Tab.csv`);
  return tabsOf(dirname(target), files);
}

/**
 * The tabs of a folder of CSV files: `FOLDER/PREFIX--Tab.csv` or `FOLDER/Tab.csv`. `target` is the
 * folder, or the folder with the prefix; of several prefixes the first that is among `likely`.
 */
export async function readFolder(target: string, likely: readonly string[]): Promise<Tabs> {
  const names = await readdir(target).catch(() => null);
  if (names === null) return readTabs(target);
  const prefixes = [...new Set(names.flatMap((name) => /^(.+)--.+\.csv$/i.exec(name)?.[1] ?? []))];
  const prefix =
    likely.find((name) => prefixes.includes(name)) ??
    (names.some((name) => /^equipment\.csv$/i.test(name)) ? null : prefixes[0]);
  if (prefix === undefined) throw new UsageError(`There is no file Equipment.csv in ${target}`);
  return tabsOf(target, await tabFiles(target, prefix));
}

async function tabFiles(folder: string, prefix: string | null): Promise<[string, string][]> {
  const names = await readdir(folder).catch(() => []);
  const start = prefix === null ? '' : `${prefix}--`;
  return names
    .filter((name) => name.startsWith(start) && /\.csv$/i.test(name))
    .map((name) => [name, name.slice(start.length, -4)]);
}

async function tabsOf(folder: string, files: readonly [string, string][]): Promise<Tabs> {
  const tabs = await Promise.all(
    files.map(async ([name, title]) => {
      const rows = parseCsv(await readFile(join(folder, name), 'utf8'));
      return [title, rows.map((row) => row.map(cellOf))] as const;
    }),
  );
  return Object.fromEntries(tabs);
}

/** Checkboxes and plain numbers are such; all else stays as it was typed. */
function cellOf(text: string): CellValue {
  if (/^(?:TRUE|FALSE)$/.test(text)) return text === 'TRUE';
  return /^(?:0|[1-9]\d{0,9})(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

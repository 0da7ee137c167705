import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  createSheetsClient,
  type SheetsClient,
} from '../../../tools/sheet/client/sheets-client.ts';
import { SheetsError } from '../../../tools/sheet/client/sheets-error.ts';
import { isBlank, lackingColumns, type SheetRows } from '../../../tools/sheet/read/sheet-table.ts';
import { readSheetTabs, type TabName } from '../../../tools/sheet/read/sheet-tabs.ts';
import { defaultTimeZone } from '../../../tools/yard/equipment.ts';
import type { Config } from '../../config/config.ts';
import { adviceOn, reasons } from '../doctor/yard-checks.ts';
import { notesRows, notesTitle, tabColumns, templateRows } from './sheet-template.ts';

const usage = `Usage: npm run setup-sheet -- [options]

Makes the tabs of the yard's sheet (GOOGLE_SHEET_ID, shared with the service account as Editor), or
adds the tabs and columns that it lacks. Nothing that is there is changed, and run again it does
nothing. A new tab of equipment gets three example machines, and a page of notes beside it.

  --csv FOLDER   writes the tabs as CSV files instead, and needs no settings
  --dry-run      says what would be done, and does nothing
  --json         one JSON object a line
  --help         this text

Exit code: 0 done, or nothing to do; 1 not done; 2 the options are wrong.
`;

const requestMs = 10_000;
const tabNames: readonly TabName[] = ['Equipment', 'Bookings', 'Yard', 'Messages'];

/** One tab's deed, and the words for it. */
type Step = {
  readonly tab: string;
  readonly action: 'made' | 'columns added' | 'unchanged';
  readonly columns?: readonly string[];
  readonly run: (client: SheetsClient) => Promise<unknown>;
};

/**
 * Makes or repairs the tabs of the yard's sheet, and writes what it did; with `--csv` the tabs as
 * files. Resolves with the exit code: 0 done or nothing to do, 1 not done, 2 wrong options.
 * @throws {ConfigError} of `sheet`.
 */
export async function runSetupSheet(options: {
  readonly sheet: () => Config['sheet'];
  readonly args: readonly string[];
  readonly write: (text: string) => void;
}): Promise<number> {
  const { args, write } = options;
  const wanted = readOptions(args);
  if (typeof wanted === 'string' || wanted.help) {
    write(typeof wanted === 'string' ? `${wanted}\n` : usage);
    return typeof wanted === 'string' ? 2 : 0;
  }
  const report: Report = (line, text) => write(`${wanted.json ? JSON.stringify(line) : text}\n`);
  if (wanted.csv !== undefined) return writeFiles(wanted.csv, wanted['dry-run'], report);
  const sheet = options.sheet();
  try {
    const client = createSheetsClient({
      spreadsheetId: sheet.id,
      auth: sheet.auth,
      ...(sheet.baseUrl ? { baseUrl: sheet.baseUrl } : {}),
    });
    await setUp(client, wanted['dry-run'], report);
    return 0;
  } catch (error) {
    if (!(error instanceof SheetsError)) throw error;
    const message = `${reasons[error.code]}. ${adviceOn(error.code, sheet.auth)}.`;
    report({ ok: false, code: error.code, message }, message);
    return 1;
  }
}

type Report = (line: Readonly<Record<string, unknown>>, text: string) => void;

async function setUp(client: SheetsClient, dryRun: boolean, report: Report): Promise<void> {
  const steps = await plan(client);
  for (const { tab, action, columns, run } of steps) {
    if (!dryRun) await run(client);
    const done = dryRun && action !== 'unchanged' ? `would be ${action}` : action;
    const named = columns ? `: ${columns.join(', ')}` : '';
    report({ tab, action: done, ...(columns ? { columns } : {}) }, `tab "${tab}": ${done}${named}`);
  }
  const changed = steps.filter(({ action }) => action !== 'unchanged');
  const hasExamples = changed.some(({ tab, action }) => tab === 'Equipment' && action === 'made');
  const next = hasExamples
    ? 'Replace the three example machines, fill in the tab "Yard", then run: npm run doctor -- --sheet'
    : 'npm run doctor -- --sheet says what a caller would hear of each row.';
  const nothing = 'Nothing was changed.';
  report(
    { ok: true, dryRun, changed: dryRun ? 0 : changed.length, next },
    dryRun ? nothing : changed.length > 0 ? next : `${nothing} ${next}`,
  );
}

/** Everything is looked at before anything is changed. */
async function plan(client: SheetsClient): Promise<readonly Step[]> {
  const signal = new AbortController().signal;
  const request = { signal, timeoutMs: requestMs };
  const titles = await client.listTabs(request);
  const [first = ''] = titles;
  const timeZone = first
    ? (await client.readTabs([first], { ...request, firstRows: 1 })).timeZone
    : defaultTimeZone;
  const { tabs } = await readSheetTabs(client, tabNames, () => request);
  const make = (tab: string, rows: SheetRows): Step => ({
    tab,
    action: 'made',
    run: (by) => by.addTab(tab, { ...request, rows }),
  });
  const steps = tabNames.map((tab): Step => {
    const found = tabs.get(tab);
    if (!found) return make(tab, templateRows(tab, timeZone));
    const { title, sheetId, rows } = found;
    const unchanged: Step = { tab: title, action: 'unchanged', run: () => Promise.resolve() };
    if (tab === 'Yard') return unchanged;
    const { headerRow, lacking } = lackingColumns(tab, rows, tabColumns[tab]);
    if (lacking.length === 0) return unchanged;
    // To the right of everything, notes below the header too.
    const column = Math.max(0, ...rows.map((row) => row.length));
    const place = { sheetId, row: rows.every(isBlank) ? 1 : headerRow, column };
    return {
      tab: title,
      action: 'columns added',
      columns: lacking,
      run: (by) => by.addColumns(place, lacking, request),
    };
  });
  const hasNotes = titles.some((title) => title.toLowerCase() === notesTitle.toLowerCase());
  const isNew = !tabs.has('Equipment') && !hasNotes;
  return isNew ? [...steps, make(notesTitle, notesRows)] : steps;
}

/** A file for each tab; one that is there stays as it is. */
function writeFiles(folder: string, dryRun: boolean, report: Report): number {
  const files = [
    ...tabNames.map((tab) => [tab, templateRows(tab, defaultTimeZone)] as const),
    [notesTitle, notesRows] as const,
  ];
  try {
    if (!dryRun) mkdirSync(folder, { recursive: true });
    for (const [title, rows] of files) {
      const file = join(folder, `${title}.csv`);
      const action = dryRun ? 'would be written' : writeNew(file, csvOf(rows));
      report({ file, action }, `${file}: ${action}`);
    }
    report({ ok: true, dryRun }, 'Import them into a spreadsheet, each as a tab of its name.');
    return 0;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const message = `The folder ${folder} cannot be written (${code}): name one that you may write to.`;
    report({ ok: false, code: 'SETUP_SHEET_FOLDER', message }, message);
    return 1;
  }
}

function writeNew(file: string, text: string): 'written' | 'already there, unchanged' {
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return 'written';
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return 'already there, unchanged';
  }
}

/** RFC 4180. */
function csvOf(rows: SheetRows): string {
  const quoted = (text: string) =>
    /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return rows
    .map((row) => `${row.map((cell) => quoted(String(cell ?? ''))).join(',')}\r\n`)
    .join('');
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        csv: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
      strict: true,
      allowPositionals: false,
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error);
  }
}

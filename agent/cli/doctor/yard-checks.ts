import { randomUUID } from 'node:crypto';
import { loadInventory } from '../../../tools/sheet/read/inventory.ts';
import type { SheetProblem } from '../../../tools/sheet/read/sheet-problems.ts';
import { SheetFormatError } from '../../../tools/sheet/read/sheet-table.ts';
import { toDoAbout } from '../../../tools/sheet/client/sheet-advice.ts';
import { createSheetsClient } from '../../../tools/sheet/client/sheets-client.ts';
import {
  readServiceAccount,
  type SheetsAuth,
} from '../../../tools/sheet/client/sheets-credentials.ts';
import { SheetsError, type SheetsErrorCode } from '../../../tools/sheet/client/sheets-error.ts';
import type { Config } from '../../config/config.ts';
import { openStore } from '../../infra/store/database.ts';
import { readSnapshot, saveSnapshot } from '../../infra/store/snapshots.ts';
import { StoreError } from '../../infra/store/store-error.ts';
import { fail, ok, warn, type Finding } from '../../config/finding.ts';

/** More would bury the other checks. */
const maxProblemsShown = 10;

/** The sheet: readable, with the columns it needs, and the cells that cannot be used. */
export async function checkSheet(
  { sheet }: Config,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Finding> {
  const { signal, timeoutMs } = options;
  try {
    const client = createSheetsClient({
      spreadsheetId: sheet.id,
      auth: sheet.auth,
      ...(sheet.baseUrl ? { baseUrl: sheet.baseUrl } : {}),
    });
    const clock = { nowMs: () => Date.now() };
    const { inventory, problems } = await loadInventory({ client, clock, signal, timeoutMs });
    const read = `${inventory.units.length} usable units were read`;
    if (problems.length > 0) {
      const seen = problems.filter(({ isNotice }) => !isNotice);
      if (seen.length > 0) return warn(`${read}; ${describe(seen)}`, remediesOf(seen));
    }
    if (inventory.units.length === 0) {
      return warn('the tab "Equipment" has no units', 'Add a row for each unit that is rented out');
    }
    return ok(`${read}; writing is not tried: it needs the role Editor`);
  } catch (error) {
    if (error instanceof SheetFormatError) {
      return fail(error.message, capitalised(toDoAbout(error) ?? 'look at the tab'));
    }
    if (!(error instanceof SheetsError)) throw error;
    const status = error.status === null ? '' : ` (${error.status})`;
    return fail(`${reasons[error.code]}${status}`, adviceOn(error.code, sheet.auth));
  }
}

export const reasons: Record<SheetsErrorCode, string> = {
  SHEETS_BAD_CREDENTIALS: 'Google refuses the service account',
  SHEETS_FORBIDDEN: 'the service account may not read the sheet',
  SHEETS_NOT_FOUND: 'there is no spreadsheet with that id',
  SHEETS_BAD_RANGE: 'Google refuses the request',
  SHEETS_PROTECTED: 'a tab is protected against the service account',
  SHEETS_RATE_LIMITED: 'the quota of reads is used up',
  SHEETS_UNAVAILABLE: 'Google Sheets cannot be reached, or is away',
  SHEETS_TIMEOUT: 'Google Sheets did not answer in time',
  SHEETS_UNREADABLE: 'Google Sheets answered with something unreadable',
};

export function adviceOn(code: SheetsErrorCode, auth: SheetsAuth): string {
  const account = auth.kind === 'none' ? 'it' : readServiceAccount(auth).client_email;
  const advice: Partial<Record<SheetsErrorCode, string>> = {
    SHEETS_BAD_CREDENTIALS:
      'Make a new key for the service account and set GOOGLE_SERVICE_ACCOUNT_JSON to it',
    SHEETS_FORBIDDEN: `Share the spreadsheet with ${account} as Editor, and enable the Google Sheets API in its project`,
    SHEETS_NOT_FOUND:
      'Set GOOGLE_SHEET_ID to the part of the address between /d/ and /edit, and share it',
    SHEETS_PROTECTED: `Allow ${account} to edit the tab: Data, Protect sheets and ranges`,
    SHEETS_RATE_LIMITED:
      'Wait a minute, then run doctor again; nothing else may read with this account',
  };
  return advice[code] ?? 'Check the network (and SHEETS_BASE_URL, if set), then run doctor again';
}

/** The owner's next steps, each once. */
function remediesOf(problems: readonly SheetProblem[]): string {
  const remedies = [...new Set(problems.slice(0, maxProblemsShown).map(({ remedy }) => remedy))];
  return `${capitalised(remedies.join('; '))}. npm run doctor -- --sheet says it row by row`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function describe(problems: readonly SheetProblem[]): string {
  const shown = problems.slice(0, maxProblemsShown).map(({ tab, row, column, what }) => {
    const place = row === 0 ? tab : `${tab} row ${row}`;
    return `${place}, ${column}: ${what}`;
  });
  const more = problems.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** The store: opened, brought up to date, written, read, and left as it was. */
export async function checkStore({ store: place }: Config): Promise<Finding> {
  try {
    await using store = await openStore(place);
    const probeName = `doctor ${randomUUID()}`;
    const savedAtMs = Date.now();
    await saveSnapshot(store, { name: probeName, json: { savedAtMs }, savedAtMs });
    const saved = await readSnapshot(store, probeName);
    await store.db.deleteFrom('snapshots').where('name', '=', probeName).execute();
    const what = place.databaseUrl ? 'Postgres' : 'the SQLite file in DATA_DIR';
    if (saved?.savedAtMs === savedAtMs) return ok(`${what} can be written and read`);
    return fail(`${what} does not give back what was written`, 'Use another store');
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const setting = place.databaseUrl ? 'DATABASE_URL' : 'DATA_DIR';
    const what = place.databaseUrl ? 'Postgres' : 'the SQLite file';
    return fail(
      `${what} cannot be used (${error.code})`,
      place.databaseUrl
        ? `Check ${setting}: the address, the user, and that the user may create tables`
        : `Check ${setting}: a folder that this user may write, with space left`,
    );
  }
}

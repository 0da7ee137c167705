import { SheetFormatError } from '../read/sheet-table.ts';
import { SheetsError, type SheetsErrorCode } from './sheets-error.ts';

const toDo: Partial<Record<SheetsErrorCode | SheetFormatError['code'], string>> = {
  SHEETS_BAD_CREDENTIALS: 'make a new key for the service account and run the doctor',
  SHEETS_FORBIDDEN: 'share the spreadsheet with the service account as Editor, run the doctor',
  SHEETS_NOT_FOUND: 'check GOOGLE_SHEET_ID, and that the spreadsheet was not deleted',
  SHEETS_PROTECTED: 'allow the service account to edit the tab: Data, Protect sheets and ranges',
  SHEETS_RATE_LIMITED: 'nothing, unless it lasts: something else uses this account',
  SHEET_TAB_MISSING: 'bring the tab back, or give it its name back',
  SHEET_COLUMN_MISSING: 'give the columns that are named the names that are missing, or add them',
  SHEET_COLUMN_TWICE: 'rename or remove one of the two columns',
  SHEET_ROWS_UNUSABLE: "undo the last change to the tab, with the sheet's version history",
  SHEET_TIME_ZONE_UNKNOWN: "give the yard's time zone by its IANA name, such as America/Chicago",
};

/** A person's next step after a failure of the sheet; null when it passes by itself. */
export function toDoAbout(error: unknown): string | null {
  const isKnown = error instanceof SheetsError || error instanceof SheetFormatError;
  return isKnown ? (toDo[error.code] ?? null) : null;
}

/** True for a failure that lasts until a person does something about it. */
export function needsPerson(error: unknown): boolean {
  return error instanceof SheetFormatError || (error instanceof SheetsError && !error.retryable);
}

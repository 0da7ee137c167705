import { nameKey, SheetFormatError } from './sheet-table.ts';

/** Says which tabs there are: a renamed one is among them. */
export function missingTab(tab: string, titles: readonly string[]): SheetFormatError {
  const found = titles.map((title) => `"${title}"`).join(', ');
  const message = `The sheet has no tab "${tab}"; it has ${found}`;
  return new SheetFormatError('SHEET_TAB_MISSING', tab, message);
}

/**
 * A yard may never have had the tabs `Bookings` and `Yard`, but one that had them lost them by
 * mistake: without them every unit would be free, and the yard be a nameless one. `titles` are all
 * tabs there are; null when none of ours is missing.
 */
export function lostTab(
  tab: string,
  titles: readonly string[] | null,
  what: string,
): SheetFormatError {
  if (titles && !titles.some((title) => nameKey(title) === nameKey(tab))) {
    return missingTab(tab, titles);
  }
  return new SheetFormatError('SHEET_ROWS_UNUSABLE', tab, `Tab "${tab}" ${what}`);
}

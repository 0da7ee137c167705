import { isDeepStrictEqual } from 'node:util';
import { defaultTimeZone, type Inventory } from '../../yard/equipment.ts';
import { nameKey, SheetFormatError } from './sheet-table.ts';
import { parseYard, type ParsedYard } from './yard-sheet.ts';

/** What a reading found of the tabs that a yard may do without. */
type OptionalTabs = {
  /** Whether there is a `Bookings` tab with a header. */
  readonly hasBookingsTab: boolean;
  readonly yard: ParsedYard;
  /** All tabs there are; null when none of ours is missing. */
  readonly titles: readonly string[] | null;
};

/**
 * A yard may never have had the tabs `Bookings` and `Yard`, but one that had them lost them by
 * mistake: without them every unit would be free, and the yard be a nameless one in Chicago.
 * `lastGood` is asked only when something is missing.
 * @throws {SheetFormatError} when the last good list had it, and what `lastGood` throws.
 */
export async function refuseLost(
  found: OptionalTabs,
  lastGood: () => Promise<Inventory | null> = async () => null,
): Promise<void> {
  const { hasBookingsTab, yard, titles } = found;
  if (hasBookingsTab && yard.hasTimeZone) return;
  const last = await lastGood();
  if (last === null) return;
  if (!hasBookingsTab && last.hasBookingsTab) {
    throw lostTab('Bookings', titles, 'is empty, without even its first row');
  }
  if (yard.isSilent && !isDeepStrictEqual(last.yard, parseYard([]).value)) {
    throw lostTab('Yard', titles, 'holds none of what it said before');
  }
  const { timeZone } = last.yard;
  if (!yard.hasTimeZone && timeZone !== defaultTimeZone) {
    const message = `Tab "Yard" has no IANA time zone; it was ${timeZone}`;
    throw new SheetFormatError('SHEET_TIME_ZONE_UNKNOWN', 'Yard', message);
  }
}

/** Says which tabs there are: a renamed one is among them. */
export function missingTab(tab: string, titles: readonly string[]): SheetFormatError {
  const found = titles.map((title) => `"${title}"`).join(', ');
  const message = `The sheet has no tab "${tab}"; it has ${found}`;
  return new SheetFormatError('SHEET_TAB_MISSING', tab, message);
}

function lostTab(tab: string, titles: readonly string[] | null, what: string): SheetFormatError {
  if (titles && !titles.some((title) => nameKey(title) === nameKey(tab))) {
    return missingTab(tab, titles);
  }
  return new SheetFormatError('SHEET_ROWS_UNUSABLE', tab, `Tab "${tab}" ${what}`);
}

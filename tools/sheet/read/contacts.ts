import { readDutyHours, type Contact } from '../../yard/on-duty.ts';
import type { Told } from './row-report.ts';
import { readText } from './sheet-cells.ts';
import type { Cell } from './sheet-table.ts';

/** A row of the `Yard` tab: its number, and the cells beside its key. */
type YardEntry = { readonly row: number; readonly cells: readonly Cell[] };

/** A name before a number: `Dispatch: +1 312 555 0100`. */
const named = /^\s*[^:+\d]{1,40}:\s*(?=[+(\d])/;

/**
 * Reads who takes calls, in order: `Dispatch: +1 312 555 0100, Mon-Fri 7-17; Owner: +1 312 555 0101`,
 * in one cell or several. A number without hours is there at all hours.
 */
export function readContacts(
  entry: YardEntry | undefined,
  key: string,
  report: (row: number, column: string, told: Told) => void,
): readonly Contact[] {
  const found: { readonly number: string; readonly hours: string[] }[] = [];
  let hasUnread = false;
  for (const cell of entry?.cells ?? []) {
    for (const typed of (readText(cell) ?? '').split(/[,;\n]/)) {
      const number = toE164(typed.replace(named, ''));
      const last = found.at(-1);
      if (number !== null) found.push({ number, hours: [] });
      else if (typed.trim() === '') continue;
      else if (last && readDutyHours(typed)) last.hours.push(typed);
      else hasUnread = true;
    }
  }
  if (hasUnread && entry) {
    report(entry.row, key, {
      what: 'not a telephone number',
      why: 'it is left out',
      remedy:
        'write a number with its country code, and its hours after it, as in +1 312 555 0100, Mon-Fri 7-17',
    });
  }
  const seen = new Set<string>();
  return found.flatMap(({ number, hours: typed }): readonly Contact[] => {
    if (seen.has(number)) return [];
    seen.add(number);
    const hours = readDutyHours(typed.join(', '));
    return [hours ? { number, hours } : number];
  });
}

/** A telephone number as E.164; US numbers may lack their `+1`. Null when it is none. */
export function toE164(text: string): string | null {
  const bare = text.replaceAll(/[\s().-]/g, '');
  if (/^\+[1-9]\d{7,14}$/.test(bare)) return bare;
  if (/^1[2-9]\d{9}$/.test(bare)) return `+${bare}`;
  return /^[2-9]\d{9}$/.test(bare) ? `+1${bare}` : null;
}

import type { Yard } from '../../yard/equipment.ts';
import { isSpeakable, sheetText } from '../../yard/sheet-text.ts';
import type { Told } from './row-report.ts';
import { isErrorValue, readText } from './sheet-cells.ts';
import type { Cell } from './sheet-table.ts';

/** Voices say 12 to 16 signs a second: three seconds of the six that all notices may take. */
const mostSigns = 42;

/** The row of the tab that a notice is read from. */
type NoticeField = 'aiNotice';

/** The notices of the greeting, where the tab has its own words for them, or wants none. */
export function readNotices(
  cellOf: (field: NoticeField) => Cell,
  { report }: { readonly report: (field: NoticeField, told: Told) => void },
): Pick<Yard, 'notices'> {
  const ai = readNotice('aiNotice');
  return ai === undefined ? {} : { notices: { ai } };

  function readNotice(field: NoticeField): string | undefined {
    const cell = cellOf(field);
    const text = sheetText(isErrorValue(cell) ? '' : (readText(cell) ?? ''), 300);
    if (text === '' || /^(?:yes|y|true|on|default)$/i.test(text)) return undefined;
    if (/^(?:no|n|false|off|none)$/i.test(text)) return '';
    if (text.length <= mostSigns && isSpeakable(text))
      return /[.!?]$/.test(text) ? text : `${text}.`;
    report(field, {
      what: text.length > mostSigns ? 'too long for a notice' : 'not a notice',
      why: 'callers hear the usual words',
      remedy: `write one sentence of ${mostSigns} signs at most, or yes, or no`,
    });
    return undefined;
  }
}

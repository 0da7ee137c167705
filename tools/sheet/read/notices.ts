import type { Yard } from '../../yard/equipment.ts';
import { isSpeakable, sheetText } from '../../yard/sheet-text.ts';
import type { Told } from './row-report.ts';
import { isErrorValue, readText } from './sheet-cells.ts';
import type { Cell } from './sheet-table.ts';

/** Voices say 12 to 16 signs a second: all notices together take six seconds at most. */
const mostSigns = 70;
const mostOfOne = 42;
/** The longest of the usual words is that of the AI notice. */
const usualSigns = 32;

/** Rows of the tab that notices are read from. */
type NoticeField = 'aiNotice' | 'recordingNotice';

/** The notices of the greeting, where the tab has its own words for them, or wants none. */
export function readNotices(
  cellOf: (field: NoticeField) => Cell,
  { report }: { readonly report: (field: NoticeField, told: Told) => void },
): Pick<Yard, 'notices'> {
  const ai = readNotice('aiNotice', mostOfOne);
  const left = mostSigns - 1 - (ai ?? 'x'.repeat(usualSigns)).length;
  const recording = readNotice('recordingNotice', Math.min(mostOfOne, left));
  const notices = {
    ...(ai === undefined ? {} : { ai }),
    ...(recording === undefined ? {} : { recording }),
  };
  return Object.keys(notices).length > 0 ? { notices } : {};

  function readNotice(field: NoticeField, most: number): string | undefined {
    const cell = cellOf(field);
    const text = sheetText(isErrorValue(cell) ? '' : (readText(cell) ?? ''), 300);
    if (text === '' || /^(?:yes|y|true|on|default)$/i.test(text)) return undefined;
    const isNone = /^(?:no|n|false|off|none)$/i.test(text);
    if (isNone && field === 'aiNotice') return '';
    const sentence = /[.!?]$/.test(text) ? text : `${text}.`;
    if (!isNone && sentence.length <= most && isSpeakable(text)) return sentence;
    report(field, {
      what: isNone
        ? 'cannot be left out'
        : sentence.length > most
          ? 'too long for a notice'
          : 'not a notice',
      why: 'callers hear the usual words',
      remedy: isNone
        ? 'leave RECORD_CALLS off: then nothing is recorded, and nothing said of it'
        : `write one sentence of ${most} signs at most${field === 'aiNotice' ? ', or yes, or no' : ''}`,
    });
    return undefined;
  }
}

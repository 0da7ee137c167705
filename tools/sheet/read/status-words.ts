import type { SheetBooking, UnitStatus } from '../../yard/equipment.ts';
import { readText } from './sheet-cells.ts';
import type { Cell } from './sheet-table.ts';

/** Staff's words for each `Status` of a machine, whole or before a dash, a colon or a bracket. */
const unitWords: readonly (readonly [UnitStatus, RegExp])[] = [
  [
    'MAINTENANCE',
    /^(?:(?:in|at|to|needs?|under|for) )?(?:the )?(?:shop|work ?shop|repairs?|maintenance|maint|mechanic|inspection)$|^(?:out of (?:service|order|commission)|oos|ooo|down|broken|damaged|servicing|vor|off road|unserviceable|red ?tag(?:ged)?)$/,
  ],
  [
    'AVAILABLE',
    /^(?:available|avail|avl|in|in (?:the )?yard|in stock|on (?:the )?(?:lot|yard)|yard|yes|y|true|ready|ready to (?:rent|go|hire)|rent ready|free|rentable|ok|okay|✅|✔|✓|☑|🟢)$/u,
  ],
  [
    'RENTED',
    /^(?:rented|rented out|rent|rental|on rent|on[- ]?hire|hired|hired out|out|out on (?:rent|hire)|checked out|leased|off site|on (?:site|job)|with customer|in use|🔴)$/u,
  ],
  [
    'RESERVED',
    /^(?:reserved|reserve|res|resv|rsvd|on hold|hold|held|booked|spoken for|committed)$/,
  ],
  [
    'SOLD',
    /^(?:sold|retired|scrapped|scrap|disposed|written off|stolen|auctioned|traded(?: in)?|totall?ed)$/,
  ],
];

/** Words of doubt: after "available" they take it back. */
const doubts =
  /\d|\b(?:not?|until|till?|after|from|soon|repairs?|broken?|shop|sold|rent(?:ed)?|hired|out|reserved?|held|hold|booked|maybe|leak\w*|dead|flat|damaged?|missing|fault\w*|down)\b|\?/;

/**
 * Reads a machine's `Status`; what stands behind the word is staff's note. `UNCLEAR` for words that
 * nobody can place, and for those that say no more than that it cannot go out; `isKnown` tells them
 * apart. An empty cell is unclear.
 */
export function readUnitStatus(cell: Cell): {
  readonly status: UnitStatus;
  readonly isKnown: boolean;
  /** The word stands alone. */
  readonly isBare: boolean;
} {
  const text = plain(cell);
  if (/^(?:no|n|false|unavailable|not available|✗|✘|❌|☐|⛔|🚫)$/u.test(text)) {
    return { status: 'UNCLEAR', isKnown: true, isBare: true };
  }
  const [head, note] = parted(text);
  for (const [status, words] of unitWords) {
    if (words.test(text)) return { status, isKnown: true, isBare: true };
  }
  for (const [status, words] of unitWords) {
    if (!words.test(head)) continue;
    if (status !== 'AVAILABLE') return { status, isKnown: true, isBare: false };
    if (!doubts.test(note)) return { status, isKnown: true, isBare: false };
    break;
  }
  // "Rented to Jones until Friday", "Out 12/4": only what cannot go out may go on without a mark.
  const [, begins = ''] =
    /^(reserved|sold|on rent|rented|on hire|hired|out)(?: (?!of\b).*)$/.exec(text) ?? [];
  const known = unitWords.find(([, words]) => words.test(begins));
  return known
    ? { status: known[0], isKnown: true, isBare: false }
    : { status: 'UNCLEAR', isKnown: false, isBare: true };
}

const cancelled =
  /\b(?:cancell?ed|cancell?ation|cancel(?=$| by| per| -)|cancld|cncld|canx|cxl'?e?d?|voided|void|no[- ]?show|deleted|declined|withdrawn|called off)\b|^(?:❌|🚫)$/u;
const returned =
  /\breturned\b|^(?:rtnd|retd|back in (?:the )?yard|checked in|completed?|closed(?: out)?|finished|ended|off[- ]?rent(?:ed)?|off[- ]?hired?|done)\b/;
/** Words of doubt: with one of these nobody can say that the booking is over. */
const unsure =
  /\?|\b(?:not|never|n't|no longer|if|unless|maybe|may|might|could|possibly|pending|requests?|requested|wants?|to be|will|should|due|expected|un|partial(?:ly)?|part|half|some|one of|re-?booked|re-?instated|was|now|again)\b|n't\b|\bun(?=cancel)/;
const live =
  /^(?:|confirmed|conf|booked|book|reserved|reservation|res|hold|on hold|held|on rent|on[- ]?hire|rented|out|active|open|pending|tentative|scheduled|yes|y|ok|okay|true|paid|deposit paid|delivered|picked up|checked out|quote|quoted|new|✅|✔|✓|☑)$/u;

/**
 * Reads a booking's `Status`: only what says plainly that it was cancelled, or came back, holds
 * nothing; unknown words hold.
 */
export function readBookingStatus(cell: Cell): {
  readonly status: SheetBooking['status'];
  readonly isReturned: boolean;
  readonly isKnown: boolean;
} {
  const text = plain(cell);
  // The customer is done with it, and nobody has fetched it yet.
  if (/^off[- ]?rent called\b/.test(text)) {
    return { status: 'CONFIRMED', isReturned: false, isKnown: true };
  }
  if (!unsure.test(text)) {
    if (cancelled.test(text)) return { status: 'CANCELLED', isReturned: false, isKnown: true };
    if (returned.test(text)) return { status: 'CANCELLED', isReturned: true, isKnown: true };
  }
  const [head] = parted(text);
  const isKnown = live.test(text) || (head !== '' && live.test(head));
  return { status: 'CONFIRMED', isReturned: false, isKnown };
}

function plain(cell: Cell): string {
  return (readText(cell) ?? '')
    .normalize('NFKC')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('\ufe0f', '')
    .toLowerCase()
    .replace(/[.!]+$/, '');
}

function parted(text: string): readonly [string, string] {
  const at = text.search(/\s*(?: [-\u2013\u2014]|[\u2013\u2014:,;(/])/);
  return at === -1 ? [text, ''] : [text.slice(0, at).trim(), text.slice(at)];
}

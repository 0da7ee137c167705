import type { IsoDate } from './equipment.ts';
import { spokenCode } from './phone.ts';
import { daysIn, type RentalRange } from './rental-dates.ts';
import {
  capitalised,
  spokenCount,
  spokenDate,
  spokenMachines,
  spokenMoney,
  spokenRange,
  spokenTime,
  type Speaking,
} from './spoken.ts';

/** A term as it would be: its machines, its days, its price, and what was agreed before. */
export type Term = {
  readonly names: readonly string[];
  readonly range: RentalRange;
  readonly totalCents: number;
  readonly agreedCents: number;
};

/** A time of day behind its day; empty when there is none. */
function spokenAt(minutes: number | undefined): string {
  return minutes === undefined ? '' : `, ${spokenTime(minutes)}`;
}

/** `6 days in all, for $1,250, nothing more`; the term's price less what was agreed. */
function priceOfTerm(term: Term, currency: string): string {
  const days = spokenCount(daysIn(term.range), 'day');
  return `${days} in all, for ${spokenMoney(term.totalCents, currency)}, ${difference(term, currency)}`;
}

function difference({ totalCents, agreedCents }: Term, currency: string): string {
  const more = totalCents - agreedCents;
  return more > 0 ? `${spokenMoney(more, currency)} more` : 'nothing more';
}

/** The read-back of a longer term. */
export function extensionReadBack(term: Term, { today, currency }: Speaking): string {
  const { end, returnBy } = term.range;
  const through = spokenDate(end, today) + spokenAt(returnBy);
  const it = term.names.length === 1 ? 'it' : 'them';
  return `I'd extend ${spokenMachines(term.names)} through ${through}: ${priceOfTerm(term, currency)}. Shall I extend ${it}?`;
}

/** The read-back of a longer term of a rental that staff wrote: they decide. */
export function askReadBack(term: Term, { today, currency }: Speaking): string {
  const through = spokenDate(term.range.end, today);
  return `I'd ask the yard to leave ${spokenMachines(term.names)} with you through ${through}: ${priceOfTerm(term, currency)}. Shall I ask them?`;
}

/** The read-back of a return before the last day; what becomes of money agreed before is staff's. */
export function earlyReadBack(term: Term, { today, currency }: Speaking): string {
  const { range, totalCents } = term;
  const days = spokenCount(daysIn(range), 'day');
  return (
    `I'd note ${spokenMachines(term.names)} back on ${spokenDate(range.end, today)}: ${days} come to ` +
    `${spokenMoney(totalCents, currency)}, and the yard settles the rest. Shall I change it?`
  );
}

/** Why the machine cannot stay so long, and through which day it can. */
export function heldAfterSentence(
  name: string,
  { through, today }: { readonly through: IsoDate; readonly today: IsoDate },
): string {
  return `The ${name} is free only through ${spokenDate(through, today)}.`;
}

/** The read-back of a like machine for the days on which the caller's own is another's. */
export function swapReadBack(
  term: Term,
  { to, from, today, currency }: Speaking & { readonly to: string; readonly from: IsoDate },
): string {
  const [name = 'machine'] = term.names;
  const other = to === name ? `another ${to}` : `the ${to}`;
  const rest = spokenRange({ start: from, end: term.range.end }, today);
  return `I could swap it for ${other} ${rest}, for ${difference(term, currency)}. Shall I change it?`;
}

/** An answer to an extension; `pending` while it is on its way to the sheet. */
export function extendedSentence(
  state: 'confirmed' | 'pending',
  about: {
    readonly names: readonly string[];
    readonly code: string;
    readonly end: IsoDate;
    readonly today: IsoDate;
  },
): string {
  const { names, code, end, today } = about;
  const spoken = spokenCode(code);
  return state === 'confirmed'
    ? `${subject(names)} extended through ${spokenDate(end, today)}. Your code is still ${spoken}. Is there anything else?`
    : `I've noted the extension, and we'll confirm it. Your code is still ${spoken}. ` +
        'Someone calls you if anything stands in the way. Is there anything else?';
}

/** An answer to a request that staff are to confirm. */
export function askedSentence(code: string): string {
  return `I've asked the yard, and they'll confirm. Your request is under ${spokenCode(code)}. Is there anything else?`;
}

/** The read-back before a rental is called off rent. */
export function offRentReadBack(names: readonly string[], address: string): string {
  return `I'd call ${spokenMachines(names)} off rent as of now, to be picked up at ${address}. Shall I call it off rent?`;
}

/** An answer to a call-off, and to the same again. */
export function offRentSentence(
  about: { readonly names: readonly string[]; readonly code: string; readonly at: string },
  isRepeated: boolean,
): string {
  const { names, code, at } = about;
  const number = `off-rent number is ${spokenCode(code)}`;
  return isRepeated
    ? `${subject(names)} called off rent already, ${at}. Your ${number}. Is there anything else?`
    : `${subject(names)} called off rent, ${at}. Your ${number}. Is there anything else?`;
}

/** A rental that the customer is done with, and that the yard has not fetched yet. */
export function calledOffSentence(names: readonly string[], code: string): string {
  return `${subject(names)} called off rent. Your off-rent number is ${spokenCode(code)}.`;
}

/** A moment as the yard's clock has it: `at 2:05 PM on Tuesday, December 1st`. */
export function spokenMoment(
  atMs: number,
  { timeZone, today }: { readonly timeZone: string; readonly today: IsoDate },
): string {
  const time = new Intl.DateTimeFormat('en-US', { timeZone, timeStyle: 'short' }).format(atMs);
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(atMs);
  // The formatter puts a narrow space before PM, which not every voice reads.
  return `at ${time.replaceAll(/\s/g, ' ')} ${day === today ? 'today' : `on ${spokenDate(day, today)}`}`;
}

/** A rental that is out, with when it is due. */
export function dueSentence(
  { names, range, totalCents }: Omit<Term, 'agreedCents'>,
  { today, currency }: Speaking,
): string {
  const days = spokenCount(daysIn(range), 'day');
  const isLate = range.end < today;
  const at = range.returnBy === undefined ? '' : ` at ${spokenTime(range.returnBy)}`;
  const due = (range.end === today ? 'today' : `on ${spokenDate(range.end, today)}`) + at;
  const verb = names.length === 1 ? (isLate ? 'was' : 'is') : isLate ? 'were' : 'are';
  const price = totalCents > 0 ? `, for ${spokenMoney(totalCents, currency)}` : '';
  return `${capitalised(spokenMachines(names))} ${verb} due back ${due}: ${days} in all${price}.`;
}

/** `The Trencher is`. */
function subject(names: readonly string[]): string {
  return `${capitalised(spokenMachines(names))} ${names.length === 1 ? 'is' : 'are'}`;
}

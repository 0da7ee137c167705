import { randomInt } from 'node:crypto';

/**
 * Letters and digits that a telephone does not turn into each other (no B/D/P, no F/S, no J/K, no
 * 5/9) and that nobody misreads (no O/0, no I/1). None is an `E`: a spreadsheet program would read
 * `2E4678` as a number.
 */
const letters = 'FHKLMQRTWXY';
const alphabet = `${letters}2346789`;
const codeLength = 6;

/** A new code, such as `K7M4QX`; it begins with a letter, so that no program takes it for a number. */
export function newBookingCode(): string {
  const rest = Array.from({ length: codeLength - 1 }, () => pick(alphabet));
  return [pick(letters), ...rest].join('');
}

/** A code as it was heard or typed, in the form that is stored: `k7m-4qx` is `K7M4QX`. */
export function readBookingCode(text: string): string {
  const signs = (typed: string) => typed.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  // Staff read the number of a line too.
  const [, code = text] = /^(.*)-\d{1,2}\s*$/.exec(text) ?? [];
  return signs(code).length === codeLength ? signs(code) : signs(text);
}

/** A caller agrees on more machines than these with a person. */
export const maxLines = 20;

/** The ids of a booking's lines, one row of the sheet each: `CODE`, or `CODE-1`, `CODE-2`. */
export function lineIds(code: string, count: number): readonly string[] {
  return count === 1 ? [code] : Array.from({ length: count }, (_, at) => `${code}-${at + 1}`);
}

/** The code of the booking that a line is of. */
export function codeOf(bookingId: string): string {
  return bookingId.split('-')[0] ?? bookingId;
}

function pick(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}

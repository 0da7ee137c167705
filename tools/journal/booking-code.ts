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
  return text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
}

function pick(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}

import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { withoutCardNumbers } from '../../journal/card-numbers.ts';

/** Sheets refuses a cell of more than 50,000 characters, and the whole request with it. */
const maxLength = 2_000;

/** Text without control characters, which no name has and Postgres does not store all of. */
export function plainText(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex -- these are what must go
      .replaceAll(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ')
      .trim()
      .slice(0, maxLength)
  );
}

/** A caller's words as the store may keep them. */
export function keptText(text: string): string {
  return withoutCardNumbers(plainText(text));
}

/**
 * A caller's words as a cell that stays text: values are written RAW, so the sheet itself runs
 * nothing, but a spreadsheet program that opens an export of it would (ASVS 1.2.10). Text that
 * begins like a formula gets the apostrophe that stops it.
 */
export function safeText(text: string): string {
  const plain = plainText(text);
  // The second four are their full-width forms, which some programs read as the plain ones.
  return /^[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(plain) ? `'${plain}` : plain;
}

/**
 * A number as people write it, `(312) 555-0142` or `(+44) 20 7946 0018`: it does not begin with a
 * `+`, and needs no apostrophe, which a value that is written RAW would keep.
 */
export function safePhone(phone: string): string {
  const [number = '', extension] = phone.split(';ext=');
  const [, area, exchange, line] = /^(?:\+?1)?(\d{3})(\d{3})(\d{4})$/.exec(number) ?? [];
  const grouped = parsePhoneNumberFromString(number)?.formatInternational() ?? number;
  const abroad = safeText(grouped.replace(/^\+\s*(\d+)/, '(+$1)'));
  const written = line ? `(${area}) ${exchange}-${line}` : abroad;
  return extension ? `${written} ext. ${extension}` : written;
}

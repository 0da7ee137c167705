import { getCountries, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/min';
import type { Yard } from './equipment.ts';
import { allNumbers } from './on-duty.ts';

/** Digits that a carrier or a phone system sends in place of a number that it keeps back. */
const placeholders: ReadonlySet<string> = new Set(
  // "Anonymous", "unavailable", "restricted", "private", "unknown" and "blocked" on a keypad.
  ['266696687', '86282452253', '7378742833', '7748283', '8656696', '2562533'],
);
/** A North American number after its 1: neither area code nor exchange begins with 0 or 1. */
const northAmerican = /^[2-9]\d{2}[2-9]\d{6}$/;

/**
 * A telephone number that can be dialled, from however it was said, written or sent by a carrier:
 * E.164, with its extension as `;ext=12`. Null for half a number, for words, and for what stands in
 * place of a number. One without its country code is of `region`. Not tied to the ranges that a
 * country hands out: those change faster than this library, and a real caller would be refused.
 */
export function dialableNumber(text: string, region: CountryCode = 'US'): string | null {
  if (sentNumber(text) === null) return null;
  // `(+44) 20 7946 0018`, as the sheet has it.
  const plain = text.trim().replace(/^\(\+(\d+)\)/, '+$1');
  const parsed = parsePhoneNumberFromString(plain, { defaultCountry: region, extract: false });
  if (!parsed?.isPossible()) return null;
  const { nationalNumber, countryCallingCode, number, ext } = parsed;
  if (isOneDigit(nationalNumber)) return null;
  if (countryCallingCode === '1' && !northAmerican.test(nationalNumber)) return null;
  return ext ? `${number};ext=${ext}` : number;
}

/** The caller's number; null for what a carrier sends in place of a withheld one. */
export function sentNumber(sent: string): string | null {
  const digits = sent.replaceAll(/\D/g, '');
  return digits.length < 7 || isOneDigit(digits) || placeholders.has(digits) ? null : sent;
}

function isOneDigit(digits: string): boolean {
  return /^(\d)\1*$/.test(digits);
}

/** The number as the caller is told of it; `isOwn`: they call from it. */
export function toldPhone(phone: string, isOwn: boolean): string {
  return isOwn ? "the number you're calling from" : spokenPhone(phone);
}

/** The likeliest countries of yards that name no number of theirs, the first before the others. */
const likelyRegions: readonly CountryCode[] = ['US', 'CA', 'GB', 'AU'];
/** ECMA-402 of 2024, which the library of TypeScript does not have yet. */
type ZonedLocale = Intl.Locale & { getTimeZones(): readonly string[] | undefined };
const regionByZone = new Map<string, CountryCode>();

/** The country of a yard, by the numbers that it transfers to, else by its time zone. */
export function regionOf(yard: Pick<Yard, 'transferTo' | 'timeZone'> | undefined): CountryCode {
  const [own] = allNumbers(yard?.transferTo).flatMap(
    (number) => parsePhoneNumberFromString(number)?.country ?? [],
  );
  if (own || !yard) return own ?? 'US';
  const known = regionByZone.get(yard.timeZone);
  if (known) return known;
  // Names of before, such as `US/Central`, are told by the zone that they mean.
  const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: yard.timeZone }).resolvedOptions();
  const found = [...likelyRegions, ...getCountries()].find((region) =>
    (new Intl.Locale('und', { region }) as ZonedLocale).getTimeZones()?.includes(timeZone),
  );
  regionByZone.set(yard.timeZone, found ?? 'US');
  return found ?? 'US';
}

/** A number as it is read back, digit by digit in groups: `5 5 5, 0 1 4, 2 2 3 3`. */
export function spokenPhone(number: string): string {
  const [called = '', extension] = number.split(';ext=');
  const digits = called.replace(/^\+1(?=\d{10}$)/, '').replaceAll(/\D/g, '');
  const groups = digits.match(/^(\d{3})(\d{3})(\d{4})$/)?.slice(1) ?? digits.match(/\d{1,3}/g);
  const spoken = (groups ?? []).map(spaced).join(', ');
  return extension ? `${spoken}, extension ${spaced(extension)}` : spoken;
}

/** A code as it is read out, sign by sign in threes: `K 7 M, 2 Q X`. */
export function spokenCode(code: string): string {
  const signs = code.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  return (signs.match(/.{1,3}/g) ?? []).map(spaced).join(', ');
}

function spaced(signs: string): string {
  return signs.split('').join(' ');
}

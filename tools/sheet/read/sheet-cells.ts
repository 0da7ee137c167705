import type { IsoDate } from '../../yard/equipment.ts';
import type { Cell } from './sheet-table.ts';

/** The cell's text without space around it, or null for an empty one. Numbers become text. */
export function readText(cell: Cell): string | null {
  const text = String(cell ?? '').trim();
  return text === '' ? null : text;
}

/**
 * An amount of money in whole cents: a number, or text such as `$1,250.00`.
 * Null for an empty cell, a dash or `n/a`; undefined when it is no amount, or below zero.
 */
export function readCents(cell: Cell): number | null | undefined {
  if (typeof cell === 'number') return toCents(cell);
  const text = readText(cell);
  if (text === null || /^([-–—]|n\/?a|none)$/i.test(text)) return null;
  const bare = text.replace(/^(USD|US\$|\$)\s*/i, '').replace(/\s*(USD|\$)$/i, '');
  // Commas only where they part thousands: "1,25" is somebody's decimal comma, and not 125.
  if (!/^(\d+|\d{1,3}(,\d{3})+)(\.\d{1,2})?$/.test(bare)) return undefined;
  return toCents(Number(bare.replaceAll(',', '')));
}

function toCents(amount: number): number | undefined {
  const cents = Math.round(amount * 100);
  return Number.isSafeInteger(cents) && cents >= 0 ? cents : undefined;
}

/** Day 0 of a spreadsheet's serial dates (ecosystem-facts 2.2). */
const SERIAL_EPOCH_MS = Date.UTC(1899, 11, 30);
const DAY_MS = 86_400_000;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * A day: ISO text, a serial number, US text (`12/3/2026` is the third of December), or text with
 * the month's name. A time after it is ignored.
 * Null for an empty cell, undefined for what is no day of this century.
 */
export function readDate(cell: Cell): IsoDate | null | undefined {
  if (typeof cell === 'number') return fromSerial(cell);
  const text = readText(cell);
  if (text === null) return null;
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?=$|[T ])/.exec(text);
  if (iso) return toIsoDate(iso[1], iso[2], iso[3]);
  const us = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})(?=$|,? )/.exec(text);
  if (us) return toIsoDate(us[3], us[1], us[2]);
  const named = /^(?:[a-z]+, )?([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$/i.exec(
    text,
  );
  if (named) return toIsoDate(named[3], monthNumber(named[1]), named[2]);
  const dayFirst = /^(\d{1,2})[ -]([a-z]{3})[a-z]*\.?[ -](\d{4})$/i.exec(text);
  if (dayFirst) return toIsoDate(dayFirst[3], monthNumber(dayFirst[2]), dayFirst[1]);
  return undefined;
}

function monthNumber(name: string | undefined): string {
  return String(MONTHS.indexOf((name ?? '').toLowerCase()) + 1);
}

function fromSerial(serial: number): IsoDate | undefined {
  if (!Number.isFinite(serial)) return undefined;
  const day = new Date(SERIAL_EPOCH_MS + Math.floor(serial) * DAY_MS);
  const year = day.getUTCFullYear();
  return year >= 2000 && year < 2100 ? day.toISOString().slice(0, 10) : undefined;
}

/** Undefined for a day that no calendar has, such as the thirtieth of February. */
function toIsoDate(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
): IsoDate | undefined {
  const fullYear = year?.length === 2 ? `20${year}` : year;
  const date = `${fullYear}-${month?.padStart(2, '0')}-${day?.padStart(2, '0')}`;
  const atMs = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== date) return undefined;
  return date >= '2000-01-01' && date < '2100-01-01' ? date : undefined;
}

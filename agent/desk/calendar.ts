import { isLive } from '../../tools/journal/booking.ts';
import type { BookingRow } from '../../tools/journal/journal.ts';
import { addDays } from '../../tools/yard/rental-dates.ts';

/** RFC 5545: a line has at most 75 bytes; a longer one goes on behind a blank. */
const mostBytes = 75;

/** Bookings as an iCalendar feed: machine and last four digits, no names. */
export function calendarText(bookings: readonly BookingRow[], yard: string): string {
  const day = (iso: string) => iso.replaceAll('-', '');
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Pickup//Desk//EN',
    `X-WR-CALNAME:${escaped(yard)}`,
    // A conflict holds nothing.
    ...bookings.filter(isLive).flatMap((row) => [
      'BEGIN:VEVENT',
      `UID:${row.bookingId}@pickup`,
      `DTSTAMP:${new Date(row.changedAtMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`,
      `DTSTART;VALUE=DATE:${day(row.startDay)}`,
      // The end is the first day that is free again.
      `DTEND;VALUE=DATE:${day(addDays(row.endDay, 1))}`,
      `SUMMARY:${escaped(`${row.itemId} ${row.itemName} …${row.phone.replace(/\D/g, '').slice(-4)}`)}`,
      `STATUS:${row.state === 'confirmed' ? 'CONFIRMED' : 'TENTATIVE'}`,
      'END:VEVENT',
    ]),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\;,]/g, '\\$&').replaceAll(/\s*[\p{Cc}\u2028\u2029]+\s*/gu, ' ');
}

/** Never within a letter of several bytes. */
function folded(line: string): string {
  const lines: string[] = [''];
  for (const letter of line) {
    const last = lines.at(-1) ?? '';
    const isFull = Buffer.byteLength(last + letter) > mostBytes;
    if (isFull) lines.push(` ${letter}`);
    else lines[lines.length - 1] = last + letter;
  }
  return lines.join('\r\n');
}

import { defaultCurrency, type Yard } from '../yard/equipment.ts';
import { spokenItem } from '../yard/unit-facts.ts';
import type { DueConfirmation } from './confirmations.ts';

/** The words before the machines in a text, by what was done. */
const deeds = {
  booked: 'booked',
  requested: 'we have your request for',
  changed: 'changed, now',
  extended: 'extended, now',
  'off-rent': 'called off rent',
  cancelled: 'cancelled',
  'text-agreed': 'booked',
} as const;

/**
 * The body of a confirmation: all that a text or an e-mail needs, and `text` as a text that is ready
 * to send. Only a customer whose `texts` is true wants one.
 */
export function confirmationBody(confirmation: DueConfirmation, yard: Yard | null) {
  const { kind, facts, createdAtMs } = confirmation;
  const { code, customer, phone, lines, totalCents, delivery, offRentCode, texts } = facts;
  const currency = yard?.currency ?? defaultCurrency;
  return {
    type: `pickup.booking.${kind}`,
    timestamp: new Date(createdAtMs).toISOString(),
    data: {
      code,
      language: 'en',
      yard: {
        name: yard?.name ?? null,
        phone: yard?.phone ?? null,
        address: yard?.address ?? null,
        timeZone: yard?.timeZone ?? null,
      },
      customer: { name: customer, phone, texts },
      lines: lines.map((line) => ({
        ...line,
        pickUpAt: clockTime(line.pickUpAt),
        returnBy: clockTime(line.returnBy),
      })),
      currency,
      totalCents,
      delivery,
      offRentCode,
      text: textOf(confirmation, yard),
    },
  };
}

function textOf({ kind, facts }: DueConfirmation, yard: Yard | null): string {
  const { lines, code, totalCents, delivery, offRentCode } = facts;
  const byTerm = Map.groupBy(lines, termText);
  const machines = [...byTerm]
    .map(([term, of]) => `${of.map(({ item }) => spokenItem(item)).join(', ')}${term}`)
    .join('; ');
  const isOver = kind === 'cancelled' || kind === 'off-rent';
  const money = new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency: yard?.currency ?? defaultCurrency,
  });
  const price =
    totalCents === null || isOver
      ? []
      : [
          `Total ${money.format(totalCents / 100)}${yard?.rules?.taxPercent === null ? ' plus tax' : ''}`,
        ];
  const delivered =
    delivery && !isOver
      ? [
          `Delivery to ${delivery.address}${delivery.window ? `, ${delivery.window}` : ''}` +
            (delivery.feeCents === null ? ', fee to be confirmed' : ''),
        ]
      : [];
  const number = offRentCode === null ? `Code ${code}` : `Off-rent number ${offRentCode}`;
  const call = yard?.phone ? [`Questions? ${yard.phone}`] : [];
  const begin = `${yard?.name ?? 'Your rental'}: ${deeds[kind]} ${machines}`;
  return [begin, ...price, ...delivered, number, ...call].map((of) => `${of}.`).join(' ');
}

function termText(line: DueConfirmation['facts']['lines'][number]): string {
  const { start, end, isHalfDay } = line;
  if (start === null || end === null) return '';
  const at = (minutes: number | null) => (minutes === null ? '' : ` ${clockTime(minutes)}`);
  const first = `${dayText(start)}${at(line.pickUpAt)}`;
  if (start === end && line.returnBy === null)
    return `, ${first}${isHalfDay ? ' (half a day)' : ''}`;
  return `, ${first} to ${dayText(end)}${at(line.returnBy)}`;
}

/** `Tue, Dec 1, 2026`. */
function dayText(day: string): string {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: 'UTC',
    weekday: 'short',
    month: 'short',
    day: 'numeric',
    year: 'numeric',
  }).format(Date.parse(`${day}T00:00:00Z`));
}

/** `07:30`; null when there is none. */
function clockTime(minutes: number | null): string | null {
  if (minutes === null) return null;
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

import type { DeliveryRules, DeliveryZone } from '../../yard/equipment.ts';
import type { Told } from './row-report.ts';
import { readAmount, readText } from './sheet-cells.ts';
import type { Cell } from './sheet-table.ts';

/** The rows of the `Yard` tab that say what a delivery costs, and when the yard delivers. */
export type DeliveryRows = Readonly<
  Record<
    | 'delivery'
    | 'deliveryZones'
    | 'deliveryPerMile'
    | 'deliveryBase'
    | 'deliveryMiles'
    | 'deliveryWindows',
    Cell
  >
>;

const eachWay = /\beach way\b|\bone[- ]way\b|\bper trip\b|\ba trip\b/i;
const maxWindows = 8;

/** The delivery table of the yard; undefined when its rows hold no fee and no window. */
export function readDeliveryRules(
  rows: DeliveryRows,
  report: (row: keyof DeliveryRows, told: Told) => void,
): DeliveryRules | undefined {
  const zones = readZones(rows.deliveryZones, () => report('deliveryZones', notAZone));
  const money = (row: 'deliveryPerMile' | 'deliveryBase') => {
    const text = (readText(rows[row]) ?? '')
      .replace(/\s*(?:a|per|each|\/)\s*mile\b.*$/i, '')
      .replace(/\s*each way\b.*$/i, '');
    const cents = readAmount(text, 'none')?.cents;
    if (cents === undefined) report(row, notAnAmount);
    return cents ?? undefined;
  };
  const perMile = money('deliveryPerMile');
  const base = money('deliveryBase');
  const milesText = readText(rows.deliveryMiles);
  const miles = /^(\d{1,3})(?: ?mi(?:les?)?)?$/i.exec(milesText ?? '')?.[1];
  if (milesText !== null && miles === undefined) report('deliveryMiles', notMiles);
  const flat = readFlat(readText(rows.delivery) ?? '');
  const hasOwn = perMile !== undefined || base !== undefined;
  const ways = [rows.deliveryZones, rows.deliveryPerMile, rows.deliveryBase, rows.delivery];
  const windows = (readText(rows.deliveryWindows) ?? '')
    .split(/[;,\n]/)
    .map((window) => window.trim())
    .filter((window) => window !== '')
    .slice(0, maxWindows);
  const rules: DeliveryRules = {
    ...(zones.length > 0 ? { zones } : {}),
    ...(hasOwn
      ? {
          ...(base === undefined ? {} : { baseCents: base }),
          ...(perMile === undefined ? {} : { perMileCents: perMile }),
          ...(miles === undefined ? {} : { includedMiles: Number(miles) }),
        }
      : flat),
    ...(windows.length > 0 ? { windows } : {}),
  };
  if (Object.keys(rules).length === 0) return undefined;
  const isEachWay = ways.some((cell) => eachWay.test(readText(cell) ?? ''));
  return isEachWay ? { ...rules, isEachWay } : rules;
}

/** `60601-60629: $75; Springfield: $95`. */
function readZones(cell: Cell, onUnread: () => void): readonly DeliveryZone[] {
  const text = readText(cell);
  if (text === null) return [];
  let isUnread = false;
  const zones = text.split(/[;\n]+/).flatMap((part): DeliveryZone[] => {
    if (part.trim() === '') return [];
    const [, names = '', price = ''] = /^(.+?)\s*[:=]\s*(.+)$/.exec(part.trim()) ?? [];
    const cents = readAmount(
      price.replace(/\s*(?:each way|one way|per trip)\s*$/i, ''),
      'none',
    )?.cents;
    if (cents === undefined || cents === null) {
      isUnread = true;
      return [];
    }
    return names.split(/,|\/|\band\b/).flatMap((name): DeliveryZone[] => {
      const place = name.trim();
      const zip = /^(\d{5})(?:\s*(?:-|–|to|through)\s*(\d{5}))?$/.exec(place);
      if (zip) return [{ place: { from: zip[1] ?? '', to: zip[2] ?? zip[1] ?? '' }, cents }];
      if (place !== '' && !/\d/.test(place)) return [{ place: { town: place }, cents }];
      isUnread = true;
      return [];
    });
  });
  if (isUnread) onUnread();
  return zones;
}

type Flat = Pick<DeliveryRules, 'baseCents' | 'perMileCents' | 'includedMiles'>;

/** `$95 each way within 25 miles, $4 a mile beyond`; empty for what is not plainly one table. */
function readFlat(text: string): Flat {
  if (
    /\b(?:call|from|starting|starts|minimum|about|approx\w*|depends|varies|quote|hour)\b|\d\s?[-–]\s?[$£€]?\d/i.test(
      text,
    )
  ) {
    return {};
  }
  const amounts = [...text.matchAll(/[$£€]\s?(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,2})?/g)].map(
    (match) => ({
      cents: Math.round(Number(`${(match[1] ?? '').replaceAll(',', '')}${match[2] ?? ''}`) * 100),
      isPerMile:
        /^\s*(?:a|an|per|each|\/|for each|for every)\s*(?:extra |additional |further )?mile/i.test(
          text.slice(match.index + match[0].length),
        ),
    }),
  );
  const bases = amounts.filter(({ isPerMile }) => !isPerMile);
  const perMile = amounts.filter(({ isPerMile }) => isPerMile);
  const spans = [
    ...text.matchAll(
      /\b(?:within|up to|under|inside|first|includes?)\s+(?:the first |a )?(\d{1,3})[ -]?mi(?:les?)?\b|\b(\d{1,3})[- ]mile radius\b/gi,
    ),
  ].map((match) => Number(match[1] ?? match[2]));
  const isFree = /\bfree\b/i.test(text) && bases.length === 0;
  if (bases.length > 1 || perMile.length > 1 || spans.length > 1) return {};
  const [base] = bases;
  const [rate] = perMile;
  const [miles] = spans;
  if (!base && !rate && !isFree) return {};
  // "Free" without a bound may be on terms that no code reads.
  if (isFree && miles === undefined) return {};
  return {
    ...(base || isFree ? { baseCents: base?.cents ?? 0 } : {}),
    ...(rate ? { perMileCents: rate.cents } : {}),
    ...(miles === undefined ? {} : { includedMiles: miles }),
  };
}

const notAnAmount: Told = {
  what: 'not an amount of money',
  why: 'callers hear that the yard will confirm the fee',
  remedy: 'write the amount alone, as in 4.00',
};
const notMiles: Told = {
  what: 'not a number of miles',
  why: 'the base covers no miles',
  remedy: 'write a number alone, as in 25',
};
const notAZone: Told = {
  what: 'a zone that cannot be read',
  why: 'callers from there hear that the yard will confirm the fee',
  remedy: 'write it as in 60601-60629: $75; Springfield: $95',
};

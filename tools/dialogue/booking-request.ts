import { z } from 'zod';
import { modelArguments } from '../model-arguments.ts';
import type { Proposal } from './confirmation.ts';
import { regionOf } from '../yard/phone.ts';
import { detailArgs, readDetails, type DeliveryTalk, type WishedDetails } from './delivery-wish.ts';
import { askNumber, numbersOf, type ToolAnswer, type ToolDeps } from '../tool.ts';
import { termOf, type BookingState } from '../journal/booking.ts';
import { maxLines } from '../journal/booking-code.ts';
import type { BookingLine } from '../journal/booking-service.ts';
import { noPriceSentence, type Offer } from '../yard/booking-words.ts';
import { limitsOf, type IsoDate, type Unit } from '../yard/equipment.ts';
import { chargesNote } from '../yard/price-words.ts';
import { termPrice } from '../yard/term-price.ts';
import type { RentalRules } from '../yard/rental-rules.ts';
import { isSameRange, rentalDates, type RentalRange } from '../yard/rental-dates.ts';
import { overlaps } from '../yard/availability.ts';
import { timeArgs, withTimes } from '../yard/rental-times.ts';
import { isNoName } from '../yard/same-customer.ts';
import { maxNameLength, sheetText } from '../yard/sheet-text.ts';
import type { Snapshot } from '../yard/snapshot.ts';
import { findUnit, withTwins } from '../yard/interchangeable-units.ts';
import { checkUnit, spokenName, type CheckedUnit } from '../yard/unit-facts.ts';

/** The model's arguments, loosely typed: a caller is told in words of what is wrong with them. */
export const bookEquipmentArgs = modelArguments({
  itemId: z.string().max(100).describe('The `itemId` of a unit that another tool returned.'),
  quantity: z
    .number()
    .nullish()
    .describe('How many of this machine, if the caller wants more than one.'),
  alsoItemIds: z
    .array(z.string().max(100))
    .max(50)
    .nullish()
    .describe('The `itemId`s of the other machines that the caller wants for the same days.'),
  start: z.string().max(40).describe('First day, YYYY-MM-DD.'),
  end: z.string().max(40).describe('Last day, YYYY-MM-DD, included.'),
  ...timeArgs,
  customer: z.string().max(200).describe("The customer's name, as the caller gave it."),
  phone: z
    .string()
    .max(40)
    .nullish()
    .describe('Only if the caller wants another number than the one they call from.'),
  ...detailArgs,
});

/** A booking as the model is told of it; absent as long as none was made. */
export type BookEquipmentAnswer = ToolAnswer & {
  readonly booking?: {
    readonly code: string;
    /** The first machine's; `items` has all. */
    readonly itemId: string;
    readonly state: BookingState;
    readonly start: IsoDate;
    readonly end: IsoDate;
    readonly items?: readonly string[];
  };
};

/** One machine that the caller wishes, for their days. */
export type WishLine = {
  readonly unit: Unit;
  readonly range: RentalRange;
  /** Which one it is of those of a row of several machines, from 0. */
  readonly nth?: number | undefined;
};

/** The caller's wish, checked but for whether its units are free. */
export type Wish = {
  readonly lines: readonly WishLine[];
  readonly customer: string;
  readonly phone: string;
  readonly isOwnPhone: boolean;
  /** The caller named a number; else it is the one that they call from. */
  readonly isPhoneGiven: boolean;
  readonly details?: WishedDetails;
};

type Customer = Pick<Wish, 'customer' | 'phone' | 'isOwnPhone' | 'details'>;

/** Checks the model's arguments; returns an answer when something is missing or cannot be. */
export function readWish(
  deps: ToolDeps,
  args: z.infer<typeof bookEquipmentArgs>,
  { units, today, yard }: Snapshot,
  talk: DeliveryTalk,
): Wish | ToolAnswer {
  const quantity = Math.max(1, Math.trunc(args.quantity ?? 1));
  const ids = [
    ...Array.from({ length: Math.min(quantity, maxLines + 1) }, () => args.itemId),
    // A model that names a machine twice means it once, unless it says how many.
    ...new Set((args.alsoItemIds ?? []).filter((id) => id !== args.itemId)),
  ];
  const found = ids.map((id) => findUnit(units, id));
  const wanted = found.filter((unit) => unit !== undefined);
  if (wanted.length < found.length) {
    return { say: 'Which machine would you like to book?', problem: 'unknown-item' };
  }
  const priceless = wanted.find(({ dailyRateCents }) => dailyRateCents === null);
  if (priceless) {
    return { say: noPriceSentence(spokenName(priceless)), problem: 'no-price' };
  }
  const dates = withTimes(
    rentalDates(args.start, args.end, today, limitsOf(yard), regionOf(yard)),
    args,
  );
  if (!dates.ok) return { say: dates.say, problem: dates.problem };
  const customer = sheetText(args.customer, maxNameLength);
  if (isNoName(customer)) {
    return { say: 'What name should I put that under?', problem: 'name-missing' };
  }
  const { own, phone } = numbersOf(deps, args.phone);
  if (phone === null) return askNumber(args.phone);
  const details = readDetails(args, { yard, talk });
  if ('say' in details) return details;
  const lines = wanted.map((unit, at) => {
    const nth = wanted.slice(0, at).filter((of) => of === unit).length;
    return { unit, range: dates.range, nth };
  });
  const isPhoneGiven = /\d/.test(args.phone ?? '');
  return { lines, customer, phone, isOwnPhone: phone === own, isPhoneGiven, details };
}

/** A line with the unit that it would be, of those that the caller cannot tell from each other. */
export type CheckedLine = {
  readonly range: RentalRange;
  readonly checked: CheckedUnit;
  readonly nth?: number | undefined;
};

/** A free unit for each line, all different; or the first line for which there is none. */
export function freeUnits(
  lines: readonly WishLine[],
  snapshot: Snapshot,
):
  | { readonly free: readonly CheckedLine[] }
  | { readonly missing: WishLine; readonly free?: never; readonly ofItFree: number } {
  const free: CheckedLine[] = [];
  for (const line of lines) {
    const before = (unit: Unit) =>
      free.filter((of) => of.checked.unit === unit && overlaps(of.range, line.range)).length;
    const isTaken = (unit: Unit) =>
      (unit.quantity ?? 1) === 1 && free.some((of) => of.checked.unit.itemId === unit.itemId);
    const checked = withTwins(line.unit, snapshot.units)
      .filter((unit) => !isTaken(unit))
      .map((unit) => checkUnit(unit, snapshot, line.range, before(unit) + 1))
      .find(({ availability }) => availability.free);
    if (!checked) {
      const ofIt = free.filter((other) => other.checked.unit.name === line.unit.name);
      return { missing: line, ofItFree: ofIt.length };
    }
    free.push({ range: line.range, checked, nth: line.nth });
  }
  return { free };
}

/** The proposal holds all that is read back: with any other value the caller is asked again. */
export function proposalOf(
  { customer, phone, isOwnPhone, details }: Customer,
  lines: readonly CheckedLine[],
  about: { readonly about: 'booking' } | { readonly about: 'changing'; readonly code: string } = {
    about: 'booking',
  },
): Proposal {
  const values = lines.map(({ range, checked: { unit, rules } }) => [
    unit.name,
    range.start,
    range.end,
    totalOf(unit, range, rules),
    unit.depositCents,
    ...timesOf(range),
  ]);
  const code = about.about === 'changing' ? [about.code] : [];
  return {
    about: about.about,
    key: JSON.stringify([...code, ...values.flat(), customer, phone, ...keyOf(details)]),
    lines: lines.map(({ range: { start, end }, checked }) => {
      return { machine: spokenName(checked.unit), start, end };
    }),
    totalCents: totalCents(lines) + feeOf(details),
    depositCents: depositCents(lines),
    customer,
    phone: isOwnPhone ? null : phone,
  };
}

/** With no details the key is as it was: a hand-over may come in between. */
function keyOf(details: WishedDetails | undefined): readonly string[] {
  return details && Object.keys(details.kept).length > 0 ? [JSON.stringify(details.kept)] : [];
}

function feeOf(details: WishedDetails | undefined): number {
  return details?.kept.delivery?.feeCents ?? 0;
}

/** Times that were not named leave the key as it was without them. */
function timesOf({ pickUpAt, returnBy, isHalfDay }: RentalRange): readonly string[] {
  const times = [pickUpAt, returnBy, isHalfDay];
  return times.every((of) => of === undefined) ? [] : [times.join(' ')];
}

/**
 * The price of the rental with all that the yard's rules put on top of it, in cents; 0 for a unit
 * without one, which no wish is for.
 */
export function totalOf(unit: Unit, range: RentalRange, rules: RentalRules | undefined): number {
  return termPrice(unit, range, { rules })?.totalCents ?? 0;
}

/** The term with the times of day that its price needs, such as those of the yard's weekend. */
export function termAsPriced(
  unit: Unit,
  range: RentalRange,
  rules: RentalRules | undefined,
): RentalRange {
  return termOf(termPrice(unit, range, { rules })?.range ?? range);
}

function totalCents(lines: readonly CheckedLine[]): number {
  return lines.reduce(
    (sum, { range, checked }) => sum + totalOf(checked.unit, range, checked.rules),
    0,
  );
}

function depositCents(lines: readonly CheckedLine[]): number | null {
  const deposits = lines.flatMap(({ checked }) => checked.unit.depositCents ?? []);
  return deposits.length === 0 ? null : deposits.reduce((sum, cents) => sum + cents, 0);
}

/** The facts that the caller hears read back. */
export function offerOf(
  { customer, phone, isOwnPhone, details }: Customer,
  lines: readonly CheckedLine[],
): Offer {
  const { delivery } = details ?? {};
  return {
    machines: lines.map(({ range, checked: { unit, rules } }) => {
      return { name: spokenName(unit), range: termAsPriced(unit, range, rules) };
    }),
    totalCents: totalCents(lines) + feeOf(details),
    charges: chargesNote(lines[0]?.checked.rules),
    depositCents: depositCents(lines),
    customer,
    phone,
    isOwnPhone,
    ...(delivery && {
      delivery: { feeCents: details?.kept.delivery?.feeCents ?? null, window: delivery.window },
    }),
  };
}

/** The lines as the journal is to write them; `beside` are others of the same booking. */
export function bookingLines(
  lines: readonly CheckedLine[],
  beside: readonly CheckedLine[] = [],
): readonly BookingLine[] {
  return lines.map(({ range, checked: { unit, rules }, nth }, at) => {
    const others = [...beside, ...lines.slice(0, at)];
    const before = others.filter(
      (of) => of.checked.unit.itemId === unit.itemId && isSameRange(of.range, range),
    ).length;
    const isOfSeveral = (unit.quantity ?? 1) > 1;
    return {
      itemId: unit.itemId,
      ...termAsPriced(unit, range, rules),
      totalCents: totalOf(unit, range, rules),
      ...(isOfSeveral && { nth: nth ?? before }),
    };
  });
}

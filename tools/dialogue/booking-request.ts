import { z } from 'zod';
import type { Proposal } from './confirmation.ts';
import { askNumber, numbersOf, type ToolAnswer, type ToolDeps } from '../tool.ts';
import { noPriceSentence, type Offer } from '../yard/booking-words.ts';
import type { Unit } from '../yard/equipment.ts';
import { cheapestPrice } from '../yard/prices.ts';
import { daysIn, rentalDates, type RentalRange } from '../yard/rental-dates.ts';
import { maxNameLength, sheetText } from '../yard/sheet-text.ts';
import type { Snapshot } from '../yard/snapshot.ts';
import { findUnit, withTwins } from '../yard/interchangeable-units.ts';
import { checkUnit, spokenName, type CheckedUnit } from '../yard/unit-facts.ts';

/** What the model sends. All of it is text: what is wrong with it is told to the caller in words. */
export const bookEquipmentArgs = z.object({
  itemId: z.string().max(100).describe('The `itemId` of a unit that another tool returned.'),
  start: z.string().max(40).describe('First day, YYYY-MM-DD.'),
  end: z.string().max(40).describe('Last day, YYYY-MM-DD, included.'),
  customer: z.string().max(200).describe("The customer's name, as the caller gave it."),
  phone: z
    .string()
    .max(40)
    .nullish()
    .describe('Only if the caller wants another number than the one they call from.'),
});

/** What a model writes when it has not asked for the name. */
const noName = /^(?:the )?(?:unknown|caller|customer|guest|user|name|n\/?a|none|null|anonymous)$/i;

/** What is known of the caller's wish, checked; not yet whether the unit is free. */
export type Wish = {
  readonly unit: Unit;
  readonly range: RentalRange;
  readonly customer: string;
  readonly phone: string;
  readonly isOwnPhone: boolean;
};

/** Checks what the model sent; an answer when something is missing or cannot be. */
export function readWish(
  deps: ToolDeps,
  args: z.infer<typeof bookEquipmentArgs>,
  { units, today }: Snapshot,
): Wish | ToolAnswer {
  const unit = findUnit(units, args.itemId);
  if (!unit) return { say: 'Which machine would you like to book?', problem: 'unknown-item' };
  if (unit.dailyRateCents === null) {
    return { say: noPriceSentence(spokenName(unit)), problem: 'no-price' };
  }
  const dates = rentalDates(args.start, args.end, today);
  if (!dates.ok) return { say: dates.say, problem: dates.problem };
  const customer = sheetText(args.customer, maxNameLength);
  if (customer === '' || noName.test(customer)) {
    return { say: 'What name should I put that under?', problem: 'name-missing' };
  }
  const { own, phone } = numbersOf(deps, args.phone);
  if (phone === null) return askNumber(args.phone);
  return { unit, range: dates.range, customer, phone, isOwnPhone: phone === own };
}

/** The unit asked for if it is free, else one that the caller cannot tell from it. */
export function freeUnit({ unit, range }: Wish, snapshot: Snapshot): CheckedUnit | undefined {
  return withTwins(unit, snapshot.units)
    .map((twin) => checkUnit(twin, snapshot, range))
    .find(({ availability }) => availability.free);
}

/** All that is read back, so that with any other value the caller is asked again. */
export function proposalOf(wish: Wish, { unit }: CheckedUnit): Proposal {
  const { range, customer, phone, isOwnPhone } = wish;
  const { depositCents } = unit;
  const line = { machine: spokenName(unit), ...range };
  const totalCents = totalOf(unit, range);
  return {
    about: 'booking',
    key: JSON.stringify([
      unit.name,
      range.start,
      range.end,
      totalCents,
      depositCents,
      customer,
      phone,
    ]),
    lines: [line],
    totalCents,
    depositCents,
    customer,
    phone: isOwnPhone ? null : phone,
  };
}

/** The price of the rental, in cents; 0 for a unit without one, which no wish is for. */
export function totalOf(unit: Unit, range: RentalRange): number {
  return cheapestPrice(unit, daysIn(range))?.totalCents ?? 0;
}

/** What is read back of it. */
export function offerOf(wish: Wish, { unit }: CheckedUnit): Offer {
  return {
    name: spokenName(unit),
    range: wish.range,
    totalCents: totalOf(unit, wish.range),
    depositCents: unit.depositCents,
    customer: wish.customer,
    phone: wish.phone,
    isOwnPhone: wish.isOwnPhone,
  };
}

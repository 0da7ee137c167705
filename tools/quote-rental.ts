import { llm } from '@livekit/agents';
import { z } from 'zod';
import { modelArguments } from './model-arguments.ts';
import { runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import type { IsoDate, Unit } from './yard/equipment.ts';
import { notFreeSentence, overdueCaveat, priceToCome, spokenReason } from './yard/found-words.ts';
import { closedCaveat, priceReason, spokenCharges, spokenTerm } from './yard/price-words.ts';
import { rentalDates, type RentalRange } from './yard/rental-dates.ts';
import { termPrice, type TermPrice } from './yard/term-price.ts';
import { timeArgs, withTimes } from './yard/rental-times.ts';
import { regionOf } from './yard/phone.ts';
import { listUnreachable, readSnapshot, staleListCaveat, type Snapshot } from './yard/snapshot.ts';
import {
  capitalised,
  spokenBlocks,
  spokenDate,
  spokenMoney,
  spokenRange,
  type Speaking,
} from './yard/spoken.ts';
import { findUnit, withTwins } from './yard/interchangeable-units.ts';
import { checkUnit, spokenName, type CheckedUnit } from './yard/unit-facts.ts';

/** The model's request. Dates are text: the caller is told in words what is wrong with them. */
const quoteRentalArgs = modelArguments({
  itemId: z.string().max(100).describe('The `itemId` of a unit that find_equipment returned.'),
  start: z.string().max(40).describe('First day, YYYY-MM-DD.'),
  end: z
    .string()
    .max(40)
    .describe('Last day, YYYY-MM-DD, included; the first day if it is one day.'),
  ...timeArgs,
});

/** A price, worded and in parts; without `quote` nothing could be priced, and `say` tells why. */
export type QuoteRentalAnswer = ToolAnswer & {
  readonly quote?: {
    readonly itemId: string;
    readonly name: string;
    readonly start: IsoDate;
    readonly end: IsoDate;
    readonly days: number;
    readonly billedAs: string;
    readonly total: string;
    readonly deposit: string | null;
    readonly free: boolean;
    readonly freeFrom: IsoDate | null;
  };
};

/** Prices a rental in code, and says whether the unit is free then. */
export function quoteRental(
  deps: Pick<ToolDeps, 'inventory' | 'clock' | 'inventoryMaxAgeMs'>,
  args: z.infer<typeof quoteRentalArgs>,
): QuoteRentalAnswer {
  const snapshot = readSnapshot(deps);
  if (!snapshot) return listUnreachable;
  const asked = findUnit(snapshot.units, args.itemId);
  if (!asked) {
    return { say: 'Which machine would you like a price for?', problem: 'unknown-item' };
  }
  const dates = withTimes(
    rentalDates(args.start, args.end, snapshot.today, undefined, regionOf(snapshot.yard)),
    args,
  );
  if (!dates.ok) return { say: dates.say, problem: dates.problem };
  const checked = freeTwin(asked, snapshot, dates.range) ?? checkUnit(asked, snapshot, dates.range);
  const { rules } = snapshot.yard;
  const price = termPrice(checked.unit, dates.range, { rules });
  if (!price) {
    return { say: noPriceSentence(checked, dates.range, snapshot.today), problem: 'no-price' };
  }
  const { today, currency } = snapshot;
  const closed = closedCaveat(dates.range, { today, rules });
  const say = quoteSentence(checked, { price, today, currency, closed });
  return {
    say: snapshot.isStale ? `${say} ${staleListCaveat}` : say,
    ...(snapshot.isStale ? { problem: 'list-outdated' } : {}),
    quote: quoteFacts(checked, { price, currency, range: dates.range }),
  };
}

/** The unit itself if it is free, else one that the caller cannot tell from it. */
function freeTwin(asked: Unit, snapshot: Snapshot, range: RentalRange): CheckedUnit | undefined {
  return withTwins(asked, snapshot.units)
    .map((unit) => checkUnit(unit, snapshot, range))
    .find(({ availability }) => availability.free);
}

function quoteFacts(
  { unit, availability, freeFrom }: CheckedUnit,
  about: { readonly price: TermPrice; readonly currency: string; readonly range: RentalRange },
) {
  const { price, currency, range } = about;
  return {
    itemId: unit.itemId,
    name: spokenName(unit),
    start: range.start,
    end: range.end,
    days: price.days,
    billedAs: spokenBlocks(price.billed),
    total: spokenMoney(price.totalCents, currency),
    deposit: unit.depositCents === null ? null : spokenMoney(unit.depositCents, currency),
    free: availability.free,
    freeFrom,
  };
}

/** The most that a caller keeps of what they hear for the first time. */
const maxWords = 25;

function quoteSentence(
  checked: CheckedUnit,
  about: Speaking & { readonly price: TermPrice; readonly closed: readonly string[] },
): string {
  const { unit, availability, freeFrom, rules } = checked;
  const { price, today, currency, closed } = about;
  const { range, totalCents, rentCents } = price;
  const reason = priceReason(price);
  const total = spokenCharges(price, { currency, rules });
  const billed = reason === null ? '' : `, ${reason}`;
  const deposit = unit.depositCents
    ? `, plus a ${spokenMoney(unit.depositCents, currency)} deposit`
    : '';
  const isTimed = range.pickUpAt !== undefined || range.returnBy !== undefined;
  if (availability.free && (isTimed || totalCents > rentCents || closed.length > 0)) {
    // The days are named already where the yard is closed on one of them.
    const days = closed.length > 0 && !isTimed ? 'then' : spokenTerm(range, today);
    const words = `The ${spokenName(unit)} is free ${days}: ${total}${billed}`;
    const whole = [...closed, `${words}${deposit}.`].join(' ');
    // The deposit is read back in any case.
    const isShort = whole.split(' ').length <= maxWords;
    const said = isShort ? whole : [...closed, `${words}.`].join(' ');
    return [said, ...overdueCaveat(checked, today)].join(' ');
  }
  const when = capitalised(spokenTerm(range, today));
  return [
    ...closed,
    `${when}, the ${spokenName(unit)} comes to ${total}${billed}${deposit}.`,
    ...(availability.free
      ? ["It's free then.", ...overdueCaveat(checked, today)]
      : [
          availability.reason === 'unclear'
            ? `But ${spokenReason(availability, today)}.`
            : `But it isn't free then: ${spokenReason(availability, today)}.`,
        ]),
    ...(availability.free || freeFrom === null
      ? []
      : [`It's free for that long from ${spokenDate(freeFrom, today)}.`]),
  ].join(' ');
}

function noPriceSentence(checked: CheckedUnit, range: RentalRange, today: IsoDate): string {
  const { unit, availability } = checked;
  const when = spokenRange(range, today);
  const free = availability.free
    ? `The ${spokenName(unit)} is free ${when}.`
    : notFreeSentence(spokenName(unit), availability, { when, today });
  return `${free} ${capitalised(priceToCome)}.`;
}

/** `quote_rental`, as the model sees it. */
export function quoteRentalTool(deps: ToolDeps) {
  return llm.tool({
    description:
      'Computes what one unit costs for a range of days, with its deposit, and whether it is ' +
      'free then. Use it whenever a total is asked for; never work out a price yourself. ' +
      'Tell the caller what `say` says.',
    parameters: quoteRentalArgs,
    execute: (args, { abortSignal }) =>
      runTool(deps, { name: 'quote_rental', abortSignal }, () => quoteRental(deps, args)),
  });
}

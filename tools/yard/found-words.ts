import type { Availability } from './availability.ts';
import type { IsoDate, Unit } from './equipment.ts';
import { chargesNote } from './price-words.ts';
import { termPrice } from './term-price.ts';
import type { RentalRules } from './rental-rules.ts';
import { daysIn, type RentalRange } from './rental-dates.ts';
import {
  capitalised,
  spokenCount,
  spokenDate,
  spokenList,
  spokenMoney,
  spokenRange,
  type Speaking,
} from './spoken.ts';
import { spokenName, type CheckedUnit } from './unit-facts.ts';

/** A telephone answer names no more machines than a caller can keep in mind. */
const maxSpoken = 3;
const maxCategoriesSpoken = 6;

/** Units of one name, free ones first. */
export type CheckedGroup = readonly CheckedUnit[];

type About = Speaking & {
  /** Other machines that are free on the days, when none of those asked for is. */
  readonly alternatives: readonly CheckedGroup[];
  /** The days asked for; null when none were: then the question is whether it is free today. */
  readonly range: RentalRange | null;
  /** The groups are near to what was asked for, and no more. */
  readonly isClosest: boolean;
  /** How many groups match; those that are not named are said to be there. */
  readonly matches?: number;
  readonly rules?: RentalRules | undefined;
};

/** The machines that were found, their prices, and other ones where none is free. */
export function foundSentence(groups: readonly CheckedGroup[], about: About): string {
  const [only, second] = groups;
  const variants = only && !second ? oneGroup(only, about) : severalGroups(groups, about);
  const closest = about.isClosest ? ["I don't see exactly that, but this comes closest."] : [];
  return briefest(variants.map((sentences) => [...closest, ...sentences]));
}

/** Longer answers are not kept in mind (docs/reliability.md). */
const maxWords = 25;

/** The first of the wordings, the fullest before the others, that is short enough; else the last. */
function briefest(variants: readonly (readonly string[])[]): string {
  const texts = variants.map((sentences) => sentences.join(' '));
  return texts.find((text) => text.split(' ').length <= maxWords) ?? texts.at(-1) ?? '';
}

/** The yard's categories, for a caller who named no machine, or one that the list does not have. */
export function nothingFoundSentence(
  categories: readonly string[],
  { wasNamed }: { readonly wasNamed: boolean },
): string {
  const most = Math.min(categories.length, maxCategoriesSpoken);
  const named = Array.from({ length: most }, (_, fewer) => {
    const names = categories.slice(0, most - fewer);
    return `We have ${spokenList(names.length < categories.length ? [...names, 'more'] : names)}.`;
  });
  return briefest(
    (named.length > 0 ? named : ['']).map((names) => [
      ...(wasNamed ? ["I don't see anything like that in our list."] : []),
      ...(names ? [names] : []),
      wasNamed ? 'Is there something else you need?' : 'What do you need?',
    ]),
  );
}

/** The reason against a unit, as the end of a sentence that begins with its name. */
export function spokenReason(
  availability: Extract<Availability, { free: false }>,
  today: IsoDate,
): string {
  switch (availability.reason) {
    case 'maintenance':
      return "it's in the shop for maintenance";
    case 'reserved':
      return "it's reserved for somebody else";
    case 'unclear':
      return "someone must check that one; I'll take your number";
    case 'booked':
      return `it's booked through ${spokenDate(availability.until, today)}`;
    case 'rented':
      return `it's out until ${spokenDate(availability.until, today)}`;
    case 'rented-no-date':
      return "it's out, and I have no return date for it";
    default:
      return availability satisfies never;
  }
}

/** A refusal of a unit that cannot be promised for the caller's days, with its reason. */
export function notFreeSentence(
  name: string,
  availability: Extract<Availability, { free: false }>,
  about: { readonly when: string; readonly today: IsoDate },
): string {
  const reason = spokenReason(availability, about.today);
  // Nobody knows that it is taken, only that it cannot be told.
  return availability.reason === 'unclear'
    ? `For the ${name} ${about.when}, ${reason}.`
    : `The ${name} isn't free ${about.when}: ${reason}.`;
}

/** A warning of a unit that should be back by now and is not; empty when there is none. */
export function overdueCaveat({ unit, availability }: CheckedUnit, today: IsoDate): string[] {
  if (!availability.free || availability.overdueSince === null) return [];
  const due = spokenDate(availability.overdueSince, today);
  return [
    `The ${spokenName(unit)} was due back ${due}, and is still out, so someone will confirm that.`,
  ];
}

function oneGroup(group: CheckedGroup, about: About): string[][] {
  const [first] = group;
  if (!first) return [];
  const { unit } = first;
  const ask = about.range ? [] : ['Which days do you need it?'];
  if (!first.availability.free) {
    const soon = soonest([group], about);
    const refusal = refusalOf(group, about, spokenWhen(about));
    const short = refusalOf(group, about, about.range ? 'then' : 'today');
    return [
      [refusal, ...soon, ...instead(about), ...ask],
      [refusal, ...soon, ...instead(about)],
      [short, ...soon, ...instead(about)],
      ...(about.alternatives.length > 0
        ? [
            [short, ...instead(about)],
            [short, ...instead(about, { isPriced: false })],
          ]
        : []),
    ];
  }
  const count = group.reduce((sum, checked) => sum + checked.count, 0);
  const caveat = overdueCaveat(first, about.today);
  const free = (price: string | null) => {
    const at = price === null ? `, and ${priceToCome}` : `, at ${price}`;
    return count === 1
      ? `The ${spokenName(unit)} is free ${spokenWhen(about)}${at}.`
      : `We have ${count} of the ${spokenName(unit)} free ${spokenWhen(about)}${at}.`;
  };
  const full = free(spokenPrice(unit, about));
  const short = free(dailyPrice(unit, about));
  return [
    [full, ...caveat, ...ask],
    [short, ...caveat, ...ask],
    [full, ...caveat],
    [short, ...caveat],
  ];
}

/** The refusal of a group none of which is free; of several it is enough that one must be looked at. */
function refusalOf(group: CheckedGroup, { today }: About, when: string): string {
  const [first] = group;
  const told = group.find((of) => isUnclear(of)) ?? (group.length === 1 ? first : null);
  const name = nameOf(group);
  return told && !told.availability.free
    ? notFreeSentence(name, told.availability, { when, today })
    : `The ${name} isn't free ${when}.`;
}

function isUnclear({ availability }: CheckedUnit): boolean {
  return !availability.free && availability.reason === 'unclear';
}

function severalGroups(groups: readonly CheckedGroup[], about: About): string[][] {
  const free = groups.filter(([first]) => first?.availability.free);
  const taken = groups.filter(([first]) => !first?.availability.free);
  if (free.length === 0) return noneFree(taken, about);
  const [best] = groups;
  const isBestTaken = best !== undefined && best === taken[0];
  const offers = [
    { count: maxSpoken, isPriced: true },
    { count: 2, isPriced: true },
    { count: maxSpoken, isPriced: false },
    { count: 2, isPriced: false },
    { count: 1, isPriced: true },
    { count: 1, isPriced: false },
    { count: 1, isPriced: false, isBrief: true },
  ];
  return offers.flatMap(({ count, isPriced, isBrief = false }) => {
    const named = free.slice(0, count);
    const names = named.map((group) => (isPriced ? spokenOffer(group, about) : spokenGroup(group)));
    const one = named.length === 1;
    const isSilent = isBestTaken || isBrief;
    const takenNames = isSilent ? [] : taken.slice(0, maxSpoken - named.length).map(spokenGroup);
    const then = about.range ? 'then' : 'today';
    const rest = Math.max(about.matches ?? 0, groups.length) - named.length;
    const offer = [
      // What was asked for comes first, though it is not to be had.
      ...(isBestTaken
        ? [isBrief ? `The ${nameOf(best)} isn't free.` : refusalOf(best, about, then)]
        : []),
      `${capitalised(spokenList(names))} ${one ? 'is' : 'are'} free ${isBestTaken ? then : spokenWhen(about)}.`,
      ...(takenNames.length === 0
        ? []
        : [
            `${capitalised(spokenList(takenNames))} ${takenNames.length === 1 ? "isn't" : "aren't"} free then.`,
          ]),
      ...named.flatMap(([first]) => (first ? overdueCaveat(first, about.today) : [])),
      ...(rest > takenNames.length + (isBestTaken ? 1 : 0) ? ['We have more.'] : []),
    ];
    return one
      ? [offer]
      : [
          [...offer, 'Which one would you like?'],
          [...offer, 'Which one?'],
        ];
  });
}

function noneFree(taken: readonly CheckedGroup[], about: About): string[][] {
  const offers = taken.slice(0, maxSpoken).map((group) => spokenOffer(group, about));
  const names = taken.slice(0, maxSpoken).map(spokenGroup);
  const soon = soonest(taken, about);
  const unclear = taken.find((group) => group.some(isUnclear));
  if (unclear) {
    const refusal = refusalOf(unclear, about, spokenWhen(about));
    return [[refusal, ...soon, ...instead(about)], [refusal, ...soon], [refusal]];
  }
  return [
    [
      `We have ${spokenList(offers)}, but none of them is free ${spokenWhen(about)}.`,
      ...soon,
      ...instead(about),
    ],
    [
      `We have ${spokenList(names)}, but none of them is free ${spokenWhen(about)}.`,
      ...soon,
      ...instead(about),
    ],
    [`None of them is free ${spokenWhen(about)}.`, ...soon, ...instead(about)],
    [`None of them is free ${spokenWhen(about)}.`, ...(soon.length > 0 ? soon : instead(about))],
  ];
}

/** The first day on which one of the groups is free for as long; empty when no date is known. */
function soonest(groups: readonly CheckedGroup[], { range, today }: About): string[] {
  const [next] = groups
    .flat()
    .flatMap(({ unit, freeFrom }) => (freeFrom === null ? [] : [{ unit, freeFrom }]))
    .sort((a, b) => (a.freeFrom < b.freeFrom ? -1 : 1));
  if (!next) return [];
  const which = groups.length > 1 ? `the ${spokenName(next.unit)}` : 'it';
  const could = `ou could have ${which} from ${spokenDate(next.freeFrom, today)}.`;
  const isLonger = range && daysIn(range) > 1;
  return [isLonger ? `For ${spokenCount(daysIn(range), 'day')} y${could}` : `Y${could}`];
}

function instead(about: About, { isPriced } = { isPriced: true }): string[] {
  const offers = about.alternatives.map((group) =>
    isPriced ? spokenOffer(group, about) : spokenGroup(group),
  );
  return offers.length === 0 ? [] : [`You could have ${spokenList(offers, 'or')} instead.`];
}

function spokenWhen({ range, today }: About): string {
  return range ? spokenRange(range, today) : 'today';
}

function spokenOffer([first]: CheckedGroup, { currency }: About): string {
  return first ? offeredUnit(first.unit, currency) : '';
}

/** A machine and its daily rate, as a part of a sentence: `the Trencher at $90 a day`. */
export function offeredUnit(unit: Unit, currency: string): string {
  const { dailyRateCents: daily } = unit;
  const name = `the ${spokenName(unit)}`;
  return daily === null ? name : `${name} at ${spokenMoney(daily, currency)} a day`;
}

/** A promise in place of a price that the sheet does not have. */
export const priceToCome = "I'll have someone call you with the price";

function spokenGroup(group: CheckedGroup): string {
  return `the ${nameOf(group)}`;
}

function nameOf([first]: CheckedGroup): string {
  return first ? spokenName(first.unit) : '';
}

/**
 * A unit's price in few words: `$250 a day, $750 in all` for the days asked for, `$250 a day or
 * $900 a week` without any; null without a daily rate. The model tells other rates when asked.
 */
function spokenPrice(unit: Unit, { range, currency, rules }: About): string | null {
  const money = (cents: number) => spokenMoney(cents, currency);
  const daily = dailyPrice(unit, { currency });
  if (daily === null) return null;
  if (!range) {
    const rates =
      unit.weeklyRateCents === null ? daily : `${daily} or ${money(unit.weeklyRateCents)} a week`;
    return rules?.taxPercent === undefined ? rates : `${rates} plus tax`;
  }
  const price = termPrice(unit, range, { rules });
  const isOneDay = daysIn(range) === 1 && price?.totalCents === unit.dailyRateCents;
  return price && !isOneDay
    ? `${daily}, ${money(price.totalCents)} in all${chargesNote(rules)}`
    : daily;
}

function dailyPrice({ dailyRateCents: daily }: Unit, { currency }: Pick<Speaking, 'currency'>) {
  return daily === null ? null : `${spokenMoney(daily, currency)} a day`;
}

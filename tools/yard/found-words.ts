import type { Availability } from './availability.ts';
import type { IsoDate, Unit } from './equipment.ts';
import { cheapestPrice } from './prices.ts';
import { daysIn, type RentalRange } from './rental-dates.ts';
import {
  capitalised,
  spokenCount,
  spokenDate,
  spokenList,
  spokenMoney,
  spokenRange,
} from './spoken.ts';
import { spokenName, type CheckedUnit } from './unit-facts.ts';

/** A telephone answer names no more machines than a caller can keep in mind. */
const maxSpoken = 3;
const maxCategoriesSpoken = 6;

/** Units of one name, free ones first. */
export type CheckedGroup = readonly CheckedUnit[];

type About = {
  /** Other machines that are free on the days, when none of those asked for is. */
  readonly alternatives: readonly CheckedGroup[];
  /** The days asked for; null when none were: then the question is whether it is free today. */
  readonly range: RentalRange | null;
  readonly today: IsoDate;
  /** The groups are near to what was asked for, and no more. */
  readonly isClosest: boolean;
};

/** What the caller hears of what was found. */
export function foundSentence(groups: readonly CheckedGroup[], about: About): string {
  const [only, second] = groups;
  const sentences = only && !second ? oneGroup(only, about) : severalGroups(groups, about);
  const closest = about.isClosest ? ["I don't see exactly that, but this comes closest."] : [];
  return [...closest, ...sentences].join(' ');
}

/** What the caller hears when nothing was found, or when no machine was named. */
export function nothingFoundSentence(
  categories: readonly string[],
  { wasNamed }: { readonly wasNamed: boolean },
): string {
  const names = spokenList(categories.slice(0, maxCategoriesSpoken));
  return [
    ...(wasNamed ? ["I don't see anything like that in our list."] : []),
    ...(names ? [`We have ${names}.`] : []),
    wasNamed ? 'Is there something else you need?' : 'What do you need?',
  ].join(' ');
}

/** Why a unit cannot go out, as the end of a sentence that begins with its name. */
export function spokenReason(
  availability: Extract<Availability, { free: false }>,
  today: IsoDate,
): string {
  switch (availability.reason) {
    case 'maintenance':
      return "it's in the shop for maintenance";
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

/** What to add when a unit should be back by now and is not; empty when there is nothing to add. */
export function overdueCaveat({ unit, availability }: CheckedUnit, today: IsoDate): string[] {
  if (!availability.free || availability.overdueSince === null) return [];
  const due = spokenDate(availability.overdueSince, today);
  return [
    `The ${spokenName(unit)} was due back ${due}, and is still out, so someone will confirm that.`,
  ];
}

function oneGroup(group: CheckedGroup, about: About): string[] {
  const [first] = group;
  if (!first) return [];
  const { availability, unit } = first;
  const name = spokenName(unit);
  const ask = about.range ? [] : ['Which days do you need it?'];
  if (!availability.free) {
    const reason = group.length === 1 ? `: ${spokenReason(availability, about.today)}` : '';
    return [
      `The ${name} isn't free ${spokenWhen(about)}${reason}.`,
      ...soonest([group], about),
      ...instead(about),
      ...ask,
    ];
  }
  const price = spokenPrice(unit, about.range);
  const count = group.filter((checked) => checked.availability.free).length;
  return [
    count === 1
      ? `The ${name} is free ${spokenWhen(about)}, at ${price}.`
      : `We have ${count} of the ${name} free ${spokenWhen(about)}, at ${price}.`,
    ...overdueCaveat(first, about.today),
    ...ask,
  ];
}

function severalGroups(groups: readonly CheckedGroup[], about: About): string[] {
  const free = groups.filter(([first]) => first?.availability.free).slice(0, maxSpoken);
  const taken = groups.filter(([first]) => !first?.availability.free);
  if (free.length === 0) {
    return [
      `We have ${spokenList(taken.slice(0, maxSpoken).map(spokenOffer))}, ` +
        `but none of them is free ${spokenWhen(about)}.`,
      ...soonest(taken, about),
      ...instead(about),
    ];
  }
  const takenNames = taken.slice(0, maxSpoken - free.length).map(spokenGroup);
  const one = free.length === 1;
  return [
    `${capitalised(spokenList(free.map(spokenOffer)))} ${one ? 'is' : 'are'} free ${spokenWhen(about)}.`,
    ...(takenNames.length === 0
      ? []
      : [
          `${capitalised(spokenList(takenNames))} ${takenNames.length === 1 ? "isn't" : "aren't"} free then.`,
        ]),
    ...free.flatMap(([first]) => (first ? overdueCaveat(first, about.today) : [])),
    ...(one ? [] : ['Which one would you like?']),
  ];
}

/** When the first of the groups is free for as many days; nothing when no date is known. */
function soonest(groups: readonly CheckedGroup[], { range, today }: About): string[] {
  const [next] = groups
    .flat()
    .flatMap(({ unit, freeFrom }) => (freeFrom === null ? [] : [{ unit, freeFrom }]))
    .sort((a, b) => (a.freeFrom < b.freeFrom ? -1 : 1));
  if (!next) return [];
  const days = range && daysIn(range) > 1 ? ` for ${spokenCount(daysIn(range), 'day')}` : '';
  const which = groups.length > 1 ? `the ${spokenName(next.unit)}` : 'it';
  return [
    `The soonest you could have ${which}${days} is from ${spokenDate(next.freeFrom, today)}.`,
  ];
}

function instead({ alternatives }: About): string[] {
  if (alternatives.length === 0) return [];
  return [`You could have ${spokenList(alternatives.map(spokenOffer), 'or')} instead.`];
}

function spokenWhen({ range, today }: About): string {
  return range ? spokenRange(range, today) : 'today';
}

function spokenOffer(group: CheckedGroup): string {
  const [first] = group;
  return first ? `${spokenGroup(group)} at ${spokenMoney(first.unit.dailyRateCents)} a day` : '';
}

function spokenGroup([first]: CheckedGroup): string {
  return first ? `the ${spokenName(first.unit)}` : '';
}

/**
 * What a unit costs, in as few words as will do: for the days asked for, `$250 a day, $750 in all`;
 * without any, `$250 a day or $900 a week`. The other rates are the model's to say when asked.
 */
function spokenPrice(unit: Unit, range: RentalRange | null): string {
  const daily = `${spokenMoney(unit.dailyRateCents)} a day`;
  if (!range) {
    return unit.weeklyRateCents === null
      ? daily
      : `${daily} or ${spokenMoney(unit.weeklyRateCents)} a week`;
  }
  const days = daysIn(range);
  if (days === 1) return daily;
  return `${daily}, ${spokenMoney(cheapestPrice(unit, days).totalCents)} in all`;
}

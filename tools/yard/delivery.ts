import type { DeliveryRules, DeliveryZone } from './equipment.ts';
import { spokenList, spokenMoney } from './spoken.ts';

/** A fee by the table; `distance` and `yard` say who could tell: the caller by miles, or the yard. */
export type DeliveryFee =
  | { readonly kind: 'known'; readonly totalCents: number; readonly isEachWay: boolean }
  | { readonly kind: 'distance' }
  | { readonly kind: 'yard' };

/** Prices a delivery by ZIP code, then by town, then by miles; never guesses. */
export function deliveryFee(
  rules: DeliveryRules | undefined,
  to: { readonly address: string; readonly miles?: number | null | undefined },
): DeliveryFee {
  const { zones = [], baseCents, includedMiles, perMileCents, isEachWay = false } = rules ?? {};
  const known = (cents: number): DeliveryFee => ({
    kind: 'known',
    totalCents: Math.round(cents * (isEachWay ? 2 : 1)),
    isEachWay,
  });
  const zone = zoneOf(zones, to.address);
  if (zone) return known(zone.cents);
  if (baseCents === undefined && perMileCents === undefined) return { kind: 'yard' };
  const hasDistance = includedMiles !== undefined || perMileCents !== undefined;
  if (!hasDistance) return known(baseCents ?? 0);
  const { miles } = to;
  if (miles === null || miles === undefined) return { kind: 'distance' };
  if (!(miles >= 0 && miles <= 1_000)) return { kind: 'yard' };
  const beyond = Math.max(0, miles - (includedMiles ?? 0));
  if (beyond > 0 && perMileCents === undefined) return { kind: 'yard' };
  return known((baseCents ?? 0) + beyond * (perMileCents ?? 0));
}

const streetWord =
  /^(?:streets?|st|avenue|ave|road|rd|drive|dr|lane|ln|court|ct|boulevard|blvd|way|place|pl|highway|hwy|parkway|pkwy|pike|circle|cir|trail|terrace)\b/;

function zoneOf(zones: readonly DeliveryZone[], address: string): DeliveryZone | undefined {
  const plain = address.toLowerCase().replaceAll(/[.,]+/g, ' ').replaceAll(/\s+/g, ' ').trim();
  // A house may have a number of five digits, too: the ZIP code stands last.
  const zip = /(?:^|\s)(\d{5})(?:-\d{4})?$/.exec(plain)?.[1];
  const byZip = zones.find(
    ({ place }) => 'from' in place && zip !== undefined && place.from <= zip && zip <= place.to,
  );
  if (byZip) return byZip;
  const rest = plain.replace(/\s?\d{5}(?:-\d{4})?$/, '');
  return zones
    .filter(({ place }) => 'town' in place && isIn(rest, place.town.toLowerCase()))
    .toSorted((a, b) => townLength(b) - townLength(a))[0];
}

/** The town ends the address, but for a state: `Springfield Avenue, Chicago` is not in Springfield. */
function isIn(address: string, town: string): boolean {
  const at = ` ${address}`.lastIndexOf(` ${town}`);
  if (at === -1) return false;
  const after = ` ${address}`.slice(at + 1 + town.length).trim();
  const follows = ` ${address}`.charAt(at + 1 + town.length);
  if (/\w/.test(follows)) return false;
  return after === '' || (/^[a-z]+(?: [a-z]+)?$/.test(after) && !streetWord.test(after));
}

function townLength({ place }: DeliveryZone): number {
  return 'town' in place ? place.town.length : 0;
}

/** The yard's window that the caller means; undefined when none of them is it. */
export function windowOf(windows: readonly string[], said: string): string | undefined {
  const key = (text: string) =>
    text
      .toLowerCase()
      .replaceAll(/\b(?:between|from|in|the|at|and|to|until|through|o'clock)\b|:00\b/g, ' ')
      .replaceAll(/[^a-z0-9]+/g, '')
      .replaceAll(/(?<=\d)(?:am|pm|a|p)/g, '');
  const wanted = key(said);
  if (wanted === '') return undefined;
  const exact = windows.filter((window) => key(window) === wanted);
  const near = windows.filter((window) => key(window).includes(wanted));
  const found = exact.length > 0 ? exact : near;
  return found.length === 1 ? found[0] : undefined;
}

/** `7 to 10 am`, from a window as the yard writes it. */
export function spokenWindow(window: string): string {
  return window.replaceAll(/(?<=[\dm]) ?[-–—] ?(?=\d)/g, ' to ');
}

/** An answer on which windows there are. */
export function windowsSentence(windows: readonly string[]): string {
  return `We deliver ${spokenList(windows.map(spokenWindow), 'or')}. Which suits you?`;
}

/** `$155 each way, $310 in all`. */
export function spokenFee(
  { totalCents, isEachWay }: Extract<DeliveryFee, { kind: 'known' }>,
  currency: string,
): string {
  if (totalCents === 0) return 'free';
  const total = spokenMoney(totalCents, currency);
  return isEachWay ? `${spokenMoney(totalCents / 2, currency)} each way, ${total} in all` : total;
}

import type { Inventory } from '../../tools/yard/equipment.ts';
import { spokenMoney } from '../../tools/yard/spoken.ts';

/** A question that only the sheet can answer. */
export type CanaryQuestion = { readonly says: string; readonly itemName: string };

/** The price of a day of a machine of the list; null when no machine has one price. `nth` says which. */
export function questionOf(list: Inventory, nth: number): CanaryQuestion | null {
  const names = [...new Set(list.units.map(({ name }) => name))].filter(
    (name) => priceOf(list, name) !== null,
  );
  const itemName = names[nth % names.length];
  if (itemName === undefined) return null;
  return { says: `How much is the ${itemName} for one day?`, itemName };
}

/** True when these words of the agent tell what the machine costs a day by that list. */
export function isRight(list: Inventory, { itemName }: CanaryQuestion, words: string): boolean {
  const cents = priceOf(list, itemName);
  return cents !== null && words.includes(spokenMoney(cents, list.yard.currency));
}

/** Of machines of one name that cost the same, and that somebody may rent. */
function priceOf({ units }: Inventory, name: string): number | null {
  const like = units.filter((unit) => unit.name === name);
  const rates = new Set(like.map(({ dailyRateCents }) => dailyRateCents));
  const [rate = null] = rates;
  const isLent = like.every(({ status }) => status === 'AVAILABLE' || status === 'RENTED');
  return rates.size === 1 && isLent ? rate : null;
}

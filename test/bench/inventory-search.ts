import { findEquipment } from '../../tools/find-equipment.ts';
import { prepareSearch } from '../../tools/yard/search-index.ts';
import { searchUnits } from '../../tools/yard/search.ts';
import { booking, inventory, nowMs, unit } from '../tools/yard/example-yard.ts';
import { quantile, rounded } from './statistics.ts';

const units = 5_000;
const bookings = 25_000;
const warmUps = 100;
const searches = 1_000;

const names = [
  (n: number) => `${n}' Electric Scissor Lift`,
  (n: number) => `${n} Ton Mini Excavator`,
  (n: number) => `${n} kW Towable Generator`,
  (n: number) => `Walk-Behind Trencher ${n}"`,
  (n: number) => `${n},000 lb Telehandler`,
  (n: number) => `${n}" Trash Pump`,
];
const asked = [
  'something to dig a trench',
  'scissor left',
  'a lift to reach 30 feet',
  'the cheapest lift',
  'skits deer',
  'bouncy castle',
  'two 19 foot scissor lifts',
  'excavadora',
];

/**
 * How long one search takes in a huge yard, in milliseconds: of the list alone, and with the answer;
 * and the longest that the event loop was held while the list's index was made.
 */
export async function measureSearch() {
  const list = inventory(
    Array.from({ length: units }, (_, n) =>
      unit({ itemId: `U-${n}`, name: `${names[n % names.length]?.((n % 60) + 1)} M${n}` }),
    ),
    {
      bookings: Array.from({ length: bookings }, (_, n) =>
        booking(`2026-12-${10 + (n % 20)}`, `2026-12-${10 + (n % 20)}`, {
          bookingId: `B-${n}`,
          itemId: `U-${n % units}`,
        }),
      ),
    },
  );
  const held = await longestHoldMs(() => prepareSearch(list.units));
  const deps = {
    inventory: () => list,
    clock: { nowMs: () => nowMs },
    inventoryMaxAgeMs: Infinity,
  };
  const time = (search: (query: string) => unknown) => {
    const times = Array.from({ length: warmUps + searches }, (_, n) => {
      const startedMs = performance.now();
      search(asked[n % asked.length] ?? '');
      return performance.now() - startedMs;
    });
    return rounded(quantile(times.slice(warmUps), 0.95), 2);
  };
  return {
    searchP95Ms: time((query) => searchUnits(list.units, query)),
    findP95Ms: time((query) => findEquipment(deps, { query })),
    indexHeldMs: rounded(held, 1),
  };
}

/** The longest time between two turns of the event loop while it runs. */
async function longestHoldMs(work: () => Promise<void>): Promise<number> {
  let [lastMs, longestMs] = [performance.now(), 0];
  const look = () => {
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
  };
  const looking = setInterval(look, 0);
  await work();
  look();
  clearInterval(looking);
  return longestMs;
}

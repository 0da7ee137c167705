import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { addDays, daysIn, dayNumber, weekday } from '../../tools/yard/rental-dates.ts';
import type { IsoDate } from '../../tools/yard/equipment.ts';
import { phoneCall } from '../tools/phone-call.ts';
import { inventory, unit } from '../tools/yard/example-yard.ts';

const consentFile = z.object({
  readBack: z.object({
    machine: z.string(),
    /** As it is spoken: `Tuesday, December 1st`, with its year when that is far. */
    from: z.string(),
    /** The same, or `Thursday the 3rd`; left out for one day. */
    through: z.string().nullish(),
    days: z.number().int().positive(),
    total: z.string(),
    deposit: z.string().nullish(),
    name: z.string(),
  }),
  cases: z.array(z.object({ says: z.string(), isConsent: z.boolean() })),
});

type ConsentFile = z.infer<typeof consentFile>;

/**
 * Says each case as the answer to the file's read-back, each in a call of its own with the real
 * tools, and looks whether it books.
 * @throws when the file is none, or its read-back is one that the tools would not speak.
 */
export async function run(path: string, { json }: { readonly json?: unknown }): Promise<boolean> {
  const { readBack, cases } = consentFile.parse(JSON.parse(await readFile(path, 'utf8')));
  let areAllRight = true;
  for (const { says, isConsent: want } of cases) {
    const booked = await books(says, readBack);
    const ok = booked === want;
    areAllRight &&= ok;
    const line = { says, booked, want, ok };
    console.log(
      json
        ? JSON.stringify(line)
        : `${ok ? 'ok   ' : 'WRONG'} ${booked ? 'booked' : 'not   '}  ${says}`,
    );
  }
  return areAllRight;
}

async function books(says: string, readBack: ConsentFile['readBack']): Promise<boolean> {
  const { machine, name: customer, days } = readBack;
  const start = dayOf(readBack.from);
  const end = addDays(start, days - 1);
  const totalCents = cents(readBack.total);
  const isShort = days <= 28;
  const rented = unit({
    name: machine,
    // One price whatever the block, so that every total can be had.
    dailyRateCents: isShort ? totalCents : totalCents / days,
    weeklyRateCents: isShort ? totalCents : null,
    fourWeekRateCents: isShort ? totalCents : null,
    depositCents: readBack.deposit ? cents(readBack.deposit) : null,
  });
  const nowMs = Date.parse(`${addDays(start, -9)}T18:00:00Z`);
  const { desk, turn } = phoneCall({
    list: inventory([rented], { fetchedAtMs: nowMs }),
    clock: { nowMs: () => nowMs },
  });
  const wish = { itemId: rented.itemId, start, end, customer };
  const { say } = await turn('I would like to book it.', 'book_equipment', wish);
  const parts = [machine, readBack.from, readBack.through ?? '', readBack.total, customer];
  const missing = parts.filter((part) => !say.includes(part));
  if (missing.length > 0 || daysIn({ start, end }) !== days) {
    throw new Error(`The tools would not read back "${missing.join('", "')}", but: ${say}`);
  }
  await turn(says, 'book_equipment', wish);
  return desk.bookings.length > 0;
}

/** The first day from this year on that is called so. */
function dayOf(spoken: string): IsoDate {
  const [, name = '', month = '', date = '', year] =
    /^(\w+day),? (\w+) (\d{1,2})\w*(?:, (\d{4}))?$/.exec(spoken) ?? [];
  const at = new Date(`${month} 1, 2000`).getMonth() + 1;
  const monthAndDate = `${String(at).padStart(2, '0')}-${date.padStart(2, '0')}`;
  const first = 2026;
  const years = year ? [year] : Array.from({ length: 12 }, (_, after) => String(first + after));
  const day = years
    .map((y) => `${y}-${monthAndDate}`)
    .find((iso) => dayNumber(iso) !== null && weekday(iso) === name);
  if (day === undefined) throw new Error(`No such day, or in another form: ${spoken}`);
  return day;
}

function cents(spoken: string): number {
  return Math.round(Number(spoken.replaceAll(/[^\d.]/g, '')) * 100);
}

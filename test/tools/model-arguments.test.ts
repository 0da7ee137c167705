import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phoneCall } from './phone-call.ts';
import { inventory, unit, yard } from './yard/example-yard.ts';
import * as fc from 'fast-check';
import { z } from 'zod';
import { modelArguments } from '../../tools/model-arguments.ts';
import { addDays, rentalDates, writtenDay } from '../../tools/yard/rental-dates.ts';

const shape = {
  itemId: z.string().max(20),
  quantity: z.number().nullish(),
  others: z.array(z.string()).nullish(),
  urgent: z.boolean().nullish(),
  phone: z.string().nullish(),
};

test('no value is none, however a model writes it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('null', 'None', 'undefined', '', 'N/A', ' nil ', 'NULL', '-'),
      (none) => {
        const read = modelArguments(shape).parse({
          itemId: none,
          quantity: none,
          others: none,
          urgent: none,
          phone: none,
        });
        assert.deepEqual(read, {
          itemId: '',
          quantity: null,
          others: null,
          urgent: null,
          phone: null,
        });
      },
    ),
  );
});

test('numbers and booleans as text, and text as a number, are taken for what they are', () => {
  const read = (args: object) => modelArguments(shape).parse({ itemId: 'E-1', ...args });
  assert.equal(read({ quantity: '2' }).quantity, 2);
  assert.equal(read({ quantity: 'two' }).quantity, 2);
  assert.equal(read({ urgent: 'False' }).urgent, false);
  assert.equal(read({ itemId: 131 }).itemId, '131');
  assert.deepEqual(read({ others: 'E-2' }).others, ['E-2']);
  assert.equal(modelArguments(shape).safeParse({ itemId: 'E-1', quantity: 'many' }).success, false);
});

test('the model is told of the same arguments as without the reading', () => {
  const told = (of: z.ZodType) => z.toJSONSchema(of, { target: 'draft-7', io: 'output' });
  assert.deepEqual(told(modelArguments(shape)), told(z.object(shape)));
});

const today = '2026-12-01';
const monthNames =
  'January February March April May June July August September October November December';

test('a day is the same in each of the forms in which models write it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 364 }), fc.nat(7), (ahead, form) => {
      const day = addDays(today, ahead);
      const [year = '', month = '', date = ''] = day.split('-');
      const name = monthNames.split(' ')[Number(month) - 1] ?? '';
      const forms = [
        day,
        `${day}T00:00:00Z`,
        `${day} 15:30`,
        `${month}/${date}/${year}`,
        `${Number(month)}/${Number(date)}`,
        `${name} ${Number(date)}`,
        `${Number(date)} ${name.slice(0, 3)} ${year}`,
        `${name.slice(0, 3)} ${Number(date)}, ${year}`,
      ];
      assert.equal(writtenDay(forms[form] ?? '', today), day);
    }),
  );
});

test('last year’s number on a day that is soon is that day; a day just past is asked about', () => {
  const dates = (start: string, end: string) => rentalDates(start, end, today);
  assert.deepEqual(dates('2025-12-03', '2025-12-05'), {
    ok: true,
    range: { start: '2026-12-03', end: '2026-12-05' },
  });
  for (const [start, problem] of [
    ['2026-11-28', 'past'],
    ['2019-12-03', 'past'],
    ['2026-02-30T00:00:00Z', 'not-a-date'],
    ['soon', 'not-a-date'],
    ['null', 'not-a-date'],
  ] as const) {
    const read = dates(start, start);
    assert.equal(read.ok ? null : read.problem, problem, start);
  }
});

test('12/1 is a day where there is one way to read it; elsewhere the caller is asked which', async () => {
  for (const [written, country, day] of [
    ['12/01/2026', 'US', '2026-12-01'],
    ['13/12/2026', 'US', '2026-12-13'],
    ['13/12/2026', 'GB', '2026-12-13'],
    ['12/13/2026', 'GB', '2026-12-13'],
    ['12/12', 'AU', '2026-12-12'],
    ['12/01/2026', 'GB', '12/01/2026'],
    ['12-1', 'CA', '12-1'],
  ] as const) {
    assert.equal(writtenDay(written, today, country), day, `${written} in ${country}`);
  }
  const london = { ...yard, timeZone: 'Europe/London', transferTo: [] };
  const { turn } = phoneCall({ list: inventory([unit()], { yard: london }) });
  const wish = { itemId: 'EX-1', start: '5/12/2026', end: '6/12/2026', customer: 'Maria Lopez' };
  const { say } = await turn('from the fifth', 'book_equipment', wish);
  assert.equal(say, 'Is that May 12, or December 5?');
});

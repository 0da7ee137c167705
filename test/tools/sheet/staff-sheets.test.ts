import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { takeMessage } from '../../../tools/journal/journal.ts';
import { createSheetsClient } from '../../../tools/sheet/client/sheets-client.ts';
import { loadInventory } from '../../../tools/sheet/read/inventory.ts';
import { findEquipment } from '../../../tools/find-equipment.ts';
import { quoteRental } from '../../../tools/quote-rental.ts';
import { onBothDatabases } from '../../agent/infra/store/both-databases.ts';
import {
  dateCell,
  errorCell,
  percentCell,
  type CellInput,
} from '../../harness/emulators/sheets-cell.ts';
import { waitFor, WriterRig } from './write/writer-rig.ts';
import { spreadsheetId } from './write/writer-settings.ts';

type Tabs = Readonly<Record<string, readonly (readonly CellInput[])[]>>;

/** The sheet as the calls read it, by the real client. */
async function read(rig: WriterRig) {
  const client = createSheetsClient({
    spreadsheetId,
    auth: { kind: 'none' },
    baseUrl: rig.sheets.baseUrl,
  });
  const { signal } = new AbortController();
  return loadInventory({ client, clock: rig.clock, signal, timeoutMs: 10_000 });
}

/** A phone booking of that machine, by the list as it is read now. */
async function bookByPhone(rig: WriterRig, itemId: string, start: string, end: string) {
  const { inventory } = await read(rig);
  return commitBooking(rig.store, {
    callId: 'call-1',
    clock: rig.clock,
    request: {
      lines: [{ itemId, start, end, totalCents: 90_000 }],
      customer: 'Jordan Sample',
      phone: '+15553010142',
      inventory,
    },
  });
}

const fleet: Tabs = {
  Fleet: [
    ['SMITH & SONS RENTAL - FLEET LIST'],
    [],
    [
      'Equip #',
      'Description',
      'Type',
      'Day',
      'Week',
      'Month',
      'Dep.',
      'Status',
      'Return',
      'Comments',
    ],
    [
      101,
      'Mini Ex',
      'Excavators',
      '$325.00',
      '$1,250.00',
      '$3,200.00',
      '$500',
      'Available',
      '',
      '',
    ],
    [
      102,
      'Mini Ex',
      'Excavators',
      '$325.00',
      '$1,250.00',
      '$3,200.00',
      '$500',
      'On Rent',
      '12/4',
      '',
    ],
    [112, 'Track Loader', 'Loaders', '$340.00', '', '', '$500', 'Reserved', '', 'Jones'],
    [160, 'Stump grinder', 'Landscape', '$185.00', '', '', '$200', 'SOLD', '', ''],
  ],
  Yard: [
    ['Name', 'Smith & Sons'],
    ['Time zone', 'America/Chicago'],
  ],
};

const toolStore: Tabs = {
  Equipment: [
    [
      'Item ID',
      'Name',
      'Category',
      '4 Hr',
      'Daily rate',
      'Weekly rate',
      'Four-week rate',
      'Deposit',
      'Status',
      'Due back',
    ],
    ['T-01', 'Aerator', 'Lawn', '$45', '$65/day', '$260', 'N/A', percentCell(20), 'In', ''],
    ['T-03', 'Grinder', 'Lawn', '$120', '$185.00', '$740', 'call', '$200', 'Out', '12/4'],
    [
      'T-07',
      'Concrete saw',
      'Concrete',
      '$60',
      '$85.00 + blade wear',
      '0',
      'N/A',
      '$100',
      'In',
      '',
    ],
    ['T-15', 'Boom lift', 'Access', 'N/A', 'call', 'call', 'call', '', 'In', ''],
  ],
  Yard: [
    ['Name', 'Tool store'],
    ['Time zone', 'America/Chicago'],
  ],
};

const british: Tabs = {
  Equipment: [
    ['Item ID', 'Name', 'Category', 'Daily rate', 'Weekly rate', 'Deposit', 'Status', 'Due back'],
    [
      'EX1',
      'Mini Digger',
      'Diggers',
      110,
      385,
      250,
      'RENTED',
      dateCell('2026-12-05', '05/12/2026'),
    ],
    ['EX3', 'Excavator 8t', 'Diggers', 260, 910, 500, 'AVAILABLE', ''],
  ],
  Bookings: [
    ['Booking ID', 'Item ID', 'Start', 'End', 'Status', 'Customer'],
    [
      'P1',
      'EX3',
      dateCell('2026-12-03', '03/12/2026'),
      dateCell('2026-12-05', '05/12/2026'),
      'CONFIRMED',
      'Brown',
    ],
    ['P4', 'ex3', '03/01/2027', '07/01/2027', 'CONFIRMED', 'Brown'],
  ],
  Yard: [['Name', 'Northfield Plant Hire']],
};

onBothDatabases(({ newStore }) => {
  test('a fleet list of a yard’s own is read, and a phone booking makes its Bookings', async () => {
    await using rig = await WriterRig.open(await newStore(), fleet);
    const { inventory, problems } = await read(rig);
    assert.deepEqual(
      inventory.units.map(({ itemId, status }) => [itemId, status]),
      [
        ['101', 'AVAILABLE'],
        ['102', 'RENTED'],
        ['112', 'RESERVED'],
      ],
    );
    assert.deepEqual(problems, []);
    rig.writer();
    const made = await bookByPhone(rig, '101', '2026-12-10', '2026-12-11');
    assert.ok(made.kind === 'committed');
    await rig.until(made.bookings[0]?.bookingId ?? '', 'confirmed');
    assert.deepEqual(rig.sheets.rows('Bookings')[1]?.slice(1, 5), [
      '101',
      'Mini Ex',
      '2026-12-10',
      '2026-12-11',
    ]);
    assert.equal((await bookByPhone(rig, '112', '2026-12-10', '2026-12-11')).kind, 'refused');
  });

  test('the odd cells of a tool store cost a machine that cell alone', async () => {
    await using rig = await WriterRig.open(await newStore(), toolStore);
    const { inventory, problems } = await read(rig);
    assert.deepEqual(
      inventory.units.map((of) => [
        of.itemId,
        of.dailyRateCents,
        of.weeklyRateCents,
        of.depositCents,
      ]),
      [
        ['T-01', 6_500, 26_000, null],
        ['T-03', 18_500, 74_000, 20_000],
        ['T-07', 8_500, null, 10_000],
        ['T-15', null, null, null],
      ],
    );
    assert.deepEqual(
      problems.filter(({ isNotice }) => !isNotice).map(({ row, column }) => `${row} ${column}`),
      [
        '2 Deposit',
        '3 Four-week rate',
        '4 Daily rate',
        '4 Weekly rate',
        '5 Daily rate',
        '5 Weekly rate',
        '5 Four-week rate',
      ],
    );
    const deps = { inventory: () => inventory, clock: rig.clock, inventoryMaxAgeMs: 900_000 };
    assert.match(
      findEquipment(deps, { query: 'boom lift' }).say,
      /free today, and I'll have someone call you with the price/,
    );
    const dates = { start: '2026-12-10', end: '2026-12-11' };
    assert.equal(quoteRental(deps, { itemId: 'T-15', ...dates }).problem, 'no-price');
    rig.writer();
    const made = await bookByPhone(rig, 'T-01', dates.start, dates.end);
    assert.ok(made.kind === 'committed');
    await rig.until(made.bookings[0]?.bookingId ?? '', 'confirmed');
  });

  test('a British sheet has its day first, its pounds, and no machine sold twice', async () => {
    await using rig = await WriterRig.open(await newStore(), british);
    rig.sheets.setLocale('en_GB', 'Europe/London');
    const { inventory, problems } = await read(rig);
    assert.deepEqual(
      inventory.bookings.map(({ itemId, start, end }) => [itemId, start, end]),
      [
        ['EX3', '2026-12-03', '2026-12-05'],
        ['EX3', '2027-01-03', '2027-01-07'],
      ],
    );
    assert.equal(inventory.yard.timeZone, 'Europe/London');
    assert.deepEqual(
      problems.map(({ column }) => column),
      ['time zone'],
    );
    const deps = { inventory: () => inventory, clock: rig.clock, inventoryMaxAgeMs: 900_000 };
    assert.match(findEquipment(deps, { query: 'excavator' }).say, /£260 a day/);
    assert.equal((await bookByPhone(rig, 'EX3', '2026-12-04', '2026-12-04')).kind, 'refused');
    assert.equal((await bookByPhone(rig, 'EX3', '2027-01-07', '2027-01-08')).kind, 'refused');
    rig.writer();
    const made = await bookByPhone(rig, 'EX3', '2026-12-10', '2026-12-11');
    assert.ok(made.kind === 'committed');
    await rig.until(made.bookings[0]?.bookingId ?? '', 'confirmed');
    assert.equal(rig.sheets.rows('Bookings').length, 4);
  });

  test('staff’s list without an id column holds its machine; a phone booking waits for the columns', async () => {
    const Rentals: readonly (readonly CellInput[])[] = [
      ['Machine', 'From', 'To', 'Name'],
      ['Excavator 8t', '03/12/2026', '06/12/2026', 'Brown'],
    ];
    const { Equipment = [], Yard = [] } = british;
    await using rig = await WriterRig.open(await newStore(), { Equipment, Rentals, Yard });
    rig.sheets.setLocale('en_GB');
    assert.equal((await bookByPhone(rig, 'EX3', '2026-12-05', '2026-12-05')).kind, 'refused');
    const made = await bookByPhone(rig, 'EX3', '2026-12-10', '2026-12-11');
    assert.ok(made.kind === 'committed');
    const before = rig.sheets.rows('Rentals');
    rig.writer();
    await waitFor(() => rig.logged('sheet.write-failed') > 0);
    const failure = rig.lines.find((line) => line['event'] === 'sheet.write-failed');
    assert.match(
      JSON.stringify(failure),
      /Tab \\"Rentals\\" lacks the columns \\"Booking ID\\", \\"Item ID\\", \\"Status\\"/,
    );
    assert.deepEqual(rig.sheets.rows('Rentals'), before);
    for (const [cell, name] of [
      ['E1', 'Booking ID'],
      ['F1', 'Item ID'],
      ['G1', 'Status'],
    ] as const) {
      rig.sheets.setCell('Rentals', cell, name);
    }
    await rig.until(made.bookings[0]?.bookingId ?? '', 'confirmed');
    const rows = JSON.stringify(rig.sheets.rows('Rentals'));
    assert.match(rows, /Excavator 8t","03\/12\/2026","06\/12\/2026","Brown"/);
  });

  test('a protected Equipment and a Bookings without a column hold up no message', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.sheets.protect('Equipment');
    const { bookingId } = await rig.book();
    rig.writer();
    // It covers today, so that the unit should be set RENTED, which nobody but the owner may.
    await rig.until(bookingId, 'confirmed');
    rig.sheets.renameColumn('Bookings', 'Start', 'Wann');
    await rig.book({ itemId: 'GN-01' });
    const message = { customer: 'Cleo', phone: null, text: 'Please call back.' };
    await takeMessage(rig.store, { callId: 'call-2', message, clock: rig.clock });
    await waitFor(() => rig.logged('message.delivered') === 1);
    rig.sheets.renameColumn('Bookings', 'Wann', 'Start');
    await waitFor(() => rig.isDelivered());
  });

  const staffRows: readonly (readonly CellInput[])[] = [
    ['S1', 'EX3', '12/4', '12/6', 'CONFIRMED'],
    ['S1', 'EX3', 'Dec 3', 'Dec 6', 'CONFIRMED'],
    ['S1', 'EX3', '4-Dec-26', '6-Dec-26', ''],
    ['S1', 'EX3', 'Fri 12/4/26', '12/6/26', 'CONFIRMED'],
    ['S1', 'EX3', '2026/12/03', '2026/12/06', 'CONFIRMED'],
    ['S1', 'EX3', '03.12.2026', '06.12.2026', 'CONFIRMED'],
    ['S1', 'EX3', '12/4/2026 8:00 AM', '12/6/2026', 'CONFIRMED'],
    ['S1', 'EX3', dateCell('2026-12-03', '3. Dez'), dateCell('2026-12-06', '6. Dez'), 'CONFIRMED'],
    ['S1', 'EX3', '2026-12-03', '', 'CONFIRMED'],
    ['S1', 'EX3', '2026-12-03', 'TBD', 'CONFIRMED'],
    ['S1', 'EX3', '2026-12-03', '2026-12-01', 'CONFIRMED'],
    ['S1', 'EX3', errorCell('#N/A'), errorCell('#N/A'), 'CONFIRMED'],
    ['S1', 'ex-3', '2026-12-03', '2026-12-06', 'cancelled?'],
    ['S1', 'EX1, EX3', '2026-12-03', '2026-12-06', 'CONFIRMED'],
    ['', 'Excavator 8t', '2026-12-03', '2026-12-06', 'deposit paid'],
  ];
  for (const row of staffRows) {
    const shown = row.map((cell) => (typeof cell === 'object' ? cell?.value : cell)).join(' | ');
    test(`the machine of staff's row is not sold again: ${shown}`, async () => {
      const header = british['Bookings']?.[0] ?? [];
      await using rig = await WriterRig.open(await newStore(), {
        ...british,
        Bookings: [header, row],
      });
      const result = await bookByPhone(rig, 'EX3', '2026-12-05', '2026-12-05');
      assert.equal(result.kind, 'refused');
      const { inventory } = await read(rig);
      if (inventory.bookings.some(({ status }) => status === 'UNCLEAR')) {
        const deps = { inventory: () => inventory, clock: rig.clock, inventoryMaxAgeMs: 900_000 };
        const dates = { start: '2026-12-05', end: '2026-12-05' };
        const { say } = findEquipment(deps, { query: 'excavator', ...dates });
        assert.match(say, /someone must check that one; I'll take your number/);
      }
    });
  }
});

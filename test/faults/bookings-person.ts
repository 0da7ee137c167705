import assert from 'node:assert/strict';
import { bookingFault } from './booking-scene.ts';
import type { BookingScene } from './booking-scene.ts';
import type { FaultCase } from './fault-case.ts';
import timers from 'node:timers/promises';

const bookedOnce = { spoken: ['confirmed'], rowsInSheet: 1, inJournal: 1 } as const;
const notBooked = { spoken: ['refused'], rowsInSheet: 0, inJournal: 0 } as const;
/** Long enough for the writer to have met the renamed column. */
const noticedMs = 2_000;

/** A person changes the sheet between the read-back and the yes. */
const meanwhile = (edit: (scene: BookingScene) => void) => async (scene: BookingScene) => {
  await scene.readBack();
  edit(scene);
  await scene.agree();
};

const sheetRow = ({ office }: BookingScene, itemId: string) =>
  office.sheets.rows('Equipment').findIndex((row) => row.includes(itemId)) + 1;

const setStatus = (scene: BookingScene, status: string) =>
  scene.office.sheets.setCell('Equipment', `H${sheetRow(scene, scene.wish.itemId)}`, status);

/** The rows move between the writer's reading and its writing of the unit's status. */
const sortedUnderTheWriter = async (scene: BookingScene) => {
  const { sheets } = scene.office;
  await scene.readBack();
  let sorted = 0;
  sheets.faults.on(
    (endpoint) => {
      if (endpoint === 'values.batchUpdate' && sorted === 0) {
        sorted += 1;
        sheets.sortBy('Equipment', 'Daily rate');
      }
      return false;
    },
    { do: 'hang' },
  );
  await scene.agree();
  await scene.office.until(
    'the unit is rented',
    () => statusOf(scene, scene.wish.itemId) === 'RENTED',
  );
  assert.equal(sorted, 1);
};

const statusOf = ({ office }: BookingScene, itemId: string) =>
  office.cell('Equipment', itemId, 'Status');

/** Nothing but the booked unit's status is another than at the start. */
const othersAsTheyWere = async (scene: BookingScene) => {
  await scene.office.until('no other unit is touched', () =>
    ['SS-01', 'SL-01', 'GN-01', 'TR-01', 'PC-01'].every(
      (itemId) => statusOf(scene, itemId) === 'AVAILABLE',
    ),
  );
};

/** A supervisor that starts goes through the whole sheet at once. */
const restart = async (scene: BookingScene) => {
  await scene.killSupervisor();
  await scene.startSupervisor();
};

/** Staff move the confirmed booking by four weeks, in its row. */
const movedByStaff = async (scene: BookingScene) => {
  const { office, wish } = scene;
  await scene.readBack();
  await scene.agree();
  const row = office.sheets.rows('Bookings').findIndex((cells) => cells.includes(wish.itemId)) + 1;
  office.sheets.setCell('Bookings', `D${row}`, office.day(29));
  office.sheets.setCell('Bookings', `E${row}`, office.day(31));
  await restart(scene);
  await office.until(
    'the journal follows',
    async () => (await office.journal())[0]?.startDay === office.day(29),
  );
};

/** All rows but the first are deleted, by mistake. */
const emptied = async (scene: BookingScene) => {
  const { sheets } = scene.office;
  for (const itemId of ['GN-01', scene.wish.itemId]) {
    await scene.readBack({ itemId });
    await scene.agree({ itemId });
  }
  await scene.office.delivered();
  while (sheets.rows('Bookings').length > 1) sheets.deleteRow('Bookings', 2);
  await restart(scene);
  await scene.supervisor.waitFor('booking.rows-missing');
};

/** Faults of people, who go on editing their sheet. */
export const personFaults: readonly FaultCase[] = [
  bookingFault('staff-rents-out-the-unit', {
    act: meanwhile((scene) => setStatus(scene, 'RENTED')),
    expected: notBooked,
    holds: (scene) => assert.equal(statusOf(scene, scene.wish.itemId), 'RENTED'),
  }),
  bookingFault('staff-rents-out-the-unit-while-the-sheet-is-away', {
    act: async (scene) => {
      await scene.readBack();
      const over = scene.office.sheets.faults.on('*', { do: 'refuse', status: 503 });
      await scene.agree();
      setStatus(scene, 'RENTED');
      over();
    },
    // Staff wins: a conflict in the journal, for somebody to call back, and no row.
    expected: { spoken: ['pending'], rowsInSheet: 0, inJournal: 1 },
    holds: async ({ office }) => assert.equal((await office.journal())[0]?.state, 'conflict'),
  }),
  bookingFault('staff-books-the-unit', {
    act: meanwhile(({ office, wish }) =>
      office.sheets.insertRow('Bookings', 2, [
        '',
        wish.itemId,
        'Mini excavator',
        wish.start,
        wish.end,
        'CONFIRMED',
        'A walk-in',
      ]),
    ),
    // The row of the staff, and no other.
    expected: { ...notBooked, rowsInSheet: 1 },
  }),
  bookingFault('staff-sorts-the-rows', {
    act: meanwhile(({ office }) => office.sheets.sortBy('Equipment', 'Daily rate')),
    expected: bookedOnce,
    holds: othersAsTheyWere,
  }),
  bookingFault('staff-sorts-between-read-and-write', {
    wish: (office) => ({ start: office.day(0), end: office.day(1) }),
    act: sortedUnderTheWriter,
    expected: bookedOnce,
    holds: othersAsTheyWere,
  }),
  bookingFault('staff-deletes-the-row', {
    act: meanwhile((scene) =>
      scene.office.sheets.deleteRow('Equipment', sheetRow(scene, scene.wish.itemId)),
    ),
    expected: notBooked,
  }),
  bookingFault('staff-renames-a-column', {
    act: async (scene) => {
      const { sheets } = scene.office;
      await scene.readBack();
      sheets.renameColumn('Equipment', 'Item ID', 'Shelf');
      await scene.agree();
      await timers.setTimeout(noticedMs);
      sheets.renameColumn('Equipment', 'Shelf', 'Item ID');
    },
    // The last good list stands for the tab that cannot be read; the bookings' own tab goes on.
    expected: bookedOnce,
  }),
  bookingFault('staff-moves-the-booking', {
    act: movedByStaff,
    expected: bookedOnce,
    holds: async ({ office }) => {
      const days = await office.store.db.selectFrom('bookedDays').select('day').execute();
      assert.deepEqual(
        days.map(({ day }) => day).sort(),
        [29, 30, 31].map((n) => office.day(n)),
      );
    },
  }),
  bookingFault('bookings-tab-emptied', {
    act: emptied,
    expected: { spoken: ['confirmed'], rowsInSheet: 0, inJournal: 2 },
    holds: async ({ office }) => {
      const states = (await office.journal()).map(({ state }) => state);
      assert.deepEqual(states, ['confirmed', 'confirmed']);
    },
  }),
];

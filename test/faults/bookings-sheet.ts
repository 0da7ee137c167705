import assert from 'node:assert/strict';
import timers from 'node:timers/promises';
import type { Fault } from '../harness/emulators/faults.ts';
import { exampleSheet } from '../harness/yard/example-sheet.ts';
import { bookingFault } from './booking-scene.ts';
import type { BookingScene } from './booking-scene.ts';
import type { FaultCase } from './fault-case.ts';

/** An outage of a minute, shortened: long enough for several tries of the sheet writer. */
const outageMs = 6_000;
/** The writer gives a request up after 8 s, and sends it again after 10. */
const lateMs = 15_000;
/** The sheet does not confirm in time: it is not said that it did, and nothing is lost. */
const pendingOnce = { spoken: ['pending'], rowsInSheet: 1, inJournal: 1 } as const;
const bookedOnce = { spoken: ['confirmed'], rowsInSheet: 1, inJournal: 1 } as const;

/** Every request fails so from before the yes until `outageMs` after the answer. */
const outage = (fault: Fault) => async (scene: BookingScene) => {
  await scene.readBack();
  const over = scene.office.sheets.faults.on('*', fault);
  await scene.agree();
  await timers.setTimeout(outageMs);
  over();
};

/** The spreadsheet is not shared with us any more, until somebody notices. */
const unshared = async (scene: BookingScene) => {
  await scene.readBack();
  scene.office.sheets.setSharing('none');
  await scene.agree();
  await timers.setTimeout(outageMs);
  scene.office.sheets.setSharing('editor');
};

const slow = async (scene: BookingScene) => {
  await scene.readBack();
  scene.office.sheets.setLatency(5_000);
  await scene.agree();
  scene.office.sheets.setLatency(0);
};

/** Google is a network away, and has only one answer to lose. */
const replyLost = (fault: Fault) => async (scene: BookingScene) => {
  await scene.readBack();
  scene.office.sheets.faults.next('spreadsheets.batchUpdate', fault);
  await scene.agree();
};

/** Google applies the append long after the writer gave it up and sent another. */
const appliedLate = async (scene: BookingScene) => {
  const { office, wish } = scene;
  await scene.readBack();
  office.sheets.faults.next('spreadsheets.batchUpdate', { do: 'delay', delayMs: lateMs });
  await scene.agree();
  await office.until('both rows are there', () => office.rowsOf(wish.itemId).length === 2);
  // The next one goes through the whole sheet at once.
  await scene.killSupervisor();
  await scene.startSupervisor();
  await office.until(
    'only the first of them counts',
    () => statusesOf(scene) === 'CONFIRMED,CANCELLED',
  );
};

const statusesOf = ({ office, wish }: BookingScene) =>
  office
    .rowsOf(wish.itemId)
    .map((row) => row[5])
    .join();

const units = 5_000;
const bookings = 20_000;

/** A yard far beyond what one spreadsheet is good for; the last unit is the one that is booked. */
function hugeSheet(): typeof exampleSheet {
  const [header = [], first = []] = exampleSheet['Equipment'] ?? [];
  const [bookingHeader = []] = exampleSheet['Bookings'] ?? [];
  const idOf = (n: number) => `U-${String(n).padStart(4, '0')}`;
  const unitRows = Array.from({ length: units }, (_, n) => [
    idOf(n),
    `Machine ${n}`,
    ...first.slice(2),
  ]);
  const bookingRows = Array.from({ length: bookings }, (_, n) => {
    const day = `2024-${String(1 + (n % 12)).padStart(2, '0')}-15`;
    const made = [`B${n}`, idOf(n % (units - 1)), 'Machine', day, day, 'CONFIRMED', 'Somebody'];
    return [...made, '(312) 555-0100', 100, '2024-01-01 10:00', `call-${n}`];
  });
  return {
    ...exampleSheet,
    Equipment: [header, ...unitRows],
    Bookings: [bookingHeader, ...bookingRows],
  };
}

/** Faults of Google Sheets. */
export const sheetFaults: readonly FaultCase[] = [
  bookingFault('sheet-healthy', {
    act: async (scene) => {
      await scene.readBack();
      await scene.agree();
    },
    expected: bookedOnce,
  }),
  bookingFault('sheet-slow-5s', { act: slow, expected: pendingOnce }),
  bookingFault('sheet-hanging', { act: outage({ do: 'hang' }), expected: pendingOnce }),
  bookingFault('sheet-429', { act: outage({ do: 'refuse', status: 429 }), expected: pendingOnce }),
  bookingFault('sheet-500', { act: outage({ do: 'refuse', status: 500 }), expected: pendingOnce }),
  bookingFault('sheet-403', { act: unshared, expected: pendingOnce }),
  bookingFault('sheet-404', { act: outage({ do: 'refuse', status: 404 }), expected: pendingOnce }),
  bookingFault('sheet-garbage', { act: outage({ do: 'garbage' }), expected: pendingOnce }),
  bookingFault('sheet-truncated', {
    act: outage({ do: 'truncate', after: 20 }),
    expected: pendingOnce,
  }),
  bookingFault('reply-lost-after-write', {
    act: replyLost({ do: 'drop', applied: true }),
    // The writer looks after a second: the caller may still be there for it.
    expected: { ...bookedOnce, spoken: ['confirmed', 'pending'] },
  }),
  bookingFault('reply-truncated-after-write', {
    act: replyLost({ do: 'truncate', after: 20 }),
    expected: { ...bookedOnce, spoken: ['confirmed', 'pending'] },
  }),
  bookingFault('append-applied-late', {
    act: appliedLate,
    expected: { ...pendingOnce, rowsInSheet: 2 },
    holds: async ({ office }) => assert.equal((await office.journal())[0]?.state, 'confirmed'),
  }),
  bookingFault('5000-units-20000-bookings', {
    sheet: hugeSheet(),
    wish: () => ({ itemId: `U-${units - 1}` }),
    act: async (scene) => {
      await scene.readBack();
      await scene.agree();
    },
    expected: { ...bookedOnce, spoken: ['confirmed', 'pending'] },
  }),
];

import assert from 'node:assert/strict';
import { exampleSheetOfSeveral } from '../harness/yard/example-sheet.ts';
import { postgresForDatabases } from '../harness/yard/postgres.ts';
import type { BookingTool, ToolResult } from './booking-calls.ts';
import { bookingFault, type BookingScene } from './booking-scene.ts';
import {
  calledOffOnce,
  codeOf,
  extend,
  fromToday,
  killedAfter,
  rowOf,
  staffCell,
} from './bookings-life.ts';
import type { FaultCase } from './fault-case.ts';

const threeEach = { sheet: exampleSheetOfSeveral(3) } as const;
const two = { wish: () => ({ quantity: 2 }) } as const;
const bothMachines = { wish: () => ({ alsoItemIds: ['GN-01'] }) } as const;
const none = { spoken: ['refused'], rowsInSheet: 0, inJournal: 0 } as const;
/** Another process has the line by then: that the sheet shows it may come too late to be said. */
const killed = ['confirmed', 'pending'] as const;

const booked = async (scene: BookingScene) => {
  await scene.readBack();
  await scene.agree();
};

/** Something happens to the sheet between the read-back and the yes. */
const meanwhile = (act: (scene: BookingScene) => void) => async (scene: BookingScene) => {
  await scene.readBack();
  act(scene);
  await scene.agree();
};

/** The job dies after its commit, and the next one of the call is asked for the same again. */
const jobKilled = (count: number) => async (scene: BookingScene) => {
  await scene.readBack();
  const isCommitted = async () => (await scene.office.journal()).length === count;
  await killedAfter(scene, () => scene.agree(), isCommitted, 'spreadsheets.batchUpdate');
  await scene.book("I'd like to book it, please.");
  await scene.agree();
};

const supervisorKilled = (count: number) => async (scene: BookingScene) => {
  const { faults } = scene.office.sheets;
  await scene.readBack();
  faults.on('spreadsheets.batchUpdate', { do: 'stall', after: 0, everyMs: 60_000 });
  const answered = scene.agree();
  await scene.office.until(
    'the rows are written',
    () => scene.office.sheets.rows('Bookings').length > count,
  );
  await scene.killSupervisor();
  await answered;
  faults.clear();
  await scene.startSupervisor();
};

const byStaff = ({ office, wish }: BookingScene, itemId = wish.itemId, days?: [string, string]) =>
  office.sheets.insertRow('Bookings', 2, [
    '',
    itemId,
    'A machine',
    ...(days ?? [wish.start, wish.end]),
    'CONFIRMED',
    'A walk-in',
  ]);

const setQuantity = ({ office, wish }: BookingScene, quantity: number) => {
  const rows = office.sheets.rows('Equipment');
  const row = rows.findIndex((of) => of.includes(wish.itemId)) + 1;
  const column = String.fromCodePoint(65 + (rows[0] ?? []).indexOf('Quantity'));
  office.sheets.setCell('Equipment', `${column}${row}`, quantity);
};

/** Every row of the sheet is of a booking of the journal, and each of these has its one row. */
const sheetIsJournal = async ({ office }: BookingScene) => {
  const [header = [], ...rows] = office.sheets.rows('Bookings');
  const cell = (row: (typeof rows)[number], column: string) => String(row[header.indexOf(column)]);
  const inSheet = rows.map(
    (row) => `${cell(row, 'Item ID')} ${cell(row, 'Start')} ${cell(row, 'End')}`,
  );
  const live = (await office.journal()).filter(({ state }) => state === 'confirmed');
  const inJournal = live.map(({ itemId, startDay, endDay }) => `${itemId} ${startDay} ${endDay}`);
  assert.deepEqual(inSheet.sort(), inJournal.sort());
};

/** One code for all machines of the booking, and each of them once. */
const oneBookingOf = (itemIds: readonly string[]) => async (scene: BookingScene) => {
  await sheetIsJournal(scene);
  const journal = await scene.office.journal();
  assert.deepEqual(journal.map(({ itemId }) => itemId).sort(), itemIds.toSorted());
  // A line after the first one has its number behind the code.
  const codes = new Set(journal.map(({ bookingId }) => bookingId.replace(/-\d$/, '')));
  assert.equal(codes.size, 1, [...codes].join(' '));
};

const nothingHeld = async ({ office }: BookingScene) => {
  assert.deepEqual(await office.store.db.selectFrom('bookedDays').selectAll().execute(), []);
};

// ---- Other days ----

async function changeDays(scene: BookingScene, code: string, act: () => void = () => {}) {
  const args = { code, start: scene.office.day(6), end: scene.office.day(8) };
  const { answer } = await scene.again('change_booking', args, 'I need it on other days.');
  assert.match(answer.say, /Shall I change it\?$/);
  act();
  return scene.again('change_booking', args, 'Yes, please.');
}

const startsOn = (day: number) => async (scene: BookingScene) => {
  assert.equal((await scene.office.journal())[0]?.startDay, scene.office.day(day));
  const held = await scene.office.store.db.selectFrom('bookedDays').select('day').execute();
  assert.deepEqual(
    held.map((of) => of.day).sort(),
    [0, 1, 2].map((more) => scene.office.day(day + more)),
  );
};

const once = { spoken: ['confirmed'], rowsInSheet: 1, inJournal: 1 } as const;

// ---- Races ----

/** One process for each caller, who agree to what each of them heard, all at the same moment. */
async function race(
  scene: BookingScene,
  callers: number,
  use: (nth: number) =>
    | Promise<{ readonly tool: BookingTool; readonly args: object }>
    | {
        readonly tool: BookingTool;
        readonly args: object;
      },
): Promise<readonly ToolResult[]> {
  const processes = Array.from({ length: callers }, () => scene.office.startCalls());
  const each = await Promise.all(
    processes.map(async (process, nth) => {
      const asked = { callId: `race-${nth}`, ...(await use(nth)) };
      const { answer } = await process.use({ ...asked, words: 'I need that, please.' });
      assert.match(answer.say, /Shall I [^?]+\?$/);
      return { process, asked };
    }),
  );
  const results = await Promise.all(
    each.map(({ process, asked }) => process.use({ ...asked, words: 'Yes, please.' })),
  );
  scene.results.push(...results);
  return results;
}

const isPromised = ({ answer }: ToolResult) =>
  /\byou're booked\b|taken your request|is taken\.|changed your booking|is extended through|noted the (?:change|extension)/i.test(
    answer.say,
  );

const promised = (results: readonly ToolResult[], count: number) => {
  const heard = results.map(({ answer }) => answer.say).join(' | ');
  assert.equal(results.filter(isPromised).length, count, heard);
};

type Race = {
  readonly name: string;
  readonly options: Omit<Parameters<typeof bookingFault>[1], 'databaseUrl'>;
};

/** The same on both databases. Who of the callers is told last is left to chance. */
function onBoth({ name, options }: Race): readonly FaultCase[] {
  return [
    bookingFault(`${name}-sqlite`, options),
    {
      name: `${name}-postgres`,
      run: async () => {
        const postgres = await postgresForDatabases();
        try {
          const databaseUrl = await postgres.createDatabase();
          return await bookingFault(`${name}-postgres`, { ...options, databaseUrl }).run();
        } finally {
          await postgres.stop();
        }
      },
    },
  ];
}

const anyOf = ['confirmed', 'pending', 'refused'] as const;
const caller = (nth: number) => `Caller ${String.fromCodePoint(65 + nth)}`;

const races: readonly Race[] = [
  {
    name: 'processes-race-for-the-last-of-a-class',
    options: {
      ...threeEach,
      act: async (scene) => {
        const { quantity: _, ...wish } = scene.wish;
        const results = await race(scene, 5, (nth) => ({
          tool: 'book_equipment',
          args: { ...wish, customer: caller(nth) },
        }));
        promised(results, 3);
      },
      expected: { spoken: anyOf, rowsInSheet: 3, inJournal: 3 },
      holds: sheetIsJournal,
    },
  },
  {
    name: 'processes-race-for-two-lines',
    options: {
      act: async (scene) => {
        const ids = [
          ['EX-01', 'GN-01'],
          ['GN-01', 'EX-01'],
          ['EX-01', 'GN-01'],
        ];
        const results = await race(scene, 3, (nth) => {
          const [itemId, ...alsoItemIds] = ids[nth] ?? [];
          const args = { ...scene.wish, itemId, alsoItemIds, customer: caller(nth) };
          return { tool: 'book_equipment', args };
        });
        promised(results, 1);
      },
      expected: { spoken: anyOf, rowsInSheet: 1, inJournal: 2 },
      holds: sheetIsJournal,
    },
  },
  {
    name: 'processes-race-to-change-days',
    options: {
      sheet: exampleSheetOfSeveral(2),
      act: async (scene) => {
        const codes = await bookedBy(scene, 2);
        await bookedBy(scene, 1, [6, 8], 2);
        const [start, end] = [scene.office.day(6), scene.office.day(8)];
        const results = await race(scene, 2, (nth) => ({
          tool: 'change_booking',
          args: { code: codes[nth], start, end },
        }));
        promised(results, 1);
      },
      expected: { spoken: anyOf, rowsInSheet: 3, inJournal: 3 },
      holds: sheetIsJournal,
    },
  },
  {
    name: 'processes-race-to-extend',
    options: {
      sheet: exampleSheetOfSeveral(2),
      ...fromToday,
      act: async (scene) => {
        const codes = await bookedBy(scene, 2, [0, 2]);
        await bookedBy(scene, 1, [3, 5], 2);
        const results = await race(scene, 2, (nth) => ({
          tool: 'change_booking',
          args: { code: codes[nth], end: scene.office.day(4) },
        }));
        promised(results, 1);
      },
      expected: { spoken: anyOf, rowsInSheet: 3, inJournal: 3 },
      holds: sheetIsJournal,
    },
  },
  {
    name: 'processes-race-to-call-off',
    options: {
      ...fromToday,
      act: async (scene) => {
        const code = await codeOf(scene);
        await race(scene, 3, () => ({
          tool: 'call_off_rent',
          args: { code, address: '12 Mill Road' },
        }));
      },
      expected: { spoken: ['confirmed'], rowsInSheet: 1, inJournal: 1 },
      holds: calledOffOnce,
    },
  },
];

/** So many callers have one of the machines each, on these days; their codes. */
async function bookedBy(
  scene: BookingScene,
  callers: number,
  [first, last]: readonly [number, number] = [1, 3],
  from = 0,
): Promise<readonly string[]> {
  const { office, calls, wish } = scene;
  const codes: string[] = [];
  for (let nth = from; nth < from + callers; nth += 1) {
    const args = { ...wish, start: office.day(first), end: office.day(last) };
    const use = {
      callId: `before-${nth}`,
      tool: 'book_equipment',
      args: { ...args, customer: caller(nth) },
    } as const;
    await calls.use({ ...use, words: "I'd like to book it, please." });
    const { answer } = await calls.use({ ...use, words: 'Yes, please.' });
    codes.push(answer.booking?.code ?? assert.fail(answer.say));
  }
  await office.delivered();
  return codes;
}

/** Faults of bookings of several machines, of changes, and of processes that want the last one. */
export const classFaults: readonly FaultCase[] = [
  bookingFault('quantity-booked', {
    ...threeEach,
    ...two,
    act: booked,
    expected: { spoken: ['confirmed'], rowsInSheet: 2, inJournal: 2 },
    holds: oneBookingOf(['EX-01', 'EX-01']),
  }),
  bookingFault('quantity-job-killed-after-commit', {
    ...threeEach,
    ...two,
    act: jobKilled(2),
    expected: { spoken: killed, rowsInSheet: 2, inJournal: 2 },
    holds: oneBookingOf(['EX-01', 'EX-01']),
  }),
  bookingFault('quantity-supervisor-killed-after-append', {
    ...threeEach,
    ...two,
    act: supervisorKilled(2),
    expected: { spoken: ['pending'], rowsInSheet: 2, inJournal: 2 },
    holds: oneBookingOf(['EX-01', 'EX-01']),
  }),
  bookingFault('quantity-reply-lost-after-write', {
    ...threeEach,
    ...two,
    act: meanwhile(({ office }) =>
      office.sheets.faults.next('spreadsheets.batchUpdate', { do: 'drop', applied: true }),
    ),
    expected: { spoken: killed, rowsInSheet: 2, inJournal: 2 },
    holds: oneBookingOf(['EX-01', 'EX-01']),
  }),
  bookingFault('quantity-staff-book-two', {
    ...threeEach,
    ...two,
    act: meanwhile((scene) => {
      byStaff(scene);
      byStaff(scene);
    }),
    expected: { ...none, rowsInSheet: 2 },
    holds: nothingHeld,
  }),
  bookingFault('quantity-staff-lower-the-number', {
    ...threeEach,
    ...two,
    act: meanwhile((scene) => setQuantity(scene, 1)),
    expected: none,
    holds: nothingHeld,
  }),
  bookingFault('two-lines-booked', {
    ...bothMachines,
    act: booked,
    expected: once2(['confirmed']),
    holds: oneBookingOf(['EX-01', 'GN-01']),
  }),
  bookingFault('two-lines-job-killed-after-commit', {
    ...bothMachines,
    act: jobKilled(2),
    expected: once2(killed),
    holds: oneBookingOf(['EX-01', 'GN-01']),
  }),
  bookingFault('two-lines-supervisor-killed-after-append', {
    ...bothMachines,
    act: supervisorKilled(2),
    expected: once2(['pending']),
    holds: oneBookingOf(['EX-01', 'GN-01']),
  }),
  bookingFault('two-lines-while-the-sheet-is-away', {
    ...bothMachines,
    act: async (scene) => {
      await scene.readBack();
      const over = scene.office.sheets.faults.on('*', { do: 'refuse', status: 503 });
      await scene.agree();
      over();
    },
    expected: once2(['pending']),
    holds: oneBookingOf(['EX-01', 'GN-01']),
  }),
  bookingFault('two-lines-staff-book-one', {
    ...bothMachines,
    act: meanwhile((scene) => byStaff(scene, 'GN-01')),
    expected: none,
    holds: nothingHeld,
  }),
  bookingFault('days-changed-and-delivered', {
    act: async (scene) => void (await changeDays(scene, await codeOf(scene))),
    expected: once,
    holds: async (scene) => {
      await sheetIsJournal(scene);
      await startsOn(6)(scene);
    },
  }),
  bookingFault('days-changed-job-killed-after-commit', {
    act: async (scene) => {
      const code = await codeOf(scene);
      const start = scene.office.day(6);
      await killedAfter(
        scene,
        () => changeDays(scene, code),
        async () => (await scene.office.journal())[0]?.startDay === start,
      );
      await scene.again('find_booking', { code }, 'Did that go through?');
    },
    expected: { ...once, spoken: killed },
    holds: async (scene) => {
      await sheetIsJournal(scene);
      await startsOn(6)(scene);
    },
  }),
  bookingFault('days-changed-staff-write-in-the-row', {
    act: async (scene) => {
      const code = await codeOf(scene);
      await changeDays(scene, code, () => staffCell(scene, 'I', '777'));
    },
    expected: { ...once, spoken: killed },
    holds: async (scene) => {
      await startsOn(6)(scene);
      assert.equal(String(rowOf(scene)[8]), '777');
    },
  }),
  bookingFault('days-changed-staff-book-the-days', {
    act: async (scene) => {
      const code = await codeOf(scene);
      const days: [string, string] = [scene.office.day(7), scene.office.day(7)];
      await changeDays(scene, code, () => byStaff(scene, scene.wish.itemId, days));
    },
    expected: { spoken: ['refused'], rowsInSheet: 2, inJournal: 1 },
    holds: startsOn(1),
  }),
  bookingFault('days-changed-while-the-sheet-is-away', {
    act: async (scene) => {
      const code = await codeOf(scene);
      const over = scene.office.sheets.faults.on('*', { do: 'refuse', status: 503 });
      await changeDays(scene, code);
      over();
    },
    expected: { ...once, spoken: ['pending'] },
    holds: async (scene) => {
      await sheetIsJournal(scene);
      await startsOn(6)(scene);
    },
  }),
  bookingFault('extension-of-a-class-staff-book-the-rest', {
    sheet: exampleSheetOfSeveral(2),
    ...fromToday,
    act: async (scene) => {
      const { office, wish } = scene;
      const code = await codeOf(scene);
      const days: [string, string] = [office.day(4), office.day(4)];
      await extend(scene, code, () => {
        byStaff(scene, wish.itemId, days);
        byStaff(scene, wish.itemId, days);
      });
    },
    expected: { spoken: ['refused'], rowsInSheet: 3, inJournal: 1 },
    holds: startsOn(0),
  }),
  ...races.flatMap(onBoth),
];

function once2(spoken: readonly ('confirmed' | 'pending')[]) {
  return { spoken, rowsInSheet: 1, inJournal: 2 } as const;
}

import assert from 'node:assert/strict';
import { bookingFault } from './booking-scene.ts';
import type { BookingScene } from './booking-scene.ts';
import type { FaultCase } from './fault-case.ts';

const once = { spoken: ['confirmed'], rowsInSheet: 1, inJournal: 1 } as const;
/** Another process has the line by then: that the sheet shows it may come too late to be said. */
const onceKilled = { ...once, spoken: ['confirmed', 'pending'] } as const;
const address = '12 Mill Road';

/** A booking of an earlier call, from today on, as the sheet shows it. */
export const fromToday = {
  wish: (office: BookingScene['office']) => ({ start: office.day(0), end: office.day(2) }),
} as const;

/** Books it in a call of before; its code. */
export async function codeOf(scene: BookingScene): Promise<string> {
  await scene.readBack();
  const { answer } = await scene.agree();
  await scene.office.delivered();
  return answer.booking?.code ?? assert.fail(answer.say);
}

/** The caller asks for two days more, hears the price of the term, and agrees. */
export async function extend(scene: BookingScene, code: string, meanwhile: () => void = () => {}) {
  const args = { code, end: scene.office.day(4) };
  const { answer } = await scene.again('change_booking', args, 'Two more days, please.');
  assert.match(answer.say, /Shall I extend it\?$/);
  meanwhile();
  return scene.again('change_booking', args, 'Yes, please.');
}

/** The caller is done with it, hears the address read back, and agrees. */
export async function callOff(scene: BookingScene, code: string, meanwhile: () => void = () => {}) {
  const args = { code, address };
  const { answer } = await scene.again('call_off_rent', args, "I'm done with it.");
  assert.match(answer.say, /Shall I call it off rent\?$/);
  meanwhile();
  return scene.again('call_off_rent', args, 'Yes, please.');
}

/** The cells of the one row of what is booked. */
export const rowOf = ({ office, wish }: BookingScene) => office.rowsOf(wish.itemId)[0] ?? [];
const daysHeld = async ({ office }: BookingScene) =>
  (await office.store.db.selectFrom('bookedDays').select('day').orderBy('day').execute()).map(
    ({ day }) => day,
  );
const daysOf = ({ office }: BookingScene, last: number) =>
  Array.from({ length: last + 1 }, (_, n) => office.day(n));

/** Row, journal and held days agree on the last day. */
const endsOn = (last: number) => async (scene: BookingScene) => {
  assert.equal(rowOf(scene)[4], scene.office.day(last));
  assert.equal((await scene.office.journal())[0]?.endDay, scene.office.day(last));
  assert.deepEqual(await daysHeld(scene), daysOf(scene, last));
};

/** A person writes in a cell of that row. */
export const staffCell = (scene: BookingScene, column: string, value: string) => {
  const { office, wish } = scene;
  const row = office.sheets.rows('Bookings').findIndex((of) => of.includes(wish.itemId)) + 1;
  office.sheets.setCell('Bookings', `${column}${row}`, value);
};

/** One message of a call-off, and one number, which the caller was told. */
export const calledOffOnce = async ({ office, results }: BookingScene) => {
  const calls = await office.store.db.selectFrom('offRents').selectAll().execute();
  assert.equal(calls.length, 1);
  const messages = office.sheets.rows('Messages').map((row) => String(row[4]));
  assert.deepEqual(
    messages.filter((text) => text.startsWith('OFF RENT')).length,
    1,
    messages.join(' | '),
  );
  const [code = ''] = calls.map((of) => of.code);
  assert.ok(messages.some((text) => text.includes(code) && text.includes(address)));
  const heard = results.at(-1)?.answer.say ?? '';
  assert.ok(heard.replaceAll(/[^A-Z0-9]/g, '').includes(code), heard);
};

/** The job dies after its commit, and the next one of the call is asked for the same again. */
export async function killedAfter(
  scene: BookingScene,
  act: () => Promise<unknown>,
  isCommitted: () => Promise<boolean>,
  write: 'values.batchUpdate' | 'spreadsheets.batchUpdate' = 'values.batchUpdate',
): Promise<void> {
  const { office } = scene;
  const over = office.sheets.faults.on(write, { do: 'hang' });
  const lost = act().catch(() => null);
  await office.until('it is in the journal', isCommitted);
  await scene.calls.kill();
  await lost;
  over();
  scene.calls = office.startCalls();
}

/** Faults of a rental after it is booked: it is extended and called off in a later call. */
export const lifeFaults: readonly FaultCase[] = [
  bookingFault('extension', {
    ...fromToday,
    act: async (scene) => void (await extend(scene, await codeOf(scene))),
    expected: once,
    holds: endsOn(4),
  }),
  bookingFault('extension-job-killed-after-commit', {
    ...fromToday,
    act: async (scene) => {
      const code = await codeOf(scene);
      const end = scene.office.day(4);
      await killedAfter(
        scene,
        () => extend(scene, code),
        async () => (await scene.office.journal())[0]?.endDay === end,
      );
      await scene.again('change_booking', { code, end }, 'Two more days, please.');
    },
    expected: onceKilled,
    holds: endsOn(4),
  }),
  bookingFault('extension-while-the-sheet-is-away', {
    ...fromToday,
    act: async (scene) => {
      const code = await codeOf(scene);
      const over = scene.office.sheets.faults.on('*', { do: 'refuse', status: 503 });
      await extend(scene, code);
      over();
    },
    expected: { ...once, spoken: ['pending'] },
    holds: endsOn(4),
  }),
  bookingFault('extension-reply-lost-after-write', {
    ...fromToday,
    act: async (scene) => {
      const code = await codeOf(scene);
      await extend(scene, code, () => {
        scene.office.sheets.faults.next('values.batchUpdate', { do: 'drop', applied: true });
      });
    },
    expected: onceKilled,
    holds: endsOn(4),
  }),
  bookingFault('extension-staff-write-in-the-row', {
    ...fromToday,
    act: async (scene) => {
      const code = await codeOf(scene);
      await extend(scene, code, () => {
        staffCell(scene, 'F', 'On rent');
        staffCell(scene, 'I', '777');
      });
    },
    expected: onceKilled,
    holds: async (scene) => {
      await endsOn(4)(scene);
      assert.deepEqual([rowOf(scene)[5], String(rowOf(scene)[8])], ['On rent', '777']);
    },
  }),
  bookingFault('extension-staff-book-the-days', {
    ...fromToday,
    act: async (scene) => {
      const { office, wish } = scene;
      const code = await codeOf(scene);
      await extend(scene, code, () => {
        const days = [office.day(4), office.day(4)];
        const row = ['', wish.itemId, 'Mini excavator', ...days, 'CONFIRMED', 'A walk-in'];
        office.sheets.insertRow('Bookings', 2, row);
      });
    },
    // The days that are left are read back, and nothing was agreed to.
    expected: { spoken: ['refused'], rowsInSheet: 2, inJournal: 1 },
    holds: async (scene) => assert.deepEqual(await daysHeld(scene), daysOf(scene, 2)),
  }),
  bookingFault('machine-changed-job-killed-after-commit', {
    act: async (scene) => {
      const code = await codeOf(scene);
      const args = { code, itemId: 'GN-01' };
      await killedAfter(
        scene,
        async () => {
          await scene.again('change_booking', args, 'The generator instead.');
          return scene.again('change_booking', args, 'Yes, please.');
        },
        async () => (await scene.office.journal())[0]?.itemId === 'GN-01',
      );
      await scene.again('find_booking', { code }, 'Did that go through?');
    },
    expected: { spoken: ['confirmed', 'pending'], rowsInSheet: 0, inJournal: 1 },
    holds: ({ office }) => assert.equal(office.rowsOf('GN-01').length, 1),
  }),
  bookingFault('off-rent', {
    ...fromToday,
    act: async (scene) => void (await callOff(scene, await codeOf(scene))),
    expected: once,
    holds: async (scene) => {
      await calledOffOnce(scene);
      assert.equal(rowOf(scene)[5], 'OFF RENT CALLED');
    },
  }),
  bookingFault('off-rent-job-killed-after-commit', {
    ...fromToday,
    act: async (scene) => {
      const code = await codeOf(scene);
      await killedAfter(
        scene,
        () => callOff(scene, code),
        async () =>
          (await scene.office.store.db.selectFrom('offRents').selectAll().execute()).length === 1,
      );
      await scene.again('call_off_rent', { code, address: '9 Oak Lane' }, "I'm done with it.");
    },
    expected: once,
    holds: calledOffOnce,
  }),
  bookingFault('off-rent-while-the-sheet-is-away', {
    ...fromToday,
    act: async (scene) => {
      const code = await codeOf(scene);
      const over = scene.office.sheets.faults.on('*', { do: 'refuse', status: 503 });
      await callOff(scene, code);
      over();
    },
    expected: once,
    holds: calledOffOnce,
  }),
  bookingFault('off-rent-staff-write-in-the-row', {
    ...fromToday,
    act: async (scene) => {
      const code = await codeOf(scene);
      await callOff(scene, code, () => staffCell(scene, 'F', 'On rent'));
    },
    expected: once,
    holds: async (scene) => {
      await calledOffOnce(scene);
      assert.equal(rowOf(scene)[5], 'On rent');
    },
  }),
];

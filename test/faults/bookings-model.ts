import assert from 'node:assert/strict';
import { bookingFault } from './booking-scene.ts';
import type { BookingScene, Wish } from './booking-scene.ts';
import type { FaultCase } from './fault-case.ts';

const bookedOnce = { spoken: ['confirmed'], rowsInSheet: 1, inJournal: 1 } as const;
const notBooked = { spoken: ['refused'], rowsInSheet: 0, inJournal: 0 } as const;

const healthy = async (scene: BookingScene) => {
  await scene.readBack();
  await scene.agree();
};

/** The model sends this, and again after a yes; nothing is booked. */
const refused = (name: string, problem: string, wish: (scene: BookingScene) => Partial<Wish>) =>
  bookingFault(name, {
    act: async (scene) => {
      const args = wish(scene);
      const { answer } = await scene.book("I'd like to book it, please.", args);
      assert.equal(answer.problem, problem, answer.say);
      await scene.agree(args);
    },
    expected: notBooked,
  });

/** A name that a spreadsheet program would take for a formula. */
const named = (what: string, customer: string) =>
  bookingFault(`name-begins-with-${what}`, {
    wish: () => ({ customer }),
    act: healthy,
    expected: bookedOnce,
    holds: ({ office, wish }) => {
      const name = String(office.rowsOf(wish.itemId)[0]?.[6] ?? '');
      assert.ok(!office.sheets.isFormula('Bookings', 'G2'), 'the name is a formula');
      assert.ok(name.includes('Maria'), `the name is lost: ${name}`);
      assert.ok(!/^[=+@\t]/.test(name), `a later export would run it: ${name}`);
    },
  });

/** The second Sunday of a March: clocks go forward in Chicago, and the day has 23 hours. */
function springForward(today: string): string {
  const year = Number(today.slice(0, 4)) + 1;
  const first = new Date(Date.UTC(year, 2, 1)).getUTCDay();
  return `${year}-03-${String(8 + ((7 - first) % 7)).padStart(2, '0')}`;
}

/** What a language model does wrong, and what a caller's words do to it. */
export const modelFaults: readonly FaultCase[] = [
  bookingFault('model-books-twice-at-once', {
    act: async (scene) => {
      await scene.readBack();
      await Promise.all([scene.agree(), scene.book(null)]);
    },
    expected: bookedOnce,
  }),
  bookingFault('model-books-twice-in-a-row', {
    act: async (scene) => {
      await healthy(scene);
      await scene.book(null);
    },
    expected: bookedOnce,
  }),
  bookingFault('model-books-another-unit', {
    act: async (scene) => {
      await scene.readBack();
      await scene.agree({ itemId: 'SL-01' });
    },
    expected: notBooked,
    holds: ({ office }) => assert.equal(office.rowsOf('SL-01').length, 0),
  }),
  refused('model-makes-up-a-unit', 'unknown-item', () => ({ itemId: 'EX-99' })),
  refused('dates-in-the-past', 'past', ({ office }) => ({
    start: office.day(-3),
    end: office.day(-1),
  })),
  refused('dates-reversed', 'reversed', ({ office }) => ({
    start: office.day(3),
    end: office.day(1),
  })),
  refused('dates-30-february', 'not-a-date', ({ office }) => {
    const year = Number(office.day(0).slice(0, 4)) + 1;
    return { start: `${year}-02-28`, end: `${year}-02-30` };
  }),
  bookingFault('dates-across-summer-time', {
    wish: (office) => {
      const sunday = springForward(office.day(0));
      const before = new Date(Date.parse(sunday) - 86_400_000).toISOString().slice(0, 10);
      const after = new Date(Date.parse(sunday) + 86_400_000).toISOString().slice(0, 10);
      return { start: before, end: after };
    },
    act: healthy,
    expected: bookedOnce,
    // Three days of 300, and the very days that were asked for.
    holds: ({ office, wish }) => {
      const row = office.rowsOf(wish.itemId)[0] ?? [];
      assert.deepEqual([row[3], row[4], row[8]], [wish.start, wish.end, 900]);
    },
  }),
  bookingFault('no-confirmation-asked', {
    act: async (scene) => {
      await scene.book("I'd like to book it, please.");
      await scene.book(null);
    },
    expected: notBooked,
  }),
  bookingFault('no-confirmation-given', {
    act: async (scene) => {
      await scene.readBack();
      for (const words of [
        'Could you do it for less?',
        'Okay, let me think about it.',
        'Yes, make it Tuesday.',
        'Hm, what does the delivery cost?',
      ]) {
        const { answer } = await scene.book(words);
        assert.equal(answer.problem, 'not-confirmed', `${words} ${answer.say}`);
      }
    },
    expected: notBooked,
  }),
  named('equals', '=IMPORTDATA("http://example.com") Maria'),
  named('plus', '+1+1 Maria'),
  named('at', '@SUM(1) Maria'),
  named('tab', '\tMaria Lopez'),
];

import assert from 'node:assert/strict';
import timers from 'node:timers/promises';
import type { Fault, Match } from '../harness/emulators/faults.ts';
import type { Service } from '../harness/yard/service.ts';
import { bookingFault } from './booking-scene.ts';
import type { BookingScene } from './booking-scene.ts';
import type { FaultCase } from './fault-case.ts';
import { holdStore } from './hold-store.ts';

/** Longer than any case: the writer is killed while it waits. */
const held: Fault = { do: 'hang' };
/** The supervisor was killed under the caller's yes, and the next one delivered. */
const pendingOnce = { spoken: ['pending'], rowsInSheet: 1, inJournal: 1 } as const;
/** The line answers within some milliseconds; a beat is missed when nothing comes for a second. */
const beatLimitMs = 1_000;

/** Kills the supervisor at an instant of its writing, and starts another. */
const killed =
  (instant: {
    readonly at: (scene: BookingScene) => { readonly match: Match; readonly fault: Fault };
    readonly when: (scene: BookingScene) => boolean;
  }) =>
  async (scene: BookingScene) => {
    const { faults } = scene.office.sheets;
    await scene.readBack();
    const { match, fault } = instant.at(scene);
    faults.on(match, fault);
    const answered = scene.agree();
    await scene.office.until(
      'the booking is in the journal',
      async () => (await scene.office.journal()).length === 1,
    );
    await scene.office.until('the writer is at the instant', () => instant.when(scene));
    await scene.killSupervisor();
    await answered;
    faults.clear();
    await scene.startSupervisor();
  };

const appendsOf = ({ office }: BookingScene) =>
  office.sheets.faults.count('spreadsheets.batchUpdate');
const rowsOf = ({ office, wish }: BookingScene) => office.rowsOf(wish.itemId).length;

/** The next job of the same call comes back to the caller, who asks for the same again. */
const jobKilled = async (scene: BookingScene) => {
  const { office } = scene;
  await scene.readBack();
  const over = office.sheets.faults.on('spreadsheets.batchUpdate', held);
  const lost = scene.agree().catch(() => null);
  await scene.office.until(
    'the booking is in the journal',
    async () => (await office.journal()).length === 1,
  );
  await scene.calls.kill();
  assert.equal(await lost, null, 'the answer came before the job was killed');
  over();
  scene.calls = office.startCalls();
  await scene.book("I'd like to book it, please.");
  await scene.agree();
};

/** The longest that the supervisor took to answer its health check until `done`. */
async function longestPause(supervisor: Service, done: Promise<unknown>): Promise<number> {
  const watch = { over: false, longestMs: 0 };
  const end = done.then(() => (watch.over = true));
  while (!watch.over) {
    const askedMs = performance.now();
    await supervisor.readiness();
    watch.longestMs = Math.max(watch.longestMs, performance.now() - askedMs);
    await timers.setTimeout(20);
  }
  await end;
  return watch.longestMs;
}

const storeLocked = async (scene: BookingScene) => {
  const { office, supervisor } = scene;
  await scene.readBack();
  const lock = await holdStore(office.place.dataDir, 2_000);
  const longest = longestPause(supervisor, lock.done);
  const { stallMs } = await scene.agree();
  const longestMs = await longest;
  assert.ok(longestMs < beatLimitMs, `the supervisor stood still for ${longestMs} ms`);
  assert.ok(stallMs < beatLimitMs, `the job stood still for ${stallMs} ms`);
};

/** The job may read, and can write nothing. */
const diskFull = async (scene: BookingScene) => {
  await scene.calls.kill();
  scene.calls = scene.office.startCalls({ diskFull: true });
  await scene.readBack();
  await scene.agree();
};

/** Faults of processes, and of the store that they share. */
export const processFaults: readonly FaultCase[] = [
  bookingFault('supervisor-killed-before-append', {
    act: killed({
      // The look before the booking hangs as well, and is given up.
      at: () => ({ match: 'spreadsheets.get', fault: held }),
      when: (scene) => appendsOf(scene) === 0,
    }),
    expected: pendingOnce,
  }),
  bookingFault('supervisor-killed-during-append', {
    act: killed({
      at: () => ({ match: 'spreadsheets.batchUpdate', fault: held }),
      when: (scene) => appendsOf(scene) === 1,
    }),
    expected: pendingOnce,
  }),
  bookingFault('supervisor-killed-after-append', {
    act: killed({
      at: () => ({
        match: 'spreadsheets.batchUpdate',
        fault: { do: 'stall', after: 0, everyMs: 60_000 },
      }),
      when: (scene) => rowsOf(scene) === 1,
    }),
    expected: pendingOnce,
  }),
  bookingFault('supervisor-killed-before-read-back', {
    act: killed({
      at: (scene) => ({
        match: (endpoint) => endpoint === 'spreadsheets.get' && appendsOf(scene) > 0,
        fault: held,
      }),
      when: (scene) => rowsOf(scene) === 1,
    }),
    expected: pendingOnce,
  }),
  bookingFault('job-killed-after-commit', {
    act: jobKilled,
    expected: { spoken: ['pending', 'confirmed'], rowsInSheet: 1, inJournal: 1 },
  }),
  bookingFault('store-locked-2s', {
    act: storeLocked,
    expected: { spoken: ['pending', 'confirmed'], rowsInSheet: 1, inJournal: 1 },
  }),
  bookingFault('disk-full', {
    act: diskFull,
    expected: { spoken: ['refused'], rowsInSheet: 0, inJournal: 0 },
  }),
];

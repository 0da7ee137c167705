import timers from 'node:timers/promises';
import { confirmedRows, wasGivenInFlight } from './call-booking.ts';
import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { hangUpAt } from './call-hang-ups.ts';
import {
  address,
  delivery,
  fate,
  generator,
  longQuestion,
  price,
  skidSteer,
  wish,
  yesToPending,
} from './call-lines.ts';
import type { CallSetting } from './call-place.ts';
import type { CallScene } from './call-scene.ts';
import { holdStore } from './hold-store.ts';

const afterMs = 9_000;
const setting: CallSetting = { env: { HANDOVER_AFTER_MS: String(afterMs) } };

/** Waits until so long before the next hand-over: a job gives its call away at its own age. */
async function beforeHandOver(scene: CallScene, ms: number): Promise<void> {
  const begun = ['call.answered', 'job.handed-over'];
  const last = scene.lines.findLast(({ event }) => begun.includes(event));
  const dueMs = Date.parse(last?.time ?? '') + afterMs;
  await timers.setTimeout(Math.max(0, dueMs - ms - Date.now()));
}

/** Waits for the n-th hand-over of the call. */
async function handedOver(scene: CallScene, nth = 1): Promise<void> {
  await scene.until(`hand-over ${nth}`, () => scene.count('job.handed-over') >= nth, 40_000);
  scene.attempts = scene.count('job.handed-over');
}

/** From the fresh agent's arrival in the room to its first sound; the old one speaks until then. */
function measure(scene: CallScene): void {
  const { events } = scene.call;
  const joined = events.findLast((event) => event.type === 'agent-joined');
  const heard = events.find(
    (event) => event.type === 'agent-audio-start' && event.identity === joined?.identity,
  );
  if (joined && heard) scene.recoveredMs = heard.atMs - joined.atMs;
}

/** A call that is handed over, `attempts` times, while it goes on. */
const handOver = (
  name: string,
  options: {
    readonly act: (scene: CallScene) => Promise<void>;
    readonly turnsAfter: number;
    readonly holds?: (scene: CallScene) => readonly string[] | Promise<readonly string[]>;
  },
) =>
  callFault(name, {
    setting,
    turnsAfter: options.turnsAfter,
    act: async (scene) => {
      await scene.greeted();
      await options.act(scene);
      measure(scene);
      await scene.hangUp();
    },
    holds: async (scene, { events }) => [
      ...(events.includes('job.handed-over') ? [] : ['the call was not handed over']),
      ...((await options.holds?.(scene)) ?? []),
    ],
  });

/** The call goes over to a fresh job. */
export const handOvers: readonly CallFault[] = [
  handOver('hand-over-twice', {
    turnsAfter: 2,
    act: async (scene) => {
      await scene.ask(skidSteer);
      await handedOver(scene);
      scene.strike();
      // What was said before is known: three days, and of the skid steer.
      await scene.ask(price);
      await handedOver(scene, 2);
      await scene.ask(address);
    },
  }),
  handOver('hand-over-caller-talking', {
    turnsAfter: 2,
    act: async (scene) => {
      await beforeHandOver(scene, 1_500);
      scene.strike();
      await scene.ask(longQuestion);
      await handedOver(scene);
      await scene.ask(delivery);
    },
  }),
  handOver('hand-over-booking', {
    turnsAfter: 2,
    act: async (scene) => {
      await scene.ask(generator);
      await scene.ask(price);
      await scene.ask(wish);
      await beforeHandOver(scene, 2_000);
      // Committed, and the write to the sheet under way: so the booking goes from job to job.
      const { faults } = scene.place.yard.sheets;
      const writes = faults.count('spreadsheets.batchUpdate');
      const over = faults.on('spreadsheets.batchUpdate', { do: 'hang' });
      scene.strike();
      await scene.ask(yesToPending);
      const isInFlight = () =>
        faults.count('spreadsheets.batchUpdate') > writes && wasGivenInFlight(scene);
      await scene.until('a hand-over with the booking in flight', isInFlight);
      over();
      scene.attempts = scene.count('job.handed-over');
      await scene.ask(fate);
    },
    holds: async (scene) => {
      const { length } = await confirmedRows(scene);
      return length === 1 ? [] : [`${length} rows in the sheet`];
    },
  }),
  handOver('hand-over-store-slow', {
    turnsAfter: 2,
    act: async (scene) => {
      await scene.ask(skidSteer);
      await beforeHandOver(scene, 200);
      scene.strike();
      const lock = await holdStore(scene.place.yard.env['DATA_DIR'] ?? '', 2_000);
      await lock.done;
      await handedOver(scene);
      await scene.ask(price);
      await scene.ask(address);
    },
  }),
  hangUpAt('handing-over', {
    setting,
    reach: async (scene) => {
      const { identity } = await scene.call.waitFor('agent-joined');
      await scene.greeted();
      await scene.call.waitFor('agent-joined', (event) => event.identity !== identity);
    },
  }),
];

import timers from 'node:timers/promises';
import { freeze } from '../harness/yard/freeze.ts';
import { delivery } from './call-lines.ts';
import type { CallPlace, CallSetting } from './call-place.ts';
import type { PlacedFault } from './fault-lanes.ts';
import { lastIsServed, recalls, survivalFault } from './survival-case.ts';
import type { Survivor } from './survival-case.ts';
import { attendantPid, heardAgain, workerPid } from './survival-hurt.ts';

/** One call has the only place: whoever calls next meets the attendant. */
const onePlace: CallSetting = {
  alone: true,
  env: { MAX_CALLS: '1', NUM_IDLE_PROCESSES: '1', PICKUP_PATIENCE_MS: '40000' },
};
const impatient: CallSetting = {
  alone: true,
  env: { MAX_CALLS: '1', NUM_IDLE_PROCESSES: '1', PICKUP_PATIENCE_MS: '7000' },
};
/** Twenty callers and no worker: whom no job serves in time is told so. */
const twenty: CallSetting = { alone: true, env: { PICKUP_PATIENCE_MS: '8000' } };
const manyCallers = 20;
/** One number fills the places beyond a quarter of them, but for its share; another one calls then. */
const flooded: CallSetting = {
  alone: true,
  env: { MAX_CALLS: '4', NUM_IDLE_PROCESSES: '2', PICKUP_PATIENCE_MS: '40000' },
};
const floodCallers = 5;

/** The attendant has greeted the second caller, or does so; then the first one makes room. */
const attended = (
  name: string,
  happens: (second: Survivor, place: CallPlace) => Promise<void>,
  { hearsGreeting = true } = {},
) =>
  survivalFault(name, {
    setting: onePlace,
    callers: 2,
    act: async (first, place, [, second]) => {
      if (!second) throw new Error('Only one phones');
      await first.scene.logged('call.answered');
      await second.scene.call.waitFor('agent-audio-start');
      if (hearsGreeting) await second.scene.greeted();
      await happens(second, place);
      await first.scene.hangUp();
      if (second.scene.isOver) return null;
      await second.scene.logged('job.resumed');
      await second.scene.ask(second.story.tell);
      return recalls(second);
    },
  });

/** What becomes of the attendant, or of the job behind it. */
export const attendantFaults: readonly PlacedFault[] = [
  attended('attendant-job-comes', async () => {}),
  attended(
    'attendant-killed-greeting',
    async ({ scene }, place) => {
      scene.strike();
      process.kill(attendantPid(place), 'SIGKILL');
      await heardAgain(scene);
    },
    { hearsGreeting: false },
  ),
  attended('attendant-frozen', async ({ scene }, place) => {
    scene.strike();
    await freeze(attendantPid(place));
    await heardAgain(scene);
  }),
  attended(
    'attendant-talked-over',
    async ({ scene }) => {
      // Answered by the job that comes, from what was kept.
      await scene.call.say(delivery.say);
    },
    { hearsGreeting: false },
  ),
  attended(
    'attendant-hung-up-on',
    async ({ scene }) => {
      await scene.hangUp();
    },
    { hearsGreeting: false },
  ),
  attended('attendant-worker-killed', async ({ scene }, place) => {
    scene.strike();
    process.kill(workerPid(place), 'SIGKILL');
  }),
  survivalFault('attendant-no-job', {
    setting: impatient,
    callers: 2,
    reasons: ['caller-hangup', 'overflow'],
    act: async (first, _place, [, second]) => {
      await first.scene.logged('call.answered');
      await second?.scene.logged('call-back.noted');
      await second?.scene.call.ended;
      await first.scene.hangUp();
      return null;
    },
    holds: (_place, [, end]) =>
      end?.row?.reason === 'overflow' ? [] : ['the second caller was not told'],
  }),
  survivalFault('flood-of-one-number', {
    setting: flooded,
    callers: floodCallers + 1,
    callerOf: (nth) => (nth < floodCallers ? { from: '+13125554000' } : {}),
    reasons: ['caller-hangup', 'overflow'],
    overflow: 'caller',
    act: (_first, _place, all) => lastIsServed(all),
    holds: ({ service }, ends) => [
      ...(ends.at(-1)?.row?.reason === 'caller-hangup' ? [] : ['the other caller got no job']),
      ...(service.lines.some(({ event }) => event === 'call.limited')
        ? []
        : ['the flood was not told']),
    ],
  }),
  survivalFault('worker-dead-20-calls', {
    setting: twenty,
    callers: manyCallers,
    reasons: ['caller-hangup', 'overflow'],
    before: async (place) => {
      process.kill(workerPid(place), 'SIGKILL');
      await timers.setTimeout(100);
    },
    act: async (_first, _place, all) => {
      const course = async ({ scene }: Survivor) => {
        await scene.call.waitFor('agent-audio-end');
        await Promise.race([scene.call.ended, timers.setTimeout(30_000)]);
        if (!scene.isOver) await scene.hangUp();
      };
      await Promise.all(all.map(course));
      return null;
    },
    holds: (_place, ends) =>
      ends.some(({ report }) => report.greeting === null) ? ['a caller heard nobody'] : [],
  }),
];

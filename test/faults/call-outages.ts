import timers from 'node:timers/promises';
import { lockStore } from '../stack/locked-store.ts';
import { wrongCallBacks } from './call-backs.ts';
import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { usual } from './call-hearing.ts';
import { address, boomLift, skidSteer } from './call-lines.ts';
import type { CallPlace } from './call-place.ts';
import type { CallScene } from './call-scene.ts';

/** Every provider refuses everything, and cuts what is open. */
function allDown({ yard }: CallPlace): void {
  const { deepgram, openai } = yard;
  for (const { faults } of [deepgram, openai]) faults.on('*', { do: 'refuse', status: 503 });
  for (const connection of deepgram.connections) connection.close(1006);
}

function requests({ yard }: CallPlace): number {
  const { deepgram, openai } = yard;
  const endpoints = ['listen', 'speak'].map((name) => deepgram.faults.count(name));
  const others = ['chat', 'speech'].map((name) => openai.faults.count(name));
  return [...endpoints, ...others].reduce((sum, count) => sum + count, 0);
}

/** The caller asks, and hears what was recorded before: that someone will call back. */
async function askInVain(scene: CallScene): Promise<void> {
  const before = requests(scene.place);
  await scene.call.say(skidSteer.say);
  scene.strike();
  await scene.call.ended;
  scene.attempts = requests(scene.place) - before;
}

const isCalledBack = ({ place, call }: CallScene) => wrongCallBacks(place.yard, call.callId);

/** Longer than a turn: the agent is in the middle of nothing. */
const lullMs = 300;

/** The store is locked for as long as it rings, and keeps no caller waiting. */
function lockedStore(): CallFault {
  let lock: Disposable;
  return callFault('store-locked-while-ringing', {
    setting: usual,
    before: ({ yard }) => void (lock = lockStore(yard)),
    turnsAfter: 0,
    act: async (scene) => {
      try {
        await scene.call.waitFor('agent-audio-start');
      } finally {
        lock[Symbol.dispose]();
      }
      await scene.hangUp();
    },
    holds: (_scene, { lines }) => {
      const isTold = lines.some(
        ({ event, level }) => event === 'store.failed' && level === 'error',
      );
      return isTold ? [] : ['nobody was told of the store'];
    },
  });
}

/** Everything at once, a tool that hangs, a job that stands still, a store that is locked. */
export const outageFaults: readonly CallFault[] = [
  lockedStore(),
  callFault('all-down-at-start', {
    setting: usual,
    before: allDown,
    act: async (scene) => {
      await scene.greeted();
      await askInVain(scene);
    },
    reasons: ['provider-failure'],
    turnsAfter: 0,
    holds: isCalledBack,
  }),
  callFault('all-down-in-the-middle', {
    setting: usual,
    act: async (scene) => {
      await scene.greeted();
      await scene.ask(address);
      allDown(scene.place);
      await askInVain(scene);
    },
    reasons: ['provider-failure'],
    turnsAfter: 0,
    holds: isCalledBack,
  }),
  // `attempts` are the uses of the tool; `recoveredMs` counts from the end of the line.
  callFault('tool-never-returns', {
    setting: usual,
    turnsAfter: 2,
    act: async (scene) => {
      await scene.greeted();
      await scene.ask(boomLift, { strikes: true });
      scene.attempts = scene.count('tool.used');
      await scene.ask(address);
      await scene.hangUp();
    },
  }),
  // `attempts` are the fresh jobs that were sent for; `recoveredMs` counts from the block's start.
  callFault('event-loop-blocked', {
    setting: usual,
    turnsAfter: 2,
    act: async (scene) => {
      await scene.greeted();
      await timers.setTimeout(lullMs);
      scene.strike();
      process.kill(scene.jobPid, 'SIGUSR2');
      await scene.ask(skidSteer);
      await scene.ask(address);
      scene.attempts = scene.count('guardian.dispatched');
      await scene.hangUp();
    },
  }),
];

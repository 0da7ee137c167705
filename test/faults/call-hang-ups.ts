import type { TerminationReason } from '../../agent/ipc/termination.ts';
import type { Aftermath } from '../stack/aftermath.ts';
import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { usual } from './call-hearing.ts';
import { boomLift, delivery, skidSteer } from './call-lines.ts';
import type { CallSetting } from './call-place.ts';
import type { CallScene } from './call-scene.ts';
import type { AgentTurns } from './call-silence.ts';
import { holdStore } from './hold-store.ts';

/** The caller hangs up once the call is at a point; nothing is wrong with that, at any of them. */
export function hangUpAt(
  point: string,
  options: {
    readonly setting?: CallSetting;
    readonly reach: (scene: CallScene) => Promise<void>;
    readonly reason?: TerminationReason;
    readonly silence?: AgentTurns;
  },
): CallFault {
  return callFault(`hang-up-${point}`, {
    setting: options.setting ?? usual,
    act: async (scene) => {
      await options.reach(scene);
      await scene.hangUp();
    },
    reasons: [options.reason ?? 'caller-hangup'],
    turnsAfter: 0,
    silence: options.silence ?? 'turns',
    holds: (_scene, left) => unclean(left),
  });
}

/** The gateway waits longer; usually these are 300 and 1,000 ms. */
const mostEndedMs = 5_000;
const mostExitMs = 10_000;
/** That a job was slow to come, or stood still, on a busy machine, is not about the hang-up; nor is a gap. */
const notOfHangUp = /^(guardian\.dispatched|job\.doubted|gap\.)/;

/** What is wrong with the end of a call that its caller has hung up, whenever that was. */
function unclean({ lines, kept, row, timeline, endedAfterMs, exitMs }: Aftermath): string[] {
  const told = timeline.map(({ event }) => event).join();
  const logged = kept.join();
  return [
    ...lines
      .filter(({ level, event }) => /warn|error/.test(level) && !notOfHangUp.test(event))
      .map(({ event }) => `a hang-up is nothing to complain about: ${event}`),
    ...(row?.endedBy === 'caller' ? [] : [`the row says that it was ended by ${row?.endedBy}`]),
    ...(told === logged ? [] : [`the timeline has ${told}, and the log ${logged}`]),
    ...(endedAfterMs < mostEndedMs ? [] : [`ended ${endedAfterMs} ms after the caller left`]),
    ...((exitMs ?? 0) < mostExitMs ? [] : [`the process left after ${exitMs} ms`]),
  ];
}

/** A store that is locked keeps the call at the ring; then it is answered without it. */
const lockMs = 800;

/** Hang-ups, but for those in a recovery and a hand-over, which stand with their kind. */
export const hangUps: readonly CallFault[] = [
  callFault('hang-up-ringing', {
    setting: usual,
    before: async ({ yard }) => void (await holdStore(yard.env['DATA_DIR'] ?? '', lockMs)),
    act: async (scene) => {
      await scene.logged('call.incoming');
      await scene.hangUp();
    },
    reasons: ['cancelled-while-ringing'],
    turnsAfter: 0,
    holds: (_scene, left) => unclean(left),
  }),
  hangUpAt('greeting', {
    reach: async ({ call }) => void (await call.waitFor('agent-audio-start')),
  }),
  hangUpAt('listening', {
    reach: async (scene) => {
      await scene.greeted();
      const saying = scene.call.waitFor('saying');
      // The line is cut off by the hang-up.
      scene.call.say(skidSteer.say).catch(() => {});
      await saying;
    },
  }),
  hangUpAt('thinking', {
    reach: async (scene) => {
      const { faults } = scene.place.yard.openai;
      await scene.greeted();
      faults.on('chat', { do: 'hang' });
      await scene.sayToModel(delivery.say);
    },
  }),
  hangUpAt('tool', {
    reach: async (scene) => {
      await scene.greeted();
      await scene.sayToModel(boomLift.say);
      // The tool hangs, and says that it takes a moment.
      await scene.hearsSomething();
    },
  }),
  hangUpAt('speaking', {
    reach: async (scene) => {
      await scene.greeted();
      const { atMs } = await scene.call.say(delivery.say);
      await scene.call.waitFor('agent-audio-start', (event) => event.atMs > atMs);
    },
  }),
  hangUpAt('closing', {
    reach: async (scene) => {
      await scene.greeted();
      await scene.sayGoodbye();
    },
  }),
];

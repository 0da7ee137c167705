import { join } from 'node:path';
import timers from 'node:timers/promises';
import { AgentDispatchClient } from 'livekit-server-sdk';
import { delivery } from './call-lines.ts';
import type { CallPlace, CallSetting } from './call-place.ts';
import type { PlacedFault } from './fault-lanes.ts';
import { eventually } from '../harness/eventually.ts';
import { freeze } from '../harness/yard/freeze.ts';
import { processesOfGroup } from '../harness/yard/process-end.ts';
import type { LogLine } from '../harness/yard/service-log.ts';
import {
  recalls,
  survivalFault,
  talkUntil,
  tellAndRecall,
  usual,
  wrongNextCall,
} from './survival-case.ts';
import { heardAgain, idlePid, workerPid } from './survival-hurt.ts';

/** As many warm processes as calls, so that all can be taken over at once. */
const forFour: CallSetting = { alone: true, env: { NUM_IDLE_PROCESSES: '4' } };
const failingPrewarm: CallSetting = { env: {}, prewarmFails: true };
const twoMachines: CallSetting = { env: {}, store: 'postgres' };
/** Jobs without a worker talk on, and are handed over; nothing breaks. */
const mostGapMs = 8_000;
/** A lease runs out, and the machine that is left looks into the room. */
const mostGapOfMachineMs = 60_000;
/** How long jobs outlive their worker, with a margin. */
const orphanMs = 16_000;

/** The worker dies under calls; each of them goes on. */
const workerKilled = (name: string, setting: CallSetting, calls: number) =>
  survivalFault(name, {
    setting,
    callers: calls,
    mostGapMs,
    act: async (_first, place, all) => {
      await Promise.all(all.map(({ scene }) => scene.greeted()));
      await Promise.all(all.map(({ scene, story }) => scene.ask(story.tell)));
      const pid = workerPid(place);
      for (const { scene } of all) scene.strike();
      process.kill(pid, 'SIGKILL');
      await Promise.all(
        all.map(async ({ scene, story }) => {
          // By then the old job is gone, whatever was done about it.
          await talkUntil(scene, timers.setTimeout(orphanMs));
          await recalls({ scene, story });
        }),
      );
      return true;
    },
  });

/** Knocks of one call in ten seconds of refusals: the first ones at once, then at growing intervals. */
const mostKnocks = 12;
const refusedMs = 10_000;

/** All calls lose the recogniser at once, and it refuses them for a while: none is lost, none hammers. */
function recogniserCut(): PlacedFault {
  const calls = 4;
  let knocks = 0;
  return survivalFault('recogniser-cut-for-4-calls', {
    setting: forFour,
    callers: calls,
    act: async (_first, { yard: { deepgram } }, all) => {
      await Promise.all(all.map(({ scene }) => scene.greeted()));
      await Promise.all(all.map(({ scene, story }) => scene.ask(story.tell)));
      const before = deepgram.faults.count('listen');
      const over = deepgram.faults.on('listen', { do: 'refuse', status: 503 });
      for (const { scene } of all) scene.strike();
      for (const connection of deepgram.connections) {
        if (connection.endpoint === 'listen') connection.close(1006);
      }
      await timers.setTimeout(refusedMs);
      over();
      knocks = deepgram.faults.count('listen') - before;
      await Promise.all(all.map(recalls));
      return true;
    },
    holds: () => (knocks <= calls * mostKnocks ? [] : [`it was knocked at ${knocks} times`]),
  });
}

/** A call that comes just after something happened to the service. */
const nextCall = (
  name: string,
  setting: CallSetting,
  happens: (place: CallPlace) => void | Promise<void>,
  holds: (place: CallPlace) => readonly string[] = () => [],
) =>
  survivalFault(name, {
    setting,
    mostGapMs,
    before: happens,
    act: async (caller) => {
      caller.scene.strike();
      return tellAndRecall(caller, async () => {});
    },
    holds,
  });

/** A process of the idle service dies just before a call: whichever it is, a new worker is started. */
const idleKilled = (name: string, pidOf: (place: CallPlace) => number | Promise<number>) => {
  let before = 0;
  return nextCall(
    name,
    usual,
    async (place) => {
      before = workerPid(place);
      process.kill(await pidOf(place), 'SIGKILL');
    },
    (place) => (workerPid(place) === before ? ['the worker was not replaced'] : []),
  );
};

/** The supervisor dies under a call; the next one knows of it, and takes others. */
function supervisorKilled() {
  let known = 0;
  return survivalFault('supervisor-killed', {
    setting: usual,
    mostGapMs,
    act: async (caller, place) => {
      const { scene } = caller;
      return tellAndRecall(caller, async () => {
        scene.strike();
        place.service.signal('SIGKILL');
        // Nobody looks after the call now, and it goes on.
        await talkUntil(scene, place.startAnother());
        await scene.ask(delivery);
        known = (await place.service.readiness()).calls;
      });
    },
    holds: async (place) => {
      const [killed] = place.services.slice(-2);
      await eventually(
        'nothing is left of the first one',
        async () => killed !== undefined && (await processesOfGroup(killed.pid)).length === 0,
      );
      return [
        ...(known === 1 ? [] : [`the next supervisor knew of ${known} calls`]),
        ...(await wrongNextCall(place)),
      ];
    },
  });
}

/** The worker dies or hangs, the supervisor dies, or a whole machine. */
export const processFaults: readonly PlacedFault[] = [
  workerKilled('worker-killed', usual, 1),
  workerKilled('worker-killed-4-calls', forFour, 4),
  recogniserCut(),
  supervisorKilled(),
  survivalFault('machine-killed', {
    setting: twoMachines,
    mostGapMs: mostGapOfMachineMs,
    caller: { maxCallMs: 180_000 },
    act: async (caller, place) => {
      const { scene } = caller;
      const first = place.service;
      return tellAndRecall(caller, async () => {
        const dataDir = join(place.yard.folder, 'second-machine');
        const second = await place.startAnother({ DATA_DIR: dataDir });
        // One of them has the call; it is the other that must go on with it.
        const answered = await scene.logged('call.answered');
        const gone = second.wrote(answered) ? second : first;
        scene.strike();
        await gone.killAll();
        await heardAgain(scene, mostGapOfMachineMs);
      });
    },
  }),
  idleKilled('idle-process-killed', idlePid),
  idleKilled('idle-worker-killed', workerPid),
  nextCall('prewarm-throws', failingPrewarm, () => {}),
  survivalFault('worker-hangs', {
    setting: usual,
    mostGapMs,
    // The agent is asked for once the worker stands still. With the caller's own token, LiveKit might
    // ask before; and a worker that was stopped long before is killed as hung by then.
    caller: { agentName: null },
    act: async (caller, place) => {
      const { scene } = caller;
      const { httpUrl, apiKey, apiSecret } = place.yard.livekit;
      const dispatches = new AgentDispatchClient(httpUrl, apiKey, apiSecret);
      scene.strike();
      await freeze(workerPid(place));
      await dispatches.createDispatch(scene.call.room, 'pickup');
      return tellAndRecall(caller, async () => {});
    },
    holds: ({ service }, [end]) => {
      const sinceMs = end?.report.startedAtEpochMs ?? 0;
      const isHung = ({ event, time }: LogLine) =>
        event === 'worker.hung' && Date.parse(time) >= sinceMs;
      return service.lines.some(isHung) ? [] : ['nobody noticed that the worker hangs'];
    },
  }),
];

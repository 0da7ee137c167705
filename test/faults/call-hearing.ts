import timers from 'node:timers/promises';
import type { Fault } from '../harness/emulators/faults.ts';
import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { address, delivery, skidSteer } from './call-lines.ts';
import { models } from './call-place.ts';
import type { CallSetting } from './call-place.ts';
import type { CallScene } from './call-scene.ts';

/** Of a line of 1.3 s: in the middle of a word. */
const midLineMs = 600;
const refusedMs = 10_000;

/** Everything as in production. */
export const usual: CallSetting = { env: {} };

/**
 * A question is asked while hearing fails from the middle of its line on, and another one after.
 * Each of their words must arrive; `recoveredMs` counts from the fault's start, `attempts` are the
 * connections since then.
 */
const deafened = (name: string, fail: (scene: CallScene) => void | Promise<void>) =>
  callFault(name, {
    setting: usual,
    turnsAfter: 2,
    act: async (scene) => {
      const { deepgram } = scene.place.yard;
      await scene.greeted();
      const before = deepgram.faults.count('listen');
      const saying = scene.call.waitFor('saying');
      const asked = scene.ask(skidSteer);
      await saying;
      await timers.setTimeout(midLineMs);
      scene.strike();
      await fail(scene);
      await asked;
      await scene.ask(address);
      scene.attempts = deepgram.faults.count('listen') - before;
      await scene.hangUp();
    },
    holds: ({ place: { yard }, call }) =>
      [skidSteer, address]
        .filter(({ say }) => !yard.of(call, yard.deepgram.sttLog).some(({ text }) => text === say))
        .map(({ say }) => `not heard: ${say}`),
  });

/** Ends the sockets that are open, and leaves new ones alone. */
function cutHearing({ place }: CallScene, code: number): void {
  for (const connection of place.yard.deepgram.connections) {
    if (connection.endpoint === 'listen') connection.close(code);
  }
}

/** The socket that is open sends nothing, or nonsense, for as long as it is there. */
function spoilOpenSocket({ place }: CallScene, fault: Fault): void {
  const { faults } = place.yard.deepgram;
  const connected = faults.count('listen');
  faults.on(
    (endpoint) => endpoint === 'listen.message' && faults.count('listen') === connected,
    fault,
  );
}

/** Faults of hearing. */
export const hearingFaults: readonly CallFault[] = [
  deafened('stt-closed-1006', (scene) => cutHearing(scene, 1006)),
  deafened('stt-closed-1011', (scene) => cutHearing(scene, 1011)),
  deafened('stt-refused-10s', async (scene) => {
    const over = scene.place.yard.deepgram.faults.on('listen', { do: 'refuse', status: 503 });
    cutHearing(scene, 1006);
    await timers.setTimeout(refusedMs);
    over();
  }),
  deafened('stt-open-but-dumb', (scene) => spoilOpenSocket(scene, { do: 'hang' })),
  deafened('stt-garbage', (scene) => spoilOpenSocket(scene, { do: 'garbage' })),
  // The first model never comes back; the second one hears.
  callFault('stt-model-refused', {
    setting: usual,
    turnsAfter: 2,
    act: async (scene) => {
      const { faults } = scene.place.yard.deepgram;
      await scene.greeted();
      const before = faults.count('listen');
      faults.on((endpoint, about) => endpoint === 'listen' && about === models.stt, {
        do: 'refuse',
        status: 503,
      });
      scene.strike();
      cutHearing(scene, 1006);
      await scene.ask(delivery);
      await scene.ask(skidSteer);
      scene.attempts = faults.count('listen') - before;
      await scene.hangUp();
    },
  }),
];

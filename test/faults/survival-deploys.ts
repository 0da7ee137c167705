import timers from 'node:timers/promises';
import { CUT_SHORT } from '../../agent/speech/prompts/prompts.ts';
import { wrongCallBacks } from './call-backs.ts';
import { delivery } from './call-lines.ts';
import type { CallPlace, CallSetting } from './call-place.ts';
import type { PlacedFault } from './fault-lanes.ts';
import { survivalFault, tellAndRecall, usual } from './survival-case.ts';

/** The platform's SIGKILL comes this long after its SIGTERM, where it grants no more. */
const shortGraceMs = 3_000;
const short: CallSetting = { env: { DRAIN_GRACE_MS: String(shortGraceMs) } };
const mostGapMs = 8_000;
/** A hand-over waits for the end of a turn, and for a job. */
const handedOverMs = 60_000;

/** Ends the service as a platform does, by force when its time is over; whether it ended by itself. */
async function terminate({ service }: CallPlace, graceMs: number): Promise<boolean> {
  service.signal('SIGTERM');
  const late = timers.setTimeout(graceMs).then(() => 'late' as const);
  const code = await Promise.race([service.exited, late]);
  await service.killAll();
  return code === 0;
}

/** What a deploy does to a call that is live. */
export const deployFaults: readonly PlacedFault[] = [
  survivalFault('deploy-beside', {
    setting: usual,
    mostGapMs,
    act: async (caller, place) => {
      const { scene } = caller;
      return tellAndRecall(caller, async () => {
        const old = place.service;
        await place.startAnother();
        scene.strike();
        old.signal('SIGTERM');
        await scene.logged('job.handed-over', undefined, handedOverMs);
        await scene.ask(delivery);
        // It ends while the call goes on elsewhere.
        if ((await old.exited) !== 0) throw new Error('The old deployment ended badly');
      });
    },
  }),
  survivalFault('deploy-alone-long-grace', {
    setting: usual,
    mostGapMs,
    act: async (caller, place) => {
      const { scene } = caller;
      return tellAndRecall(caller, async () => {
        scene.strike();
        place.service.signal('SIGTERM');
        await place.service.waitFor('service.draining');
        await scene.ask(delivery);
      });
    },
    holds: async (place) => {
      const code = await place.service.exited;
      return code === 0 ? [] : [`it ended with ${code}`];
    },
  }),
  survivalFault('deploy-alone-short-grace', {
    setting: short,
    // The caller is told, and the number is noted: that it could not go on is our doing.
    reasons: ['crash'],
    lastWords: CUT_SHORT,
    mostGapMs,
    act: async ({ scene, story }, place) => {
      await scene.greeted();
      await scene.ask(story.tell);
      scene.strike();
      if (!(await terminate(place, shortGraceMs))) throw new Error('It did not end in its time');
      await scene.call.ended;
      return null;
    },
    holds: ({ yard }, [end]) => wrongCallBacks(yard, end?.report.callId ?? ''),
  }),
];

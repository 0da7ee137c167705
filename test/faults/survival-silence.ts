import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import timers from 'node:timers/promises';
import { SAMPLE_RATE } from '../harness/caller/call-events.ts';
import { bytesOf } from '../harness/caller/frame-log.ts';
import type { CallPlace, CallSetting } from './call-place.ts';
import type { PlacedFault } from './fault-lanes.ts';
import { lastIsServed, survivalFault } from './survival-case.ts';

const callerSilentMs = 4_000;
/** Robots that hold the line: as many as there are places. */
const silentCallers = 8;
/** A place in four is kept for callers who speak. */
const full: CallSetting = {
  alone: true,
  env: {
    MAX_CALLS: String(silentCallers),
    NUM_IDLE_PROCESSES: '2',
    CALLER_SILENT_MS: '60000',
    PICKUP_PATIENCE_MS: '30000',
  },
};
const noisy: CallSetting = { env: { CALLER_SILENT_MS: String(callerSilentMs) } };
const noiseEveryMs = 4_000;

/** A second of noise, as a caller's line that nobody understands. */
async function noiseAt({ yard }: CallPlace) {
  const loudness = 6_000;
  const samples = Int16Array.from({ length: SAMPLE_RATE }, () =>
    Math.round((Math.random() * 2 - 1) * loudness),
  );
  const pcmFile = join(yard.folder, 'noise.s16');
  await writeFile(pcmFile, bytesOf(samples));
  return { line: '(noise)', pcmFile };
}

/** Lines on which nobody speaks. */
export const silenceFaults: readonly PlacedFault[] = [
  survivalFault('noise-nobody-there', {
    setting: noisy,
    act: async ({ scene }, place) => {
      const noise = await noiseAt(place);
      await scene.greeted();
      while (!scene.isOver) {
        // The call may end meanwhile.
        await scene.call.say(noise).catch(() => {});
        await timers.setTimeout(noiseEveryMs - 1_000);
      }
      return null;
    },
    reasons: ['caller-silent'],
  }),
  survivalFault('silent-callers-then-one', {
    setting: full,
    callers: silentCallers + 1,
    act: (_first, _place, all) => lastIsServed(all),
    reasons: ['caller-silent', 'caller-hangup', 'overflow'],
    holds: (_place, ends) =>
      ends.at(-1)?.row?.reason === 'caller-hangup' ? [] : ['the caller who spoke got no job'],
  }),
];

import timers from 'node:timers/promises';
import type { Call } from '../harness/caller/call.ts';
import type { CallReport } from '../harness/caller/call-report.ts';

/** What a caller says to end a call; to be taught before. */
export const farewell = "Thanks, that's all. Goodbye.";

/** The agent's goodbye begins 3 s after the farewell, and lasts 2 s. */
const repeatMs = 12_000;
const times = 4;

/**
 * The caller takes leave once the agent has spoken, and the agent ends the call. On a busy machine a
 * line is missed now and then; like anyone, the caller then repeats it. Rejects when that is no use.
 */
export async function takeLeave(call: Call): Promise<CallReport> {
  await call.waitFor('agent-audio-end');
  for (let time = 1; time <= times; time += 1) {
    // The agent may end the call while it is said again.
    await call.say(farewell).catch(() => {});
    const report = await Promise.race([call.ended, timers.setTimeout(repeatMs, null)]);
    if (report) return report;
  }
  throw new Error(`The agent did not end the call, though told ${times} times`);
}

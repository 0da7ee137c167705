import { setTimeout as delay } from 'node:timers/promises';
import type { SpokenLine } from './call-events.ts';
import { SPOKE_THROUGH_MS } from './measure.ts';
import type { Phone } from './phone.ts';
import type { Step, StepTime } from './script.ts';

/** A frame's length: nothing that is waited for is known sooner. */
const LOOK_EVERY_MS = 20;

export type ScriptRun = {
  readonly steps: readonly Step[];
  readonly lines: readonly SpokenLine[];
  readonly phone: Phone;
  /** How long the agent must be quiet to have finished. */
  readonly agentQuietMs: number;
};

/** Goes through the steps, one after another; ends with them, or with the call. */
export async function runScript(run: ScriptRun): Promise<void> {
  try {
    for (const step of run.steps) {
      await takeStep(step, run);
      if (run.phone.over.aborted) return;
    }
  } catch (error) {
    // The call ended in the middle of a step.
    if (!run.phone.over.aborted) throw error;
  }
}

async function takeStep(step: Step, run: ScriptRun): Promise<void> {
  const { phone } = run;
  if ('silenceMs' in step) return delay(step.silenceMs, undefined, { signal: phone.over });
  if ('waitForEnd' in step) return waitForEnd(run, step.repeatAfterMs ?? Infinity);
  await waitUntil(() => isTime(step.when ?? 'agent-finished', run), phone.over);
  if ('say' in step) return phone.say(spokenLine(step.say, run.lines));
  if ('dtmf' in step) return phone.pressKey(step.dtmf);
  return phone.hangUp('caller');
}

async function waitForEnd(run: ScriptRun, repeatAfterMs: number): Promise<void> {
  const { phone, steps, lines } = run;
  const last = steps.findLast((step) => 'say' in step);
  const isForgotten = () =>
    phone.nowMs() - Math.max(phone.lastLineEndMs, phone.hearing.lastLoudMs) >= repeatAfterMs;
  for (;;) {
    await waitUntil(isForgotten, phone.over);
    if (last) await phone.say(spokenLine(last.say, lines));
  }
}

function spokenLine(line: string, lines: readonly SpokenLine[]): SpokenLine {
  const spoken = lines.find((candidate) => candidate.line === line);
  if (!spoken) throw new Error(`The line was not rendered: ${line}`);
  return spoken;
}

async function waitUntil(isDue: () => boolean, signal: AbortSignal): Promise<void> {
  while (!isDue()) await delay(LOOK_EVERY_MS, undefined, { signal });
}

function isTime(when: StepTime, { phone, agentQuietMs }: ScriptRun): boolean {
  if (when === 'now') return true;
  if (when === 'agent-finished') return hasFinished(phone, agentQuietMs);
  const { answeredMs, hearing, lastLineEndMs } = phone;
  const sinceMs = when.from === 'answer' ? answeredMs : hearing.beganSince(lastLineEndMs);
  return sinceMs !== undefined && phone.nowMs() >= sinceMs + when.afterMs;
}

function hasFinished(phone: Phone, agentQuietMs: number): boolean {
  const { hearing, lastLineEndMs, answeredMs } = phone;
  // Nobody has spoken yet, however long it rings.
  if (answeredMs === undefined) return false;
  const { lastLoudMs } = hearing;
  const hasSpoken =
    hearing.beganSince(lastLineEndMs) !== undefined ||
    lastLoudMs - lastLineEndMs >= SPOKE_THROUGH_MS;
  return hasSpoken && phone.nowMs() - lastLoudMs >= agentQuietMs;
}

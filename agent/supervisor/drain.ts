import timers from 'node:timers/promises';
import { DeadlineError, withDeadline } from '../deadline.ts';
import type { Log } from '../log.ts';
import type { JobLine } from './job-line.ts';
import type { Pool } from './pool.ts';
import type { WorkerProcesses } from './worker-process.ts';

/** How the calls ended: by themselves, by a second signal, or because `drainMs` was over. */
export type DrainOutcome = 'drained' | 'forced' | 'deadline';

/** Processes that were told to end get this long before they are killed. */
const forceMs = 1_500;
const pollMs = 50;

type DrainDeps = {
  readonly line: JobLine;
  readonly workers: WorkerProcesses;
  readonly pool: Pool;
  readonly log: Log;
  readonly drainMs: number;
  /** Resolves when waiting is to end at once. */
  readonly forced: Promise<void>;
};

/** Ends the workers when their calls have ended; by force when `forced` or `drainMs` comes first. */
export async function drain(deps: DrainDeps): Promise<DrainOutcome> {
  const { line, workers, pool, drainMs, forced } = deps;
  workers.stopStarting();
  // A worker that says hello later is told then.
  for (const worker of line.workers.values()) worker.send({ type: 'drain' });
  // Calls of an earlier supervisor's worker are ours to wait for, too.
  const isOver = () => workers.pids.length === 0 && pool.serving.length === 0;
  let outcome: DrainOutcome = 'drained';
  try {
    await withDeadline(
      (signal) =>
        Promise.race([
          until(isOver, signal),
          forced.then(() => {
            outcome = 'forced';
          }),
        ]),
      { ms: drainMs, label: 'drain' },
    );
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    outcome = 'deadline';
  }
  if (outcome !== 'drained') await endByForce(deps, outcome);
  return outcome;
}

/** The framework's jobs ignore signals and talk on for 13 s after their worker: they come first. */
async function endByForce(deps: DrainDeps, outcome: DrainOutcome): Promise<void> {
  const { line, workers, pool, log } = deps;
  for (const { room, callId } of pool.serving) {
    log.error({ event: 'job.forced', room, callId, outcome }, 'call ended by force');
  }
  for (const job of line.jobs) if (job.call) job.send({ type: 'end' });
  workers.kill('SIGKILL');
  const isOver = () => workers.pids.length === 0 && line.jobs.size === 0;
  try {
    await withDeadline((signal) => until(isOver, signal), { ms: forceMs, label: 'end by force' });
  } catch {
    for (const { pid, call } of line.jobs) {
      log.error({ event: 'job.forced', jobPid: pid, room: call?.room ?? null }, 'job killed');
      kill(pid);
    }
  }
}

async function until(isOver: () => boolean, signal: AbortSignal): Promise<void> {
  while (!isOver() && !signal.aborted) await timers.setTimeout(pollMs);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

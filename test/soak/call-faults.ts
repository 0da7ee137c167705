import timers from 'node:timers/promises';
import type { CallPlace } from '../faults/call-place.ts';
import { holdStore } from '../faults/hold-store.ts';
import { workerPid } from '../faults/survival-hurt.ts';
import { jobPids } from '../stack/aftermath.ts';
import { freeze } from '../harness/yard/freeze.ts';
import { isRunning } from '../harness/yard/process-end.ts';
import type { Call } from '../harness/caller/call.ts';

const stoppedMs = 5_000;
const refusedMs = 6_000;
const lockedMs = 3_000;
const awayMs = 2_000;

/** What goes wrong while a call may be up, by name; each is over when it resolves. */
export const soakFaults: Readonly<
  Record<string, (place: CallPlace, call: Call | null) => Promise<void>>
> = {
  'job-killed': async ({ service }, call) => {
    for (const pid of liveJobs(service, call)) process.kill(pid, 'SIGKILL');
  },
  'job-stopped': async ({ service }, call) => {
    const pids = liveJobs(service, call);
    await Promise.all(pids.map(freeze));
    await timers.setTimeout(stoppedMs);
    for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGCONT');
  },
  'worker-killed': async (place) => {
    process.kill(workerPid(place), 'SIGKILL');
  },
  'worker-stopped': async (place) => {
    await freeze(workerPid(place));
  },
  'supervisor-killed': async (place) => {
    place.service.signal('SIGKILL');
    await place.service.exited;
    await place.startAnother();
  },
  deploy: async (place) => {
    const old = place.service;
    await place.startAnother();
    old.signal('SIGTERM');
  },
  'hearing-cut': async ({ yard }) => {
    for (const connection of yard.deepgram.connections) connection.close(1006);
  },
  'thinking-refused': ({ yard }) =>
    refuseFor(() => yard.openai.faults.on('chat', { do: 'refuse', status: 500 })),
  'sheet-refused': ({ yard }) =>
    refuseFor(() => yard.sheets.faults.on('*', { do: 'refuse', status: 503 })),
  'store-locked': async ({ yard }) => {
    const lock = await holdStore(yard.env['DATA_DIR'] ?? '', lockedMs);
    await lock.done;
  },
  'livekit-restarted': async ({ yard }) => {
    await yard.livekit.kill();
    await timers.setTimeout(awayMs);
    await yard.livekit.restart();
  },
};

function liveJobs(service: CallPlace['service'], call: Call | null): number[] {
  return call ? jobPids(service, call).filter(isRunning) : [];
}

async function refuseFor(begin: () => () => void): Promise<void> {
  const over = begin();
  await timers.setTimeout(refusedMs);
  over();
}

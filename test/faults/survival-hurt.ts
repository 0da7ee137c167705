import type { CallEvent } from '../harness/caller/call-events.ts';
import { processesOfGroup } from '../harness/yard/process-end.ts';
import type { CallPlace } from './call-place.ts';
import type { CallScene } from './call-scene.ts';

/** The process of the job that has the call, as far as the log tells. */
export function jobPidOf({ lines }: CallScene): number {
  const begun = ['call.answered', 'job.resumed'];
  const last =
    lines.findLast((line) => begun.includes(line.event) && line['jobPid'] !== undefined) ??
    lines.findLast((line) => line['jobPid'] !== undefined);
  return Number(last?.['jobPid']);
}

/** The fault begins: the process of the job that has the call gets this signal. */
export function hurtJob(scene: CallScene, signal: NodeJS.Signals = 'SIGKILL'): number {
  const pid = jobPidOf(scene);
  scene.strike();
  process.kill(pid, signal);
  return pid;
}

/** Waits until an agent is heard that was not heard before the fault, and has finished. */
export async function heardAgain(scene: CallScene, withinMs?: number): Promise<void> {
  const { events } = scene.call;
  const struckMs = scene.struckMs ?? 0;
  const isSound = ({ type }: CallEvent) => type === 'agent-audio-start';
  const identityOf = (event: CallEvent) => ('identity' in event ? event.identity : '');
  const known = new Set(
    events.filter((event) => isSound(event) && event.atMs < struckMs).map(identityOf),
  );
  const isNew = (event: CallEvent) => isSound(event) && !known.has(identityOf(event));
  await scene.until('another agent is heard', () => scene.call.events.some(isNew), withinMs);
  await scene.quiet();
}

/** The worker that takes calls. */
export function workerPid({ service }: CallPlace): number {
  const started = service.lines.findLast(
    (line) => line.event === 'worker.started' && service.wrote(line),
  );
  return Number(started?.['workerPid']);
}

/** The attendant that takes calls. */
export function attendantPid({ service }: CallPlace): number {
  const started = service.lines.findLast(
    (line) => line.event === 'attendant.started' && service.wrote(line),
  );
  return Number(started?.['attendantPid']);
}

/** A process that waits for a call: the worker's, but not the worker, and none that had its call. */
export async function idlePid(place: CallPlace): Promise<number> {
  const { service } = place;
  const served = service.lines.map(({ jobPid }) => jobPid);
  const known = [service.pid, workerPid(place), attendantPid(place), ...served];
  const idle = (await processesOfGroup(service.pid)).find((pid) => !known.includes(pid));
  if (idle === undefined) throw new Error('No process waits for a call');
  return idle;
}

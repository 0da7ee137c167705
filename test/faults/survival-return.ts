import { eventually } from '../harness/eventually.ts';
import type { CallScene } from './call-scene.ts';

/** After the server is back, callers and jobs need so long to be in their room again. */
const backMs = 40_000;

/**
 * Resolves when the caller and an agent are in the room again after the fault, or when the call is
 * over. @throws {Error} that names who is not.
 */
export async function bothBack(scene: CallScene): Promise<void> {
  const sinceMs = scene.struckMs ?? 0;
  const isBack = () => scene.isOver || missing(scene, sinceMs).length === 0;
  await eventually('both are in the room again', isBack, backMs).catch(() => {
    throw new Error(`Not in the room again: ${missing(scene, sinceMs).join(' and ')}`);
  });
}

/** Whatever is said before both are there is lost. */
function missing(scene: CallScene, sinceMs: number): string[] {
  return [
    ...(isCallerBack(scene, sinceMs) ? [] : ['the caller']),
    ...(isAgentBack(scene, sinceMs) ? [] : ['the agent']),
  ];
}

function isCallerBack({ call }: CallScene, sinceMs: number): boolean {
  return call.events.some(({ type, atMs }) => type === 'reconnected' && atMs > sinceMs);
}

/** A job says so: the one that was there, or one that goes on in its place. */
function isAgentBack({ lines, nowMs }: CallScene, sinceMs: number): boolean {
  const struckAtMs = Date.now() - nowMs + sinceMs;
  return lines.some(
    ({ event, time }) =>
      (event === 'room.reconnected' || event === 'job.resumed') && Date.parse(time) > struckAtMs,
  );
}

import { execFile } from 'node:child_process';
import timers from 'node:timers/promises';
import { promisify } from 'node:util';

const pollMs = 5;

/** Whether a process is there; one that has ended and was not yet waited for by its parent is not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** When the process was gone, on the wall clock; null if it still is there after `withinMs`. */
export async function processEnd(pid: number, withinMs: number): Promise<number | null> {
  const untilMs = Date.now() + withinMs;
  while (isRunning(pid)) {
    if (Date.now() > untilMs) return null;
    await timers.setTimeout(pollMs);
  }
  return Date.now();
}

/** The processes of a group that are running, by process id. */
export async function processesOfGroup(groupId: number): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,pgid=,stat=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, group, state = '']) => Number(group) === groupId && !state.startsWith('Z'))
    .map(([pid]) => Number(pid));
}

import timers from 'node:timers/promises';

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

import type { ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { setPriority } from 'node:os';

/** Enough to give way to every call, and still fast on a machine that is not busy. */
const warmingNice = 10;
const callNice = 0;

/**
 * Lets the processes that this one starts give way to those that serve calls: warming one takes a
 * second of a core, right after a call took one. Does nothing where a process may not be raised again
 * (a container without CAP_SYS_NICE), for a call must not stay behind. To be called before any start.
 */
export function warmBehindCalls(): void {
  if (!mayRaise()) return;
  diagnostics.subscribe('child_process', (message) => {
    const { process: child } = message as { readonly process: ChildProcess };
    child.once('spawn', () => trySet(child.pid, warmingNice));
  });
}

/** Brings this process back to the front: it serves a call from now on. */
export function serveInFront(): void {
  trySet(process.pid, callNice);
}

/** Tried on this process, by the smallest step: without the right it stays one step lower. */
function mayRaise(): boolean {
  return trySet(process.pid, callNice + 1) && trySet(process.pid, callNice);
}

function trySet(pid: number | undefined, nice: number): boolean {
  if (pid === undefined) return false;
  try {
    setPriority(pid, nice);
    return true;
  } catch {
    return false;
  }
}

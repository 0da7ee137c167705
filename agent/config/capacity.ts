import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** Of a machine: processor cores that the process may use, and bytes of memory. */
export type Machine = { readonly cores: number; readonly memoryBytes: number };

/** The calls that a machine takes at once, and the processes that it keeps warm for them. */
export type DefaultCapacity = { readonly maxCalls: number; readonly numIdleProcesses: number };

/** A turn stays within 2.8 s (p50) with four calls a core; with twenty a core all calls are ruined. */
const callsPerCore = 4;
/** Two a core take a burst; with four a core their own start slows down whoever talks. */
const idlePerCore = 2;
const megabyte = 1_048_576;
/** Supervisor, worker and attendant; then a warm process, and what a call adds to one. */
const basisBytes = 400 * megabyte;
const idleBytes = 115 * megabyte;
const callBytes = 170 * megabyte;

/** The capacity that follows from a machine; at least one call and one warm process. */
export function defaultCapacity({ cores, memoryBytes }: Machine): DefaultCapacity {
  const idle = Math.max(1, cores * idlePerCore);
  const leftBytes = memoryBytes - basisBytes;
  // A third of the memory at most stays with processes that only wait.
  const idleFits = Math.floor(leftBytes / 3 / idleBytes);
  const numIdleProcesses = Math.max(1, Math.min(idle, idleFits, 16));
  const callsFit = Math.floor((leftBytes - numIdleProcesses * idleBytes) / callBytes);
  const maxCalls = Math.max(1, Math.min(cores * callsPerCore, callsFit));
  return { maxCalls, numIdleProcesses: Math.min(numIdleProcesses, maxCalls) };
}

/** Bytes of memory that so many calls and warm processes need, with those who start and guard them. */
export function memoryForCalls({ maxCalls, numIdleProcesses }: DefaultCapacity): number {
  return basisBytes + numIdleProcesses * idleBytes + maxCalls * callBytes;
}

/** Jobs that start together: each takes a core for half a second, and a caller who talks needs one. */
export function startsAtOnce({ cores }: Pick<Machine, 'cores'>): number {
  return Math.max(1, Math.floor(cores / 2));
}

/** The limits of the container, where there are any, else the whole machine. */
export function thisMachine(): Machine {
  const limits = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']
    .map(readBytes)
    .filter((bytes) => bytes !== null);
  // Node knows the processors that a container may use.
  return { cores: availableParallelism(), memoryBytes: Math.min(totalmem(), ...limits) };
}

/** Null where there is no such file, or no limit in it (`max`). */
function readBytes(path: string): number | null {
  try {
    const bytes = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
  } catch {
    return null;
  }
}

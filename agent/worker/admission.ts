import { unlimitedShare, type RefusalReason, type WorkerOrder } from '../ipc/messages.ts';

/** The pool and the calls, as the supervisor last told of them. */
export type PoolState = Omit<Extract<WorkerOrder, { type: 'pool' }>, 'type'>;

/** The facts on which a job request is decided. */
export type AdmissionState = {
  readonly pool: PoolState | null;
  /** Jobs that were accepted and have not shown up on the line yet, by id, with their rooms. */
  readonly pending: ReadonlyMap<string, string>;
  readonly maxCalls: number;
  readonly draining: boolean;
  readonly isAlive: (pid: number) => boolean;
};

/**
 * Takes a job for `room` (null), or says why not, and the server asks the next worker. A further
 * job for a call that is counted already is always let in: it comes to rescue that call. `isSentFor`:
 * the guardian asked for it, not LiveKit by itself.
 */
export function admission(
  state: AdmissionState,
  room: string,
  { isSentFor = false }: { readonly isSentFor?: boolean } = {},
): RefusalReason | null {
  const { pool, pending, maxCalls, draining } = state;
  if (draining) return 'draining';
  if (!pool) return 'no-supervisor';
  const warm = pool.idlePids.filter(state.isAlive).length;
  // One dead process in the pool's queue swallows a job: then none is safe.
  if (warm < pool.idlePids.length || warm <= pending.size) return 'no-warm-process';
  const rooms = roomsWithJobs(state);
  if (rooms.has(room)) return null;
  if (rooms.size >= maxCalls) return 'full';
  // The guardian has counted them before it sent for one.
  const starts = isSentFor ? Infinity : (pool.startsAtOnce ?? Infinity);
  return startingJobs(state) >= starts ? 'busy-starting' : null;
}

function startingJobs({ pool, pending }: AdmissionState): number {
  return pending.size + (pool?.jobs.filter(({ isStarting }) => isStarting).length ?? 0);
}

/** True when the caller in `room` is looked at first: some are blocked, or many calls are up. */
export function asksFirst(state: AdmissionState, room: string): boolean {
  if (state.pool?.asksAlways) return true;
  const others = [...roomsWithJobs(state)].filter((other) => other !== room);
  return others.length > state.maxCalls * unlimitedShare;
}

function roomsWithJobs({ pool, pending }: AdmissionState): Set<string> {
  return new Set([...(pool?.jobs.map((job) => job.room) ?? []), ...pending.values()]);
}

/** The server offers jobs only to workers below this load, and looks at it every 2.5 s. */
export const fullLoad = 0.7;
/** A worker at `maxCalls` is still offered jobs: one may come to rescue a call that it counts. */
const busyLoad = 0.65;

/**
 * The load that is reported: calls against what this machine takes. The framework's default, the
 * machine's CPU, loses calls when something else is busy. Only a worker that drains reports itself
 * full; one without room says so in the job request, and the server then asks the next worker.
 */
export function reportedLoad(state: AdmissionState): number {
  if (state.draining) return 1;
  return Math.min(1, roomsWithJobs(state).size / state.maxCalls) * busyLoad;
}

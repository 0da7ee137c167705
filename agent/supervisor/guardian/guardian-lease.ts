import { sharedTimes } from '../../config/timeouts.ts';
import { withDeadline } from '../../infra/deadline.ts';
import { agentIdentity } from '../../ipc/messages.ts';
import type { Log } from '../../telemetry/events.ts';
import { sweepMs } from './room-reconciler.ts';
import type { Rooms } from '../../livekit/room-service.ts';
import type { WatchedCall } from './watched-call.ts';
import type { JobAssignment } from './job-assignment.ts';

/** Witnesses of whose a call is: the line, the store, LiveKit. */
export type GuardianLeaseDeps = {
  readonly rooms: Pick<Rooms, 'findCaller'>;
  readonly log: Log;
  readonly assignment: JobAssignment;
  /** Takes the lease of a room, for a few seconds; false when another guardian holds it. */
  readonly mayAct: (room: string) => Promise<boolean>;
  readonly nowMs: () => number;
};

/** Leave to send for a fresh job, with whose lease it may take over; or when to ask again. */
export type Claim =
  | { readonly mayAct: true; readonly supersedes: string | null }
  | { readonly mayAct: false; readonly againInMs: number };

/** Both answers take 5 ms; a caller waits meanwhile. */
const storeMs = 1_000;
/** Another guardian acts; what comes of it is seen after this. */
const actedMs = 1_000;

/** One guardian looks after a call: the store says which, and without a store the call's room. */
export class GuardianLease {
  readonly #deps: GuardianLeaseDeps;

  constructor(deps: GuardianLeaseDeps) {
    this.#deps = deps;
  }

  /** Rejects when neither the store nor LiveKit can be asked. */
  async claim(call: WatchedCall): Promise<Claim> {
    try {
      return await withDeadline(() => this.#byStore(call), {
        ms: storeMs,
        label: 'guardian lease',
      });
    } catch (error) {
      const { room } = call;
      this.#deps.log.emit('store.failed', { room, error }, 'whose-call');
      return this.#byRoom(call);
    }
  }

  async #byStore(call: WatchedCall): Promise<Claim> {
    const { assignment, mayAct } = this.#deps;
    const holder = await assignment.holder(call);
    if (assignment.isForeign(call, holder)) {
      call.loss = null;
      return { mayAct: false, againInMs: sweepMs };
    }
    if (!(await mayAct(call.room))) return { mayAct: false, againInMs: actedMs };
    return { mayAct: true, supersedes: holder };
  }

  /** A store that is away must not leave a caller waiting: LiveKit knows whether an agent is there. */
  async #byRoom(call: WatchedCall): Promise<Claim> {
    const { rooms, nowMs } = this.#deps;
    const caller = await rooms.findCaller(call.room);
    const isAlone = caller?.isThere && caller.agents.every((agent) => this.#isOfNoUse(call, agent));
    if (!isAlone) {
      call.aloneSinceMs = null;
      return { mayAct: false, againInMs: actedMs };
    }
    call.aloneSinceMs ??= nowMs();
    if (!call.wasOffered && nowMs() < call.aloneSinceMs + sharedTimes.aloneInRoomMs) {
      return { mayAct: false, againInMs: actedMs };
    }
    return { mayAct: true, supersedes: [...call.lostJobs].at(-1) ?? null };
  }

  /** An agent of ours that is lost, or stuck, or an attendant: the call is to go to another. */
  #isOfNoUse(call: WatchedCall, agent: string): boolean {
    if (call.attendant !== null && agent === agentIdentity(call.attendant)) return true;
    const onLine = this.#deps.assignment
      .jobsOf(call)
      .map(({ call: served }) => served?.jobId ?? '');
    return [...call.lostJobs, ...onLine].some((jobId) => agentIdentity(jobId) === agent);
  }
}

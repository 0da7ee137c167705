import { sharedTimes } from '../../config/timeouts.ts';
import { agentIdentity } from '../../ipc/messages.ts';
import type { AttendanceEnd, AttendedCall } from '../../ipc/messages.ts';
import type { AttendantPeer, JobPeer } from '../../ipc/server.ts';
import type { Rooms } from '../../livekit/room-service.ts';
import type { Log } from '../../telemetry/events.ts';
import type { WatchedCall } from '../guardian/watched-call.ts';

/** An attendant that was sent and said nothing of the call by then is sent again. */
const sentMs = 3_000;
/** Another agent had the call, or there was nothing to say: that does not pass at once. */
const declinedMs = 2_000;
/** Tens of rooms are a few MB each; beyond, a caller hears it ring until a place is free. */
const mostRooms = 60;
/** A caller whom LiveKit does not name by then is answered as any other. */
const unseenMs = 1_000;

/** The parties to an attendance. */
export type AttendanceDeps = {
  readonly rooms: Pick<Rooms, 'remove'>;
  readonly log: Log;
  /** The attendant that takes calls; undefined while there is none. */
  readonly attendant: () => AttendantPeer | undefined;
  readonly jobs: () => Iterable<JobPeer>;
  readonly patienceMs: () => number;
  /** False while another deployment answers the calls. */
  readonly mayAnswer: () => boolean;
  /** True while callers are turned away by their number: then nobody is answered unseen. */
  readonly looksFirst?: () => boolean;
  readonly nowMs?: () => number;
};

/** Sends the attendant to the calls that no job answers in time. */
export class Attendance {
  readonly #deps: AttendanceDeps;
  readonly #nowMs: () => number;

  constructor(deps: AttendanceDeps) {
    this.#deps = deps;
    this.#nowMs = deps.nowMs ?? (() => performance.now());
  }

  /**
   * The one place that decides when the attendant answers: at once when a worker had no process for
   * the call; else when the job that was asked for is late. Null: not at all, as things are.
   */
  dueAtMs(call: WatchedCall): number | null {
    if (call.wasAnswered || call.attendant !== null || !this.#deps.mayAnswer()) return null;
    if (call.isTurnedAway) return null;
    // A job past this is about to speak itself, and has the lease.
    const isLate = [...this.#deps.jobs()].every(
      ({ call: served, stage }) => served?.room !== call.room || stage === 'connecting',
    );
    if (!isLate) return null;
    const askedAtMs = call.acceptedAtMs ?? call.firstSeenMs;
    const isRefused = call.wasRefused && call.acceptedAtMs === null;
    return Math.max(
      isRefused ? 0 : askedAtMs + sharedTimes.attendantHeadStartMs,
      call.attendantNotBeforeMs,
      this.#deps.looksFirst?.() && call.caller === null ? call.firstSeenMs + unseenMs : 0,
    );
  }

  /** Sends the attendant to the call if it is time. */
  lookAfter(call: WatchedCall): void {
    const nowMs = this.#nowMs();
    const dueAtMs = this.dueAtMs(call);
    if (dueAtMs === null || nowMs < dueAtMs) return;
    const attendant = this.#deps.attendant();
    if (!attendant || attendant.calls.size >= mostRooms) return;
    call.attendantNotBeforeMs = nowMs + sentMs;
    call.wasAttended = true;
    const { room } = call;
    attendant.send({
      type: 'answer',
      room,
      patienceMs: this.#deps.patienceMs(),
      supersedes: call.lostAttendant,
      isFlood: call.isFlood,
    });
    const why =
      call.lostAttendant !== null ? 'attendant-lost' : call.wasRefused ? 'refused' : 'late';
    this.#deps.log.emit('attendant.sent', {
      room,
      waitedMs: Math.round(nowMs - call.firstSeenMs),
      why,
    });
  }

  /** A job was taken for the call: its attendant waits for that, rather than tell that nobody is free. */
  jobComing({ room, wasAttended }: WatchedCall): void {
    if (wasAttended) this.#deps.attendant()?.send({ type: 'job-coming', room });
  }

  /** The call is one of a flood, as is seen only now. */
  isFlood({ room, wasAttended }: WatchedCall): void {
    if (wasAttended) this.#deps.attendant()?.send({ type: 'is-flood', room });
  }

  /** An attendant has the call. */
  attending(call: WatchedCall, { holder }: AttendedCall): void {
    call.wasAttended = true;
    // Seen as such by a supervisor that did not know of it: it attends no call that a job has answered.
    call.wasAnswered = false;
    call.attendant = holder;
    call.lostAttendant = null;
  }

  /** An attendant is done with the call, which is not over. */
  attended(call: WatchedCall, end: Exclude<AttendanceEnd, 'ended'>): void {
    const { attendant } = call;
    call.attendant = null;
    call.attendantNotBeforeMs = this.#nowMs() + declinedMs;
    // From here on silence is a broken call.
    if (end === 'handed-over') call.wasAnswered = true;
    // Whoever has the call is not known to be a job that was there first.
    if (end === 'declined' && attendant === null) call.wasAttended = false;
    // Before it had the call nothing but the machine, or the way to LiveKit, was too slow: once more.
    if (end !== 'failed' || attendant === null) return;
    this.#lost(call, attendant);
    // Of what this one failed at, the next one would fail, too: jobs are tried on, for a flood as well.
    call.attendantNotBeforeMs = Infinity;
    call.isFlood = false;
  }

  /** The attendant of the call died: the next one, or the job, may take the lease at once. */
  lost(call: WatchedCall): void {
    const { attendant } = call;
    call.attendant = null;
    call.attendantNotBeforeMs = 0;
    this.#lost(call, attendant);
  }

  #lost(call: WatchedCall, holder: string | null): void {
    if (holder === null) return;
    call.lostAttendant = holder;
    call.lostJobs.add(holder);
    // LiveKit lists the dead participant for 21 s more; a job that stands by waits for its leaving.
    void this.#deps.rooms.remove(call.room, agentIdentity(holder)).catch(() => {});
  }
}

import { beatMs } from '../../ipc/client.ts';
import type { Log } from '../../telemetry/events.ts';
import type { AttendantPeer, JobPeer, WorkerPeer } from '../../ipc/server.ts';

/** A process may be silent for `suspectMs` when all else is well, and for `sureMs` in any case. */
type Patience = { readonly suspectMs: number; readonly sureMs: number };

type Beating = { readonly lastBeatMs: number };

/** Silence while this process did not run itself is its own: the count begins again. */
const stalledMs = 500;
/** Another process that beat within this time shows that the machine is not to blame. */
const companyMs = 500;

/**
 * Tells a frozen process from one that is late. On a machine that is too busy everybody is late, and
 * the listener hears late: so a short silence counts only if others beat and we ran on time.
 */
export class FreezeDetector {
  #nowMs: number;
  #lateAtMs = Number.NEGATIVE_INFINITY;
  #countsFromMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
    this.#countsFromMs = nowMs;
  }

  /** Notes that this process runs: to be called every `beatMs`. */
  tick(nowMs: number): void {
    const lagMs = nowMs - this.#nowMs - beatMs;
    if (lagMs > stalledMs) this.#countsFromMs = nowMs;
    if (lagMs > beatMs) this.#lateAtMs = nowMs;
    this.#nowMs = nowMs;
  }

  /** The silence of `one` among `all`, once that is too long; else null. */
  silentMs(one: Beating, all: Iterable<Beating>, { suspectMs, sureMs }: Patience): number | null {
    const silentMs = this.#nowMs - Math.max(one.lastBeatMs, this.#countsFromMs);
    if (silentMs < suspectMs) return null;
    const isSure = silentMs >= sureMs || (this.#wasOnTimeSince(one) && this.#hasCompany(one, all));
    return isSure ? silentMs : null;
  }

  #wasOnTimeSince({ lastBeatMs }: Beating): boolean {
    return this.#lateAtMs < lastBeatMs;
  }

  #hasCompany(one: Beating, all: Iterable<Beating>): boolean {
    return [...all].some((other) => other !== one && this.#nowMs - other.lastBeatMs <= companyMs);
  }
}

/**
 * A caller hears nothing from the first moment on; but on a machine without a core to spare jobs stood
 * still for 1.2 s and went on, and a takeover takes longer than that.
 */
const jobPatience = { suspectMs: 2_000, sureMs: 4_000 };
/** A freeze may be its machine's: for so long after one, only sure ones count. */
const machineMs = 60_000;
/** The jobs of a hung worker talk on. One that starts has nobody beside it, and much to load. */
const workerPatience = { suspectMs: 2_000, sureMs: 6_000 };
/** Nobody waits for it but one who was told goodbye; what it is busy with is often its own end. */
const closingPatience = { suspectMs: 3_000, sureMs: 3_000 };
/** Nobody waits for a process that warms, and on a busy machine it may not run for a while. */
const warmPatience = { suspectMs: 15_000, sureMs: 15_000 };
/** A job that was given up on leaves by itself when it wakes; one that does not wake is killed. */
const wakeMs = 10_000;

/** The peers on the line, and who is told of a frozen one. */
export type HeartbeatMonitorDeps = {
  readonly jobs: () => Iterable<JobPeer>;
  readonly workers: () => Iterable<WorkerPeer>;
  readonly attendants: () => Iterable<AttendantPeer>;
  /** A job with a call is frozen. False: it is to be asked again, another's turn comes first. */
  readonly onFrozen: (job: JobPeer) => boolean;
  /** Another one in tests. */
  readonly kill?: (pid: number) => void;
  readonly log: Log;
  /** The clock of the peers. */
  readonly nowMs?: () => number;
};

/** Finds the processes on the line that are there and do not run: stopped, or blocked. */
export class HeartbeatMonitor {
  readonly #deps: HeartbeatMonitorDeps;
  readonly #nowMs: () => number;
  readonly #freezes: FreezeDetector;
  /** The last time that a job with a call was given up on. */
  #frozeMs = Number.NEGATIVE_INFINITY;
  /** The jobs that were given up on, and when. */
  readonly #frozenAtMs = new WeakMap<JobPeer, number>();
  readonly #killed = new WeakSet<JobPeer | WorkerPeer | AttendantPeer>();
  #tick: NodeJS.Timeout | undefined;

  constructor(deps: HeartbeatMonitorDeps) {
    this.#deps = deps;
    this.#nowMs = deps.nowMs ?? (() => performance.now());
    this.#freezes = new FreezeDetector(this.#nowMs());
  }

  start(): void {
    this.#tick = setInterval(() => this.check(), beatMs);
  }

  stop(): void {
    clearInterval(this.#tick);
  }

  /** One tick: `start` has it called every `beatMs`. */
  check(): void {
    this.#freezes.tick(this.#nowMs());
    const jobs = [...this.#deps.jobs()];
    const workers = [...this.#deps.workers()];
    const attendants = [...this.#deps.attendants()];
    const all = [...jobs, ...workers, ...attendants];
    for (const attendant of attendants) {
      const patience = attendant.calls.size > 0 ? jobPatience : warmPatience;
      const silentMs = this.#freezes.silentMs(attendant, all, patience);
      if (silentMs !== null) this.#attendantHangs(attendant, silentMs);
    }
    for (const worker of workers) {
      const silentMs = this.#freezes.silentMs(worker, all, workerPatience);
      if (silentMs !== null) this.#workerHangs(worker, silentMs);
    }
    for (const job of jobs) {
      const silentMs = this.#freezes.silentMs(job, all, this.#patienceWith(job));
      if (silentMs !== null) this.#jobIsFrozen(job, silentMs);
    }
  }

  #workerHangs(worker: WorkerPeer, silentMs: number): void {
    if (this.#killed.has(worker)) return;
    const { pid: workerPid } = worker;
    this.#deps.log.emit('worker.hung', { workerPid, silentMs: Math.round(silentMs) });
    this.#kill(worker);
  }

  /** Dead, its callers get another one. */
  #attendantHangs(attendant: AttendantPeer, silentMs: number): void {
    if (this.#killed.has(attendant)) return;
    const { pid: attendantPid } = attendant;
    this.#deps.log.emit('attendant.hung', { attendantPid, silentMs: Math.round(silentMs) });
    this.#kill(attendant);
  }

  #jobIsFrozen(job: JobPeer, silentMs: number): void {
    const sinceMs = this.#frozenAtMs.get(job);
    if (sinceMs !== undefined) {
      if (this.#nowMs() - sinceMs > wakeMs) this.#kill(job);
      return;
    }
    if (job.call && !this.#deps.onFrozen(job)) return;
    this.#frozenAtMs.set(job, this.#nowMs());
    if (job.call) this.#frozeMs = this.#nowMs();
    const { pid, stage, call } = job;
    this.#deps.log.emit('job.frozen', {
      jobPid: pid,
      stage,
      room: call?.room ?? null,
      callId: call?.callId ?? null,
      silentMs: Math.round(silentMs),
    });
    // A warm process would swallow the next call; dead, it is dealt with as every dead one.
    if (!call) this.#kill(job);
  }

  #kill(peer: JobPeer | WorkerPeer | AttendantPeer): void {
    if (this.#killed.has(peer)) return;
    this.#killed.add(peer);
    (this.#deps.kill ?? killProcess)(peer.pid);
  }

  #patienceWith({ call, stage }: JobPeer): Patience {
    if (!call) return warmPatience;
    if (stage === 'closing') return closingPatience;
    const { sureMs } = jobPatience;
    const isFirst = this.#nowMs() - this.#frozeMs >= machineMs;
    return isFirst ? jobPatience : { suspectMs: sureMs, sureMs };
  }
}

/** Kills a process, at once and without its having a say; does nothing when it is gone already. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

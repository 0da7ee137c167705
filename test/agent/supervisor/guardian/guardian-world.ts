import { mock } from 'node:test';
import type { JobStage, JobOrder } from '../../../../agent/ipc/messages.ts';
import type { CallerLimits } from '../../../../agent/supervisor/guardian/caller-limits.ts';
import { Guardian } from '../../../../agent/supervisor/guardian/guardian.ts';
import type { JobPeer } from '../../../../agent/ipc/server.ts';
import type { AbandonedCall } from '../../../../agent/supervisor/guardian/abandoned-calls.ts';
import type { ListedCaller, Rooms } from '../../../../agent/livekit/room-service.ts';
import { defaultTimeouts } from '../../../../agent/config/timeouts.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';

/** The call that most tests are about. */
export const room = 'call_1';
/** Its caller, who hears it ring. */
export const caller: ListedCaller = {
  callId: 'SCL_1',
  phoneNumber: '+15550111',
  wasAnswered: false,
  isThere: true,
  agents: [],
};
/** A tick of the guardian, and a sweep. */
export const tickMs = 250;
export const sweepMs = 2_000;
/** When the clock of the tests starts. */
export const startMs = Date.UTC(2026, 0, 1);

/** LiveKit, the line and the store, as the guardian sees them. */
export class World implements Rooms {
  readonly dispatches: { readonly room: string; readonly supersedes: unknown }[] = [];
  /** Why each of them was to go on with the call. */
  readonly resumes: unknown[] = [];
  readonly removed: string[] = [];
  readonly closed: string[] = [];
  readonly lost: AbandonedCall[] = [];
  /** Rooms of which the attendant was told that they are of a flood. */
  readonly floods: string[] = [];
  readonly jobs = new Set<JobPeer>();
  readonly callers = new Map<string, ListedCaller | null>();
  readonly foreign = new Set<string>();
  readonly recorded = recordedLog();
  createdAtMs = startMs;
  holder: string | null = null;
  isReady = true;
  isDraining = false;
  limits: CallerLimits | null = null;
  /** Numbers of those who have talked with us before. */
  readonly known = new Set<string>();
  /** For calls beside those that have a job. */
  callsLeft = Infinity;
  /** Warm processes, of which a job takes one. */
  places = Infinity;
  starts = Infinity;
  /** The store keeps whoever asks it waiting, as a locked one does. */
  isStoreLocked = false;
  /** Another supervisor acts for the room. */
  isActedFor = false;
  /** The worker turns down every job. */
  refuses = false;
  failure: Error | null = null;
  /** How often it was told that LiveKit answers again. */
  returns = 0;
  /** Awaited before each answer of LiveKit's. */
  onRequest: () => Promise<void> = async () => {};
  readonly guardian = new Guardian({
    rooms: this,
    log: this.recorded.log,
    timeouts: defaultTimeouts,
    jobs: () => this.jobs,
    canTake: () => this.isReady,
    places: () => ({ warm: this.places, calls: this.callsLeft, starts: this.starts }),
    leaseHolder: async () => this.holder,
    mayAct: async () => {
      if (this.isStoreLocked) await new Promise<never>(() => {});
      return !this.isActedFor;
    },
    attendance: {
      dueAtMs: () => null,
      lookAfter: () => {},
      jobComing: () => {},
      isFlood: ({ room: name }) => void this.floods.push(name),
      attending: (call, { holder }) => void (call.attendant = holder),
      attended: (call) => void (call.attendant = null),
      lost: (call) => void (call.attendant = null),
    },
    onAbandoned: async (call) => void this.lost.push(call),
    isDraining: () => this.isDraining,
    limits: () => this.limits,
    isBlocked: (number) => this.limits?.isBlocked(number) ?? false,
    isKnown: async ({ phoneNumber }) => phoneNumber !== null && this.known.has(phoneNumber),
    onServerBack: () => void (this.returns += 1),
    nowMs: () => Date.now(),
  });

  async list() {
    await this.#request();
    return [...this.callers.keys()].map((name) => ({ name, createdAtMs: this.createdAtMs }));
  }

  async findCaller(name: string) {
    await this.#request();
    return this.callers.get(name) ?? null;
  }

  async isOurs(name: string) {
    await this.#request();
    return !this.foreign.has(name);
  }

  async dispatch(name: string, metadata: string) {
    await this.#request();
    const { supersedes, resume } = JSON.parse(metadata) as Record<string, unknown>;
    this.resumes.push(resume);
    this.dispatches.push({ room: name, supersedes });
    if (this.refuses) this.guardian.refused(name);
  }

  async remove(_room: string, identity: string) {
    await this.#request();
    this.removed.push(identity);
  }

  async close(name: string) {
    await this.#request();
    this.closed.push(name);
    this.callers.delete(name);
  }

  /** A call rings, and LiveKit asked our worker, which took it. */
  async ring(name = room): Promise<void> {
    this.callers.set(name, { ...caller, callId: `SCL_${name.split('_')[1]}` });
    this.guardian.accepted(name);
    await settle();
  }

  /** A job of the call shows up, or moves on. */
  job(jobId: string, stage: JobStage = 'connecting', inRoom = room): FakeJob {
    const job = new FakeJob(jobId, stage, inRoom);
    this.jobs.add(job);
    this.guardian.jobMoved(job);
    return job;
  }

  moved(job: FakeJob, stage: JobStage): void {
    job.stage = stage;
    job.stageSinceMs = Date.now();
    this.guardian.jobMoved(job);
  }

  left(job: FakeJob, outcome: 'ended' | 'yielded' | 'failed' | null): void {
    this.jobs.delete(job);
    this.guardian.jobGone(job, outcome);
  }

  async #request(): Promise<void> {
    await this.onRequest();
    if (this.failure) throw this.failure;
  }
}

/** A job on the line. */
export class FakeJob implements JobPeer {
  readonly pid = 1;
  readonly workerPid = 2;
  readonly call;
  readonly orders: JobOrder[] = [];
  stage: JobStage;
  stageSinceMs = Date.now();
  lastBeatMs = Date.now();

  constructor(jobId: string, stage: JobStage, inRoom: string) {
    this.call = { jobId, room: inRoom, callId: null };
    this.stage = stage;
  }

  send(order: JobOrder): void {
    this.orders.push(order);
  }
}

/** Lets what is under way come to its end, without time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

/** Lets time pass, with all that happens in it. */
export async function pass(ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += tickMs) {
    mock.timers.tick(Math.min(tickMs, ms - passedMs));
    await settle();
  }
}

import type { Config } from '../config.ts';
import { DeadlineError, withDeadline } from '../deadline.ts';
import type { JobOutcome } from '../line.ts';
import type { Log } from '../log.ts';
import { openStore } from '../store/database.ts';
import type { Store } from '../store/database.ts';
import { callLeaseName, readLease } from '../store/leases.ts';
import { BookingDesk } from './booking-desk.ts';
import { Guardian } from './guardian.ts';
import { serveHttp } from './http.ts';
import type { HttpServer, Readiness } from './http.ts';
import { InventoryKeeper } from './inventory-keeper.ts';
import { JobLine } from './job-line.ts';
import type { JobPeer, WorkerPeer } from './job-line.ts';
import { recordLostCall } from './lost-calls.ts';
import { createRooms } from './rooms.ts';
import { WorkerProcesses } from './worker-process.ts';

/** Processes that were told to end get this long before they are killed. */
const forceMs = 1_500;
/** What is still open after the last word in the log is left behind with the process. */
const closeMs = 1_000;

/** The process that stays: it starts workers, holds the line to every job, and guards every call. */
export class Supervisor {
  readonly #config: Config;
  readonly #log: Log;
  readonly #store: Store;
  readonly #line: JobLine;
  readonly #workers: WorkerProcesses;
  readonly #guardian: Guardian;
  readonly #inventory: InventoryKeeper;
  readonly #bookings: BookingDesk;
  readonly #forced = Promise.withResolvers<void>();
  #http: HttpServer | undefined;
  #inventoryTried = false;
  #announceReady = true;
  #draining: Promise<number> | undefined;

  /** Starts everything; resolves when the process serves `/healthz` and its first worker starts. */
  static async start(config: Config, log: Log): Promise<Supervisor> {
    const store = await openStore({
      databaseUrl: config.store.databaseUrl ?? undefined,
      dataDir: config.store.dataDir,
    });
    let supervisor: Supervisor | undefined;
    // Jobs of an earlier supervisor may be back on the line before all is set up here.
    const line = new JobLine({
      onJobStage: (job) => supervisor?.jobMoved(job),
      onJobAsks: (job, report) => supervisor?.bookings.onReport(job, report),
      onJobGone: (job, outcome) => supervisor?.jobGone(job, outcome),
      onWorkerLink: (worker) => supervisor?.workerLink(worker),
      onWorkerGone: () => supervisor?.poolChanged(),
      onAccepted: (room) => supervisor?.guardian.accepted(room),
      onRefused: (room) => supervisor?.guardian.refused(room),
    });
    const linePath = await line.listen(config.store.dataDir);
    supervisor = new Supervisor({ config, log, store, line, linePath });
    await supervisor.#run();
    return supervisor;
  }

  private constructor(options: {
    readonly config: Config;
    readonly log: Log;
    readonly store: Store;
    readonly line: JobLine;
    readonly linePath: string;
  }) {
    const { config, log, store, line, linePath } = options;
    this.#config = config;
    this.#log = log;
    this.#store = store;
    this.#line = line;
    this.#workers = new WorkerProcesses({ log, linePath });
    this.#inventory = new InventoryKeeper({
      config,
      store,
      log,
      onChanged: () => this.#current?.send({ type: 'yard-changed' }),
    });
    this.#bookings = new BookingDesk({
      config,
      store,
      log,
      refresh: () => this.#inventory.refreshNow(),
    });
    this.#guardian = new Guardian({
      rooms: createRooms(config),
      log,
      timeouts: config.timeouts,
      jobs: () => line.jobs,
      canTake: (room) => this.#whyNot(room) === null,
      leaseHolder: async (callId) => {
        const lease = await readLease(store, callLeaseName(callId));
        return lease?.holder ?? null;
      },
      onLost: (call) => recordLostCall(store, log, call),
    });
  }

  get guardian(): Guardian {
    return this.#guardian;
  }

  get bookings(): BookingDesk {
    return this.#bookings;
  }

  /** The port that `/healthz` and `/readyz` are served on. */
  get port(): number {
    return this.#http?.port ?? this.#config.port;
  }

  /** Whether a call would be picked up now. */
  get readiness(): Readiness {
    const reason = this.#whyNot(null);
    return {
      ready: reason === null,
      reason,
      calls: this.#rooms.size,
      warmProcesses: this.#idlePids.length,
      inventoryAgeMs: this.#inventory.ageMs,
    };
  }

  jobMoved(job: JobPeer): void {
    this.#guardian.jobMoved(job);
    this.poolChanged();
  }

  jobGone(job: JobPeer, outcome: JobOutcome | null): void {
    this.#bookings.jobGone(job);
    if (outcome === null) {
      const { pid, stage, call } = job;
      // Idle processes are ended without a word by a worker that drains, or that died itself.
      const inPool = stage === 'idle' && pid !== 0 && job.workerPid === this.#workers.currentPid;
      if (call || (inPool && !this.#draining && this.#current)) {
        const fields = { jobPid: pid, stage, room: call?.room ?? null, callId: call?.callId ?? null };
        this.#log.error({ event: 'job.died', ...fields }, 'job process died');
      }
      if (inPool && !this.#draining && this.#current) return this.#replaceWorker();
    }
    this.#guardian.jobGone(job, outcome);
    if (outcome === 'ended') this.#announceReady = true;
    this.poolChanged();
  }

  workerLink(worker: WorkerPeer): void {
    const { pid, link, linkDetail } = worker;
    const fields = { workerPid: pid, detail: linkDetail };
    if (link === 'registered') {
      this.#log.info({ event: 'worker.registered', ...fields }, 'worker registered with LiveKit');
    } else if (link === 'refused') {
      this.#log.error(
        { event: 'worker.refused', ...fields },
        'LiveKit refused the key: check LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
      );
    } else if (linkDetail !== null) {
      this.#log.warn({ event: 'worker.unregistered', ...fields }, 'LiveKit is not reachable');
    }
    this.poolChanged();
  }

  /** Tells the worker what it decides requests on, and says in the log when calls can come again. */
  poolChanged(): void {
    const jobs = [...this.#line.jobs].flatMap(({ call }) => (call ? [call] : []));
    this.#current?.send({
      type: 'pool',
      idlePids: this.#idlePids,
      jobs: jobs.map(({ jobId, room }) => ({ jobId, room })),
    });
    const { ready, calls, warmProcesses } = this.readiness;
    if (!ready) return;
    this.#guardian.check();
    if (!this.#announceReady) return;
    this.#announceReady = false;
    this.#log.info(
      { event: 'worker.ready', calls, warmProcesses, maxCalls: this.#config.livekit.maxCalls },
      'ready for calls',
    );
  }

  /**
   * Takes no further call, lets live ones finish within `drainMs`, and resolves with the exit code.
   * A second time it ends by force, at once.
   */
  drain(signal: string): Promise<number> {
    if (this.#draining) this.#forced.resolve();
    this.#draining ??= this.#drainOnce(signal);
    return this.#draining;
  }

  async #run(): Promise<void> {
    const { port, timeouts } = this.#config;
    this.#http = await serveHttp({ port, readiness: () => this.readiness });
    this.#workers.start();
    this.#guardian.start();
    this.#bookings.start();
    this.#log.info({ event: 'service.started', port: this.port }, 'service started');
    const tried = () => {
      this.#inventoryTried = true;
      this.poolChanged();
    };
    // Without the sheet the service is ready all the same, and says so.
    void withDeadline(() => this.#inventory.start(), {
      ms: timeouts.equipmentLoadMs,
      label: 'first reading of the sheet',
    })
      .catch((error: unknown) =>
        this.#log.warn({ event: 'inventory.failed', error }, 'ready without the sheet'),
      )
      .finally(tried);
  }

  /** The worker that takes calls, as it is on the line. */
  get #current(): WorkerPeer | undefined {
    return this.#line.workers.get(this.#workers.currentPid ?? -1);
  }

  get #idlePids(): readonly number[] {
    const workerPid = this.#workers.currentPid;
    return [...this.#line.jobs]
      .filter((job) => job.stage === 'idle' && job.workerPid === workerPid)
      .map(({ pid }) => pid);
  }

  get #rooms(): ReadonlySet<string> {
    return new Set([...this.#line.jobs].flatMap(({ call }) => (call ? [call.room] : [])));
  }

  /** Why a call cannot be taken now, or null. A call that is counted already needs no room. */
  #whyNot(room: string | null): string | null {
    const worker = this.#current;
    if (this.#draining) return 'draining';
    if (!this.#inventoryTried) return 'reading the sheet';
    if (!worker) return 'no worker process';
    if (worker.link === 'refused') return 'LiveKit refused the key';
    if (worker.link !== 'registered') return 'not registered with LiveKit';
    if (this.#idlePids.length === 0) return 'no warm process';
    const rooms = this.#rooms;
    const isCounted = room !== null && rooms.has(room);
    return rooms.size >= this.#config.livekit.maxCalls && !isCounted ? 'at MAX_CALLS' : null;
  }

  /** A dead process waits in the pool's queue for ever and would swallow the next call. */
  #replaceWorker(): void {
    const tainted = this.#current;
    const fields = { event: 'worker.replaced', workerPid: tainted?.pid } as const;
    this.#log.warn(fields, 'a warm process died, worker replaced');
    this.#announceReady = true;
    this.#workers.start();
    tainted?.send({ type: 'drain' });
  }

  async #drainOnce(signal: string): Promise<number> {
    const { drainMs } = this.#config.timeouts;
    const calls = this.#rooms.size;
    this.#log.info({ event: 'service.draining', signal, calls, drainMs }, 'draining');
    this.#workers.stopStarting();
    for (const worker of this.#line.workers.values()) worker.send({ type: 'drain' });
    const ended = Promise.race([this.#allGone(), this.#forced.promise.then(() => 'forced')]);
    const outcome = await withDeadline(() => ended, { ms: drainMs, label: 'drain' }).catch(
      (error: unknown) => {
        if (error instanceof DeadlineError) return 'deadline';
        throw error;
      },
    );
    const clean = outcome === 'drained';
    if (!clean) await this.#force(outcome);
    await this.#close();
    this.#log.info({ event: 'service.stopped', outcome }, 'service stopped');
    return clean ? 0 : 1;
  }

  async #allGone(): Promise<string> {
    await this.#workers.allGone();
    return 'drained';
  }

  /** The framework's jobs ignore signals and talk on for 13 s after their worker: they come first. */
  async #force(outcome: string): Promise<void> {
    const jobs = [...this.#line.jobs];
    for (const { call } of jobs) {
      if (call) {
        const { room, callId } = call;
        this.#log.error({ event: 'job.forced', room, callId, outcome }, 'call ended by force');
      }
    }
    for (const job of jobs) job.send({ type: 'end' });
    this.#workers.kill('SIGKILL');
    await withDeadline(() => this.#workers.allGone(), { ms: forceMs, label: 'worker end' }).catch(
      () => {},
    );
    for (const { pid } of this.#line.jobs) kill(pid);
  }

  async #close(): Promise<void> {
    this.#guardian.stop();
    await withDeadline(
      async () => {
        await Promise.all([
          this.#inventory.stop(),
          this.#bookings.stop(),
          this.#http?.close(),
          this.#line.close(),
        ]);
        await this.#store.close();
      },
      { ms: closeMs, label: 'supervisor close' },
    ).catch((error: unknown) =>
      this.#log.warn({ event: 'process.fault', error }, 'not everything could be closed'),
    );
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

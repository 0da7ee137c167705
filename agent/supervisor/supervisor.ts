import type { Config } from '../config.ts';
import { withDeadline } from '../deadline.ts';
import type { JobOutcome } from '../line.ts';
import type { Log } from '../log.ts';
import { openStore } from '../store/database.ts';
import type { Store } from '../store/database.ts';
import { callLeaseName, readLease } from '../store/leases.ts';
import { BookingDesk } from './booking-desk.ts';
import { drain } from './drain.ts';
import { Guardian } from './guardian.ts';
import { serveHttp } from './http.ts';
import type { HttpServer, Readiness } from './http.ts';
import { InventoryKeeper } from './inventory-keeper.ts';
import { JobLine } from './job-line.ts';
import type { JobPeer, WorkerPeer } from './job-line.ts';
import { recordLostCall } from './lost-calls.ts';
import { Pool } from './pool.ts';
import { createRooms } from './rooms.ts';
import { WorkerProcesses } from './worker-process.ts';

/** What is still open after the last word in the log is left behind with the process. */
const closeMs = 1_000;

/** The process that stays: it starts workers, holds the line to every job, and guards every call. */
export class Supervisor {
  readonly #config: Config;
  readonly #log: Log;
  readonly #store: Store;
  readonly #line: JobLine;
  readonly #workers: WorkerProcesses;
  readonly #pool: Pool;
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
    const store = await openStore(config.store);
    const supervisor = new Supervisor({ config, log, store });
    await supervisor.#run();
    return supervisor;
  }

  private constructor(options: {
    readonly config: Config;
    readonly log: Log;
    readonly store: Store;
  }) {
    const { config, log, store } = options;
    this.#config = config;
    this.#log = log;
    this.#store = store;
    const line = new JobLine({
      onJobStage: (job) => this.#jobMoved(job),
      onJobAsks: (job, report) => this.#bookings.onReport(job, report),
      onHandOver: (job, kind) => void this.#guardian.handOver(job, kind),
      onJobGone: (job, outcome) => this.#jobGone(job, outcome),
      onWorker: (worker) => this.#workerCame(worker),
      onWorkerLink: (worker) => this.#workerLink(worker),
      onWorkerDraining: (worker) => this.#replaceWorker(worker, 'it drains'),
      onWorkerGone: (worker) => this.#replaceWorker(worker, 'its line closed'),
      onAccepted: (room) => this.#guardian.accepted(room),
      onRefused: (room) => this.#guardian.refused(room),
    });
    this.#line = line;
    this.#workers = new WorkerProcesses({ log });
    const { maxCalls } = config.livekit;
    this.#pool = new Pool({ line, workers: this.#workers, maxCalls });
    this.#inventory = new InventoryKeeper({
      config,
      store,
      log,
      onChanged: () => this.#pool.current?.send({ type: 'yard-changed' }),
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

  /** Whether a call would be picked up now. */
  get readiness(): Readiness {
    const reason = this.#whyNot(null);
    return {
      ready: reason === null,
      reason,
      calls: this.#pool.rooms.size,
      warmProcesses: this.#pool.idlePids.length,
      inventoryAgeMs: this.#inventory.ageMs,
    };
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
    const { port, timeouts, store } = this.#config;
    this.#http = await serveHttp({ port, readiness: () => this.readiness });
    // Jobs of an earlier supervisor come back on it, from now on.
    const linePath = await this.#line.listen(store.dataDir);
    this.#workers.start(linePath);
    this.#guardian.start();
    this.#bookings.start();
    this.#log.info({ event: 'service.started', port: this.#http.port }, 'service started');
    const tried = () => {
      this.#inventoryTried = true;
      this.#poolChanged();
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

  #whyNot(room: string | null): string | null {
    if (this.#draining) return 'draining';
    return this.#inventoryTried ? this.#pool.whyNot(room) : 'reading the sheet';
  }

  #jobMoved(job: JobPeer): void {
    this.#guardian.jobMoved(job);
    this.#poolChanged();
  }

  #jobGone(job: JobPeer, outcome: JobOutcome | null): void {
    this.#bookings.jobGone(job);
    const { pid, stage, call, workerPid } = job;
    const worker = this.#pool.current;
    // A worker that drains, or died, takes its warm processes with it, without a word.
    const isWarm = stage === 'idle' && workerPid === worker?.pid && !this.#draining;
    if (outcome === null && (call || isWarm)) {
      const fields = { jobPid: pid, stage, room: call?.room ?? null, callId: call?.callId ?? null };
      this.#log.error({ event: 'job.died', ...fields }, 'job process died');
    }
    // A dead process waits in the pool's queue for ever and would swallow the next call.
    if (isWarm) return this.#replaceWorker(worker, 'a warm process died');
    this.#guardian.jobGone(job, outcome);
    if (call) this.#announceReady = true;
    this.#poolChanged();
  }

  #workerCame(worker: WorkerPeer): void {
    if (this.#draining) worker.send({ type: 'drain' });
    this.#poolChanged();
  }

  #workerLink(worker: WorkerPeer): void {
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
    if (link !== 'registered') this.#announceReady = true;
    this.#poolChanged();
  }

  /** Only the worker that takes calls is replaced; others end as they were told to. */
  #replaceWorker(worker: WorkerPeer, reason: string): void {
    if (worker.pid === this.#workers.currentPid && !this.#draining) {
      const fields = { event: 'worker.replaced', workerPid: worker.pid, reason } as const;
      this.#log.warn(fields, 'worker replaced');
      this.#announceReady = true;
      this.#workers.replace();
      worker.send({ type: 'drain' });
    }
    this.#poolChanged();
  }

  /** Tells the worker what it decides requests on, and says in the log when calls can come again. */
  #poolChanged(): void {
    const { idlePids, serving, current } = this.#pool;
    const jobs = serving.map(({ jobId, room }) => ({ jobId, room }));
    current?.send({ type: 'pool', idlePids, jobs });
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

  async #drainOnce(signal: string): Promise<number> {
    const { drainMs } = this.#config.timeouts;
    const calls = this.#pool.rooms.size;
    this.#log.info({ event: 'service.draining', signal, calls, drainMs }, 'draining');
    const outcome = await drain({
      line: this.#line,
      workers: this.#workers,
      pool: this.#pool,
      log: this.#log,
      drainMs,
      forced: this.#forced.promise,
    });
    await this.#close();
    this.#log.info({ event: 'service.stopped', outcome }, 'service stopped');
    return outcome === 'drained' ? 0 : 1;
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

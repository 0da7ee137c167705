import type { Config } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import type { JobOutcome } from '../ipc/client.ts';
import type { Log } from '../infra/log.ts';
import { openStore } from '../infra/store/database.ts';
import type { Store } from '../infra/store/database.ts';
import { BookingGateway } from './sheet/booking-gateway.ts';
import { drain } from './drain/drain.ts';
import type { Guardian } from './guardian/guardian.ts';
import { serveHttp } from './http.ts';
import type { HttpServer, Readiness } from './http.ts';
import { InventoryKeeper } from './sheet/inventory-sync.ts';
import { JobLine } from '../ipc/server.ts';
import type { JobPeer, WorkerPeer } from '../ipc/server.ts';
import { logLink } from './link-log.ts';
import { Operations } from './operations.ts';
import type { Seen } from './operations.ts';
import { Pool } from './workers/capacity.ts';
import { ReadyMark } from './drain/readiness-lease.ts';
import { Safeguards } from './safeguards.ts';
import { WorkerProcesses } from './workers/worker-processes.ts';

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
  readonly #safeguards: Safeguards;
  readonly #guardian: Guardian;
  readonly #inventory: InventoryKeeper;
  readonly #bookings: BookingGateway;
  readonly #operations: Operations;
  readonly #readyMark: ReadyMark;
  readonly #forced = Promise.withResolvers<void>();
  readonly #gaveUp = Promise.withResolvers<void>();
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
    const { config, store } = options;
    this.#config = config;
    this.#operations = new Operations({ ...options, see: () => this.#seen });
    const { log, metrics } = this.#operations;
    this.#log = log;
    this.#store = store;
    const line = new JobLine({
      onJobStage: (job) => this.#jobMoved(job),
      onJobAsks: (job, report) => this.#bookings.onReport(job, report),
      onHandOver: (job, kind) => void this.#guardian.handOver(job, kind),
      onJobGone: (job, outcome) => this.#jobGone(job, outcome),
      onMetrics: (job, values) => metrics.fromJob(job, values),
      onWorker: (worker) => this.#workerCame(worker),
      onWorkerLink: (worker) => this.#workerLink(worker),
      onWorkerDraining: (worker) => this.#replaceWorker(worker, 'it drains'),
      onWorkerGone: (worker) => this.#workerGone(worker),
      onAccepted: (room) => this.#guardian.accepted(room),
      onRefused: (room) => this.#guardian.refused(room),
      onIgnored: (ignored) =>
        log.warn({ event: 'line.failed', ...ignored }, 'message on the line ignored'),
    });
    this.#line = line;
    this.#workers = new WorkerProcesses({
      log,
      onExit: (pid) => this.#safeguards.workerDied(pid),
    });
    const { maxCalls } = config.livekit;
    this.#pool = new Pool({ line, workers: this.#workers, maxCalls });
    this.#inventory = new InventoryKeeper({
      config,
      store,
      log,
      onChanged: () => this.#pool.current?.send({ type: 'yard-changed' }),
    });
    this.#bookings = new BookingGateway({
      config,
      store,
      log,
      refresh: () => this.#inventory.refreshNow(),
    });
    this.#readyMark = new ReadyMark({ store, log, isReady: () => this.readiness.ready });
    const canTake = (room: string) => this.#canSendTo(room);
    const onServerBack = () => this.#pool.current?.send({ type: 'link-now' });
    this.#safeguards = new Safeguards({ config, store, log, line, canTake, onServerBack });
    this.#guardian = this.#safeguards.guardian;
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
      alerts: this.#operations.alerts.open,
    };
  }

  /** Resolves when LiveKit was given up on and the last call is over. */
  get gaveUp(): Promise<void> {
    return this.#gaveUp.promise;
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
    const { metrics } = this.#operations;
    this.#http = await serveHttp({ port, readiness: () => this.readiness, metrics });
    // Jobs of an earlier supervisor come back on it, from now on.
    const linePath = await this.#line.listen(store.dataDir);
    this.#workers.start(linePath);
    this.#safeguards.start();
    this.#bookings.start();
    this.#operations.start();
    this.#readyMark.start();
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

  get #seen(): Seen {
    return {
      readiness: this.readiness,
      worker: this.#pool.current,
      workers: this.#line.workers.values(),
      isDraining: this.#draining !== undefined,
      inventory: this.#inventory,
      bookings: this.#bookings,
    };
  }

  #whyNot(room: string | null): string | null {
    if (this.#draining) return 'draining';
    return this.#inventoryTried ? this.#pool.whyNot(room) : 'reading the sheet';
  }

  /** While we drain, what is dispatched goes to another supervisor: our worker refuses it. */
  #canSendTo(room: string): boolean {
    return this.#draining ? this.#readyMark.otherIsReady : this.#whyNot(room) === null;
  }

  #jobMoved(job: JobPeer): void {
    this.#guardian.jobMoved(job);
    this.#poolChanged();
  }

  #jobGone(job: JobPeer, outcome: JobOutcome | null): void {
    this.#bookings.jobGone(job);
    this.#operations.metrics.jobGone(job, outcome);
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

  #workerGone(worker: WorkerPeer): void {
    // Of one that an earlier supervisor started, this is all that is heard of its end.
    if (!this.#workers.pids.includes(worker.pid)) this.#safeguards.workerDied(worker.pid);
    this.#replaceWorker(worker, 'its line closed');
  }

  #workerLink(worker: WorkerPeer): void {
    logLink(this.#log, worker, this.#config.link);
    if (worker.link !== 'registered') this.#announceReady = true;
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
    const isOver = current?.link === 'gave-up' && serving.length === 0;
    if (isOver && !this.#draining) this.#gaveUp.resolve();
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
    const { timeouts, drainGraceMs: graceMs, handover } = this.#config;
    const budget = { graceMs, drainMs: timeouts.drainMs };
    const [calls, handsOver] = [this.#pool.rooms.size, handover.onDrain];
    this.#log.info(
      { event: 'service.draining', signal, calls, ...budget, handOver: handsOver },
      'draining',
    );
    const outcome = await drain({
      line: this.#line,
      workers: this.#workers,
      pool: this.#pool,
      log: this.#log,
      readyMark: this.#readyMark,
      budget,
      handsOver,
      forced: this.#forced.promise,
    });
    await this.#close();
    this.#log.info({ event: 'service.stopped', outcome }, 'service stopped');
    return outcome === 'drained' || outcome === 'said-goodbye' ? 0 : 1;
  }

  async #close(): Promise<void> {
    this.#safeguards.stop();
    await withDeadline(
      async () => {
        await Promise.all([
          this.#inventory.stop(),
          this.#bookings.stop(),
          this.#operations.stop(),
          this.#readyMark.stop(),
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

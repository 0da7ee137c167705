import { sharedTimes } from '../config/timeouts.ts';
import { randomUUID } from 'node:crypto';
import { defaultTimeZone } from '../../tools/yard/equipment.ts';
import { inventoryFromJson, inventorySnapshot } from '../../tools/sheet/read/inventory-snapshot.ts';
import { limitsOf, type Yard } from '../../tools/yard/equipment.ts';
import { allNumbers } from '../../tools/yard/on-duty.ts';
import type { Config } from '../config/config.ts';
import { startsAtOnce, thisMachine } from '../config/capacity.ts';
import { withDeadline } from '../infra/deadline.ts';
import type { JobOutcome } from '../ipc/messages.ts';
import type { Log } from '../telemetry/events.ts';
import { openStore } from '../infra/store/database.ts';
import type { Store } from '../infra/store/database.ts';
import {
  callLeaseName,
  claimLease,
  guardianLeaseName,
  readLease,
  removeExpiredLeases,
} from '../infra/store/leases.ts';
import { Attendance } from './attendant/attendance.ts';
import { AttendantProcess } from './attendant/attendant-process.ts';
import { readSnapshot } from '../infra/store/snapshots.ts';
import { Canary } from './canary.ts';
import { BookingGateway } from './sheet/booking-gateway.ts';
import { ConfirmationSender } from './confirmation-sender.ts';
import { DeskProcess } from './desk/desk-process.ts';
import { DigestSender } from './digest-sender.ts';
import { drain } from './drain/drain.ts';
import { hasTalkedBefore } from '../infra/store/calls.ts';
import { recordAbandonedCall } from './guardian/abandoned-calls.ts';
import { CallerLimits } from './guardian/caller-limits.ts';
import { Guardian } from './guardian/guardian.ts';
import { HeartbeatMonitor } from './guardian/heartbeat-monitor.ts';
import { OrphanedJobs } from './guardian/orphaned-jobs.ts';
import { serveHttp } from './http.ts';
import type { HttpServer, Readiness } from './http.ts';
import { LedgerKeeper } from './ledger/ledger-keeper.ts';
import { LiveKitWebhook } from './ledger/livekit-webhook.ts';
import { InventorySync } from './sheet/inventory-sync.ts';
import { beatMs } from '../ipc/client.ts';
import { JobLine } from '../ipc/server.ts';
import type { JobPeer, WorkerPeer } from '../ipc/server.ts';
import { Operations } from './operations.ts';
import type { Seen } from './operations.ts';
import { Capacity } from './workers/capacity.ts';
import { ReadinessLease } from './drain/readiness-lease.ts';
import { createRooms } from '../livekit/room-service.ts';
import { WorkerProcesses } from './workers/worker-processes.ts';

/** Anything still open then is left behind with the process. */
const closeMs = 1_000;

/** The places of another supervisor's worker are its own affair. */
const elsewhere = { warm: Infinity, calls: Infinity, starts: Infinity };
/** A caller who is told after the greeting that nobody is free has heard the whole of that. */
const drainPatienceMs = 2_000;

/** The process that stays: it starts workers, holds the line to every job, and guards every call. */
export class Supervisor {
  readonly #config: Config;
  readonly #log: Log;
  readonly #store: Store;
  readonly #line: JobLine;
  readonly #workers: WorkerProcesses;
  readonly #attendant: AttendantProcess;
  /** Null when nobody has set a password for it. */
  readonly #desk: DeskProcess | null;
  readonly #isLocal: boolean;
  readonly #capacity: Capacity;
  readonly #guardian: Guardian;
  readonly #orphans: OrphanedJobs;
  readonly #heartbeats: HeartbeatMonitor;
  readonly #inventory: InventorySync;
  readonly #bookings: BookingGateway;
  readonly #confirmations: ConfirmationSender | null;
  readonly #digest: DigestSender | null;
  readonly #canary: Canary | null;
  readonly #operations: Operations;
  readonly #readinessLease: ReadinessLease;
  readonly #limits: CallerLimits;
  readonly #ledger: LedgerKeeper;
  readonly #webhook: LiveKitWebhook;
  readonly #forced = Promise.withResolvers<void>();
  readonly #gaveUp = Promise.withResolvers<void>();
  #http: HttpServer | undefined;
  readonly #holder = randomUUID();
  #inventoryTried = false;
  /** Looks if live calls have begun to suffer, or no longer do. */
  #strain: NodeJS.Timeout | undefined;
  /** As the worker knows it. */
  #toldStarts: number | null = null;
  #announceReady = true;
  #draining: Promise<number> | undefined;

  /** Starts everything; resolves when the process serves `/healthz` and its first worker starts. */
  static async start(
    config: Config,
    log: Log,
    { isLocal = false }: { readonly isLocal?: boolean } = {},
  ): Promise<Supervisor> {
    const store = await openStore(config.store);
    const supervisor = new Supervisor({ config, log, store, isLocal });
    await supervisor.#run();
    return supervisor;
  }

  private constructor(options: {
    readonly config: Config;
    readonly log: Log;
    readonly store: Store;
    readonly isLocal: boolean;
  }) {
    const { config, store, isLocal } = options;
    this.#isLocal = isLocal;
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
      onAttendant: () => {
        this.#guardian.check();
        this.#poolChanged();
      },
      onAttending: (call) => this.#guardian.attending(call),
      onAttended: (room, end) => this.#guardian.attended(room, end),
      onSpoke: (room) => this.#guardian.spoke(room),
      onAttendantMetrics: (values) => metrics.take(values),
      onAttendantGone: ({ calls }) => {
        this.#guardian.attendantGone(calls.keys());
        this.#poolChanged();
      },
      onWorker: (worker) => this.#workerCame(worker),
      onWorkerLink: (worker) => this.#workerLink(worker),
      onWorkerDraining: (worker) => this.#replaceWorker(worker, 'it drains'),
      onWorkerGone: (worker) => this.#workerGone(worker),
      onAsked: (worker, room, jobId) => void this.#answerWorker(worker, room, jobId),
      onAccepted: (room) => this.#guardian.accepted(room),
      onRefused: (room) => this.#guardian.refused(room),
      onIgnored: (ignored) => log.emit('line.failed', ignored),
    });
    this.#line = line;
    this.#workers = new WorkerProcesses({
      log,
      onExit: (pid) => this.#orphans.workerDied(pid),
    });
    this.#attendant = new AttendantProcess({ log });
    const { dataDir } = config.store;
    const hasDesk = isLocal || config.desk.passwordHash !== null;
    this.#desk = hasDesk ? new DeskProcess({ log, dataDir, isLocal }) : null;
    const { maxCalls } = config.livekit;
    this.#limits = new CallerLimits({ maxCalls });
    this.#capacity = new Capacity({
      line,
      workers: this.#workers,
      maxCalls,
      startsAtOnce: startsAtOnce(thisMachine()),
    });
    this.#inventory = new InventorySync({
      config,
      store,
      log,
      onChanged: (yard) => this.#yardChanged(yard),
    });
    this.#bookings = new BookingGateway({
      config,
      store,
      log,
      refresh: () => this.#inventory.refreshNow(),
    });
    this.#confirmations =
      config.confirmations &&
      new ConfirmationSender({ receiver: config.confirmations, store, log });
    this.#digest =
      config.digest &&
      new DigestSender({
        receiver: config.digest,
        store,
        log,
        timeZone: () => this.#ledger.timeZone,
      });
    this.#canary =
      config.canary &&
      new Canary({
        canary: config.canary,
        store,
        log,
        hasRoom: () => this.#hasRoomForTest,
        today: () => this.#ledger.today,
      });
    this.#readinessLease = new ReadinessLease({ store, log, isReady: () => this.readiness.ready });
    const jobs = () => line.jobs;
    const canTake = (room: string) => this.#canSendTo(room);
    const rooms = createRooms(config);
    this.#ledger = new LedgerKeeper({ store, log, rooms, dataDir: config.store.dataDir });
    this.#webhook = new LiveKitWebhook({ config, ledger: this.#ledger, rooms });
    const attendance = new Attendance({
      rooms,
      log,
      attendant: () => line.attendants.get(this.#attendant.pid ?? -1),
      jobs,
      patienceMs: () => this.#patienceMs,
      looksFirst: () => this.#limits.blocksAny,
      mayAnswer: () => !this.#draining || !this.#readinessLease.otherIsReady,
    });
    this.#guardian = new Guardian({
      rooms,
      attendance,
      log,
      timeouts: config.timeouts,
      jobs,
      canTake,
      // While we drain another supervisor's worker takes them.
      places: () => (this.#draining ? elsewhere : this.#capacity.places),
      leaseHolder: async (callId) =>
        (await readLease(store, callLeaseName(callId)))?.holder ?? null,
      mayAct: (room) => this.#mayAct(room),
      onAbandoned: (call) => recordAbandonedCall(store, log, call),
      onRing: ({ caller, room, firstSeenAtMs: startedAtMs }) => {
        const { callId = null, phoneNumber = null, isTest = false } = caller ?? {};
        if (callId !== null) this.#ledger.rang({ callId, room, phoneNumber, startedAtMs, isTest });
      },
      isDraining: () => this.#draining !== undefined,
      limits: () => (line.attendants.size > 0 ? this.#limits : null),
      isBlocked: (number) => this.#limits.isBlocked(number),
      isKnown: (caller) => hasTalkedBefore(store, caller),
      onServerBack: () => this.#capacity.current?.send({ type: 'link-now' }),
    });
    this.#orphans = new OrphanedJobs({ jobs, canTake });
    this.#heartbeats = new HeartbeatMonitor({
      jobs,
      workers: () => line.workers.values(),
      attendants: () => line.attendants.values(),
      onFrozen: (job) => this.#guardian.jobFroze(job),
      log,
    });
  }

  /** Says if a call would be picked up now, and if not, why. */
  get readiness(): Readiness {
    const reason = this.#whyNot(null);
    return {
      ready: reason === null,
      reason,
      calls: this.#capacity.rooms.size,
      warmProcesses: this.#capacity.idlePids.length,
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
    const webhook = this.#webhook;
    this.#http = await serveHttp({
      port,
      readiness: () => this.readiness,
      metrics,
      webhook,
      deskSocket: this.#desk?.socket ?? null,
      isLocal: this.#isLocal,
    });
    // Jobs of an earlier supervisor come back on it, from now on.
    const linePath = await this.#line.listen(store.dataDir);
    this.#workers.start(linePath);
    this.#attendant.start(linePath);
    this.#guardian.start();
    this.#heartbeats.start();
    this.#strain = setInterval(() => {
      if (this.#capacity.startsAtOnce !== this.#toldStarts) this.#poolChanged();
    }, beatMs).unref();
    this.#bookings.start();
    this.#confirmations?.start();
    this.#digest?.start();
    this.#canary?.start();
    this.#operations.start();
    this.#readinessLease.start();
    this.#ledger.start();
    this.#desk?.start(this.#http.port);
    this.#log.emit('service.started', { port: this.#http.port });
    const tried = () => {
      this.#inventoryTried = true;
      this.#ledger.timeZone ??= defaultTimeZone;
      this.#poolChanged();
    };
    // Without the sheet the service is ready all the same, and says so.
    void withDeadline(() => this.#inventory.start(), {
      ms: timeouts.equipmentLoadMs,
      label: 'first reading of the sheet',
    })
      .catch((error: unknown) => this.#log.emit('inventory.failed', { error }, 'start'))
      .finally(tried);
  }

  get #seen(): Seen {
    return {
      readiness: this.readiness,
      worker: this.#capacity.current,
      workers: this.#line.workers.values(),
      isDraining: this.#draining !== undefined,
      inventory: this.#inventory,
      bookings: this.#bookings,
      ledger: this.#ledger,
      canary: this.#canary,
    };
  }

  /** Customers who come now find a place and a warm process all the same. */
  get #hasRoomForTest(): boolean {
    const { ready, calls, warmProcesses } = this.readiness;
    const isQuiet = calls === 0 || warmProcesses > 1;
    return ready && isQuiet && calls < this.#config.livekit.maxCalls / 2;
  }

  async #answerWorker(worker: WorkerPeer, room: string, jobId: string): Promise<void> {
    worker.send({ type: 'verdict', jobId, isHeldBack: await this.#guardian.isHeldBack(room) });
  }

  #yardChanged(yard: Yard | null): void {
    this.#capacity.current?.send({ type: 'yard-changed' });
    if (yard) this.#exempt(yard);
    else void this.#readExempt();
  }

  /** Many people may call from these numbers; the ledger goes by the yard's days. */
  #exempt({ transferTo, limits, timeZone }: Yard): void {
    this.#ledger.timeZone = timeZone;
    const { trustedNumbers, blockedNumbers } = limitsOf({ limits });
    this.#limits.exempt([...trustedNumbers, ...allNumbers(transferTo)]);
    this.#limits.block(blockedNumbers);
    this.#poolChanged();
  }

  /** As another process has read the yard. What cannot be read leaves the numbers of before. */
  async #readExempt(): Promise<void> {
    try {
      const snapshot = await readSnapshot(this.#store, inventorySnapshot);
      if (snapshot) this.#exempt(inventoryFromJson(snapshot.json).yard);
    } catch (error) {
      this.#log.emit('store.failed', { error }, 'equipment');
    }
  }

  /** True when this guardian, of several that share a store, is the one to act for a room. */
  async #mayAct(room: string): Promise<boolean> {
    const name = guardianLeaseName(room);
    const lease = await claimLease(this.#store, {
      name,
      holder: this.#holder,
      ttlMs: sharedTimes.guardianLeaseMs,
    });
    // Nobody waits for that, and what is left is removed by the next one.
    removeExpiredLeases(this.#store, guardianLeaseName('')).catch(() => {});
    return lease !== null;
  }

  #whyNot(room: string | null): string | null {
    if (this.#draining) return 'draining';
    return this.#inventoryTried ? this.#capacity.whyNot(room) : 'reading the sheet';
  }

  /** While we drain, what is dispatched goes to another supervisor: our worker refuses it. */
  #canSendTo(room: string): boolean {
    return this.#draining ? this.#readinessLease.otherIsReady : this.#whyNot(room) === null;
  }

  /** Nobody will come for who calls during a drain without another deployment. */
  get #patienceMs(): number {
    const { pickupPatienceMs } = this.#config.timeouts;
    return this.#draining ? Math.min(pickupPatienceMs, drainPatienceMs) : pickupPatienceMs;
  }

  #jobMoved(job: JobPeer): void {
    this.#guardian.jobMoved(job);
    this.#poolChanged();
  }

  #jobGone(job: JobPeer, outcome: JobOutcome | null): void {
    this.#bookings.jobGone(job);
    this.#operations.metrics.jobGone(job, outcome);
    const { pid, stage, call, workerPid } = job;
    const worker = this.#capacity.current;
    // A worker that drains, or died, takes its warm processes with it, without a word.
    const isWarm = stage === 'idle' && workerPid === worker?.pid && !this.#draining;
    if (outcome === null && (call || isWarm)) {
      const fields = { jobPid: pid, stage, room: call?.room ?? null, callId: call?.callId ?? null };
      this.#log.emit('job.died', fields);
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
    if (!this.#workers.pids.includes(worker.pid)) this.#orphans.workerDied(worker.pid);
    this.#replaceWorker(worker, 'its line closed');
  }

  #workerLink(worker: WorkerPeer): void {
    this.#logLink(worker);
    if (worker.link !== 'registered') this.#announceReady = true;
    this.#poolChanged();
  }

  /** Says what has become of a worker's link to LiveKit, and what to do about it. */
  #logLink({ pid, link, linkDetail }: WorkerPeer): void {
    const { reconnectEnabled, maxAttempts } = this.#config.link;
    const log = this.#log;
    const fields = { workerPid: pid, detail: linkDetail };
    if (link === 'registered') {
      log.emit('worker.registered', fields);
    } else if (link === 'refused') {
      log.emit('worker.refused', fields);
    } else if (link === 'gave-up') {
      log.emit('worker.gave-up', { ...fields, attempts: reconnectEnabled ? maxAttempts : 0 });
    } else if (linkDetail !== null) {
      log.emit('worker.unregistered', fields);
    }
  }

  /** Replaces the worker only if it takes calls; others end as they were told to. */
  #replaceWorker(worker: WorkerPeer, reason: string): void {
    if (worker.pid === this.#workers.currentPid && !this.#draining) {
      this.#log.emit('worker.replaced', { workerPid: worker.pid, reason });
      this.#announceReady = true;
      this.#workers.replace();
      worker.send({ type: 'drain' });
    }
    this.#poolChanged();
  }

  /** Tells the worker what it decides requests on, and says in the log when calls can come again. */
  #poolChanged(): void {
    const { idlePids, serving, current, startsAtOnce: starts } = this.#capacity;
    const jobs = serving.map(({ jobId, room, isStarting }) => ({ jobId, room, isStarting }));
    const { blocksAny: asksAlways } = this.#limits;
    this.#toldStarts = starts;
    current?.send({ type: 'pool', idlePids, jobs, startsAtOnce: starts, asksAlways });
    const isOver = current?.link === 'gave-up' && serving.length === 0;
    if (isOver && !this.#draining) this.#gaveUp.resolve();
    const { ready, calls, warmProcesses } = this.readiness;
    if (!ready) return;
    this.#guardian.check();
    if (!this.#announceReady) return;
    this.#announceReady = false;
    const { maxCalls } = this.#config.livekit;
    this.#log.emit('worker.ready', { calls, warmProcesses, maxCalls });
  }

  async #drainOnce(signal: string): Promise<number> {
    const { timeouts, drainGraceMs: graceMs, handover } = this.#config;
    const budget = { graceMs, drainMs: timeouts.drainMs };
    const [calls, handsOver] = [this.#capacity.rooms.size, handover.onDrain];
    this.#log.emit('service.draining', { signal, calls, ...budget, handOver: handsOver });
    const outcome = await drain({
      line: this.#line,
      workers: this.#workers,
      attendant: this.#attendant,
      pool: this.#capacity,
      log: this.#log,
      readinessLease: this.#readinessLease,
      budget,
      handsOver,
      forced: this.#forced.promise,
    });
    await this.#close();
    this.#log.emit('service.stopped', { outcome });
    return outcome === 'drained' || outcome === 'said-goodbye' ? 0 : 1;
  }

  async #close(): Promise<void> {
    this.#guardian.stop();
    this.#heartbeats.stop();
    clearInterval(this.#strain);
    this.#canary?.stop();
    this.#orphans.stop();
    this.#desk?.stop();
    await withDeadline(
      async () => {
        await Promise.all([
          this.#inventory.stop(),
          this.#bookings.stop(),
          this.#confirmations?.stop(),
          this.#digest?.stop(),
          this.#operations.stop(),
          this.#readinessLease.stop(),
          this.#ledger.stop(),
          this.#http?.close(),
          this.#line.close(),
        ]);
        await this.#store.close();
      },
      { ms: closeMs, label: 'supervisor close' },
    ).catch((error: unknown) => this.#log.emit('process.fault', { error }, 'supervisor-close'));
  }
}

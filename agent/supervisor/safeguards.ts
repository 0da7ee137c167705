import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config.ts';
import type { Log } from '../infra/log.ts';
import type { Store } from '../infra/store/database.ts';
import {
  callLeaseName,
  claimLease,
  guardianLeaseName,
  readLease,
  removeExpiredLeases,
} from '../infra/store/leases.ts';
import { Guardian } from './guardian/guardian.ts';
import type { JobLine } from '../ipc/server.ts';
import { killProcess } from './kill-process.ts';
import { recordLostCall } from './guardian/abandoned-calls.ts';
import { Orphans } from './guardian/orphaned-jobs.ts';
import { createRooms } from './rooms.ts';
import { SilenceWatch } from './guardian/heartbeat-monitor.ts';

/** Outlasts the time in which a dispatched job reports in, and not by much: its holder may die. */
const actingMs = 5_000;

/** What keeps calls alive when the processes that serve them freeze, fail or die. */
export class Safeguards {
  readonly guardian: Guardian;
  readonly #orphans: Orphans;
  readonly #silence: SilenceWatch;

  constructor(options: {
    readonly config: Config;
    readonly store: Store;
    readonly log: Log;
    readonly line: JobLine;
    /** Whether a fresh job can be had for `room`, here or from another supervisor. */
    readonly canTake: (room: string) => boolean;
    /** LiveKit answers again, after it did not. */
    readonly onServerBack: () => void;
  }) {
    const { config, store, log, line, canTake, onServerBack } = options;
    const holder = randomUUID();
    const jobs = () => line.jobs;
    const guardian = new Guardian({
      rooms: createRooms(config),
      log,
      timeouts: config.timeouts,
      jobs,
      canTake,
      leaseHolder: async (callId) => {
        const lease = await readLease(store, callLeaseName(callId));
        return lease?.holder ?? null;
      },
      mayAct: async (room) => {
        const claim = { name: guardianLeaseName(room), holder, ttlMs: actingMs };
        const lease = await claimLease(store, claim);
        // Nobody waits for that, and what is left is removed by the next one.
        removeExpiredLeases(store, guardianLeaseName('')).catch(() => {});
        return lease !== null;
      },
      onLost: (call) => recordLostCall(store, log, call),
      onServerBack,
    });
    this.guardian = guardian;
    this.#orphans = new Orphans({ jobs, canTake });
    this.#silence = new SilenceWatch({
      jobs,
      workers: () => line.workers.values(),
      onFrozen: (job) => guardian.jobFroze(job),
      kill: killProcess,
      log,
    });
  }

  start(): void {
    this.guardian.start();
    this.#silence.start();
  }

  /** From now on nothing is done for any call. */
  stop(): void {
    this.guardian.stop();
    this.#silence.stop();
    this.#orphans.stop();
  }

  /** A worker process is gone; its jobs live on for a while. */
  workerDied(pid: number): void {
    this.#orphans.workerDied(pid);
  }
}

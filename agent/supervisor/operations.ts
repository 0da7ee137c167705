import type { Config } from '../config/config.ts';

import type { Store } from '../infra/store/database.ts';
import { watchedLog } from '../telemetry/events.ts';
import type { Log } from '../telemetry/events.ts';
import { AlertWebhook } from '../telemetry/alert-webhook.ts';
import type { Observation } from '../telemetry/alert-rules.ts';
import { Alerts } from '../telemetry/alerts.ts';
import type { BookingGateway } from './sheet/booking-gateway.ts';
import type { Canary } from './canary.ts';
import type { Gauged } from '../telemetry/gauges.ts';
import type { Readiness } from './http.ts';
import type { LedgerKeeper } from './ledger/ledger-keeper.ts';
import type { InventorySync } from './sheet/inventory-sync.ts';
import type { WorkerPeer } from '../ipc/server.ts';
import { OutboxBacklog } from '../telemetry/outbox-backlog.ts';
import { Metrics } from '../telemetry/metrics.ts';

/** The service as operators are told of it, now. */
export type Seen = {
  readonly readiness: Readiness;
  /** The worker that takes calls. */
  readonly worker: WorkerPeer | undefined;
  readonly workers: Iterable<WorkerPeer>;
  readonly isDraining: boolean;
  readonly inventory: Pick<InventorySync, 'isLeading' | 'refusal' | 'problems'>;
  readonly bookings: Pick<BookingGateway, 'isLeading' | 'refusal'>;
  readonly ledger: Pick<LedgerKeeper, 'spentTodayUsd'>;
  /** Null when no test calls are made. */
  readonly canary: Pick<Canary, 'trouble'> | null;
};

/** Shows operators the service beside its log: metrics and alerts. */
export class Operations {
  /** The supervisor's log; what is written to it is counted. */
  readonly log: Log;
  readonly metrics: Metrics;
  readonly alerts: Alerts;
  readonly #journal: OutboxBacklog;
  readonly #confirms: boolean;
  readonly #dayBudgetUsd: number | null;

  constructor(options: {
    readonly config: Pick<Config, 'alerts' | 'confirmations' | 'dayBudgetUsd'>;
    readonly store: Store;
    readonly log: Log;
    readonly see: () => Seen;
  }) {
    const { config, store, see } = options;
    this.#confirms = config.confirmations !== null;
    this.#dayBudgetUsd = config.dayBudgetUsd;
    this.metrics = new Metrics(() => this.#gauged(see()));
    this.log = watchedLog(options.log, (emitted) => this.metrics.emitted(emitted));
    this.#journal = new OutboxBacklog({ store, log: this.log });
    this.alerts = new Alerts({
      log: this.log,
      observe: () => this.#observe(see()),
      webhook: config.alerts && new AlertWebhook(config.alerts),
    });
  }

  start(): void {
    this.#journal.start();
    this.alerts.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#journal.stop(), this.alerts.stop()]);
  }

  #gauged({ readiness, worker, workers }: Seen): Gauged {
    const { backlog } = this.#journal;
    const { ready: isReady, calls, warmProcesses, inventoryAgeMs } = readiness;
    return {
      link: worker?.link ?? null,
      lastPongAgeMs: ageMs(worker?.lastPongAtMs, performance.now()),
      workers: [...workers],
      isReady,
      calls,
      warmProcesses,
      inventoryAgeMs,
      outboxRows: backlog?.outboxRows ?? null,
      outboxAgeMs: ageMs(backlog?.outboxSinceMs, Date.now()),
      confirmationRows: backlog?.confirmations.waiting ?? null,
      confirmationAgeMs: ageMs(backlog?.confirmations.waitingSinceMs, Date.now()),
      openAlerts: this.alerts.open,
    };
  }

  #observe({ worker, isDraining, inventory, bookings, ledger, canary }: Seen): Observation {
    const { backlog } = this.#journal;
    const [budgetUsd, spentUsd] = [this.#dayBudgetUsd, ledger.spentTodayUsd];
    const refusal =
      (inventory.isLeading ? inventory.refusal : null) ??
      (bookings.isLeading ? bookings.refusal : null);
    return {
      link: isDraining ? null : (worker?.link ?? 'no-worker'),
      takeovers: this.metrics.takeovers,
      emergencies: this.metrics.emergencies,
      callBacks: this.metrics.callBacks,
      failedCalls: this.metrics.failedCalls,
      backlog: bookings.isLeading ? (backlog ?? 'unknown') : 'elsewhere',
      confirmations: this.#confirms && bookings.isLeading ? backlog?.confirmations : undefined,
      spending: budgetUsd === null || spentUsd === null ? undefined : { budgetUsd, spentUsd },
      canary: canary ? canary.trouble : undefined,
      sheetProblems: inventory.isLeading ? inventory.problems : undefined,
      sheetRefusal: inventory.isLeading || bookings.isLeading ? refusal : 'elsewhere',
    };
  }
}

function ageMs(atMs: number | null | undefined, nowMs: number): number | null {
  return atMs === null || atMs === undefined ? null : Math.max(0, nowMs - atMs);
}

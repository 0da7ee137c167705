import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import { linkStates } from '../ipc/messages.ts';
import type { LinkState } from '../ipc/messages.ts';
import { alertCauses } from './alert-rules.ts';
import type { AlertCause } from './alert-rules.ts';
import { flagsIn, gaugeIn } from './instruments.ts';

/** The supervisor's state at this moment; null where there is nothing to tell. */
export type Gauged = {
  /** The link of the worker that takes calls; null without one. */
  readonly link: LinkState | null;
  readonly lastPongAgeMs: number | null;
  /** All workers on the line, with their registrations after the first. */
  readonly workers: readonly { readonly pid: number; readonly reconnects: number }[];
  readonly isReady: boolean;
  readonly calls: number;
  readonly warmProcesses: number;
  readonly inventoryAgeMs: number | null;
  readonly outboxRows: number | null;
  readonly outboxAgeMs: number | null;
  readonly confirmationRows: number | null;
  readonly confirmationAgeMs: number | null;
  readonly openAlerts: readonly AlertCause[];
};

/** Registers the gauges, each read from the supervisor at each scrape. */
export function registerGauges(registry: Registry, read: () => Gauged): void {
  registerLink(registry, read);
  gaugeIn(registry, {
    name: 'ready',
    help: '1 when a call would be picked up now, as /readyz says.',
    read: () => (read().isReady ? 1 : 0),
  });
  gaugeIn(registry, {
    name: 'calls_live',
    help: 'Calls that a job of this machine serves.',
    read: () => read().calls,
  });
  gaugeIn(registry, {
    name: 'warm_processes',
    help: 'Processes that wait for a call.',
    read: () => read().warmProcesses,
  });
  gaugeIn(registry, {
    name: 'inventory_age_seconds',
    help: "Age of the yard's list that calls read.",
    read: () => seconds(read().inventoryAgeMs),
  });
  gaugeIn(registry, {
    name: 'outbox_rows',
    help: 'What the sheet does not show yet; looked up every 30 s.',
    read: () => read().outboxRows,
  });
  gaugeIn(registry, {
    name: 'outbox_oldest_age_seconds',
    help: 'For how long the oldest of it has waited; no value when nothing waits.',
    read: () => seconds(read().outboxAgeMs),
  });
  gaugeIn(registry, {
    name: 'confirmation_rows',
    help: 'Confirmations that their receiver did not take yet; looked up every 30 s.',
    read: () => read().confirmationRows,
  });
  gaugeIn(registry, {
    name: 'confirmation_oldest_age_seconds',
    help: 'For how long the oldest of them has waited; no value when none waits.',
    read: () => seconds(read().confirmationAgeMs),
  });
  flagsIn(registry, {
    name: 'alert_open',
    help: '1 while something needs a person.',
    label: 'cause',
    values: alertCauses,
    isOn: (cause) => read().openAlerts.includes(cause),
  });
}

function registerLink(registry: Registry, read: () => Gauged): void {
  flagsIn(registry, {
    name: 'link_state',
    help: '1 for the state of the connection to LiveKit; all 0 without a worker.',
    label: 'state',
    values: linkStates,
    isOn: (state) => read().link === state,
  });
  gaugeIn(registry, {
    name: 'link_pong_age_seconds',
    help: 'Since LiveKit last sent anything on it; no value without a connection.',
    read: () => seconds(read().lastPongAgeMs),
  });
  const seen = new Map<number, number>();
  void new Counter({
    name: 'pickup_link_reconnects_total',
    help: 'Registrations with LiveKit after the first of a worker.',
    registers: [registry],
    collect() {
      for (const worker of read().workers) {
        this.inc(Math.max(0, worker.reconnects - (seen.get(worker.pid) ?? 0)));
        seen.set(worker.pid, worker.reconnects);
      }
    },
  });
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}

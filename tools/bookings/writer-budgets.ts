import type { BackOff } from '../../agent/infra/retry.ts';

/** The times of the writer, in milliseconds. */
export type WriterBudgets = {
  /** One request to Google. */
  readonly requestMs: number;
  /** After this long a request that got no answer is taken not to come in any more. */
  readonly settleMs: number;
  /** Longer than a request, so that no other process writes while one of ours is under way. */
  readonly leaseMs: number;
  /** How often the outbox and the lease are looked at without being told to. */
  readonly idleMs: number;
  /** How often the whole sheet is gone through without being told to. */
  readonly reconcileMs: number;
  /** After a refusal that passes by itself (429, 5xx, no answer). */
  readonly busyBackOff: BackOff;
  /** After one that somebody has to do something about (403, 404, a renamed column). */
  readonly refusedBackOff: BackOff;
};

/** Google's own limit for a request is 180 s, but one that is not done in 8 s seldom comes in later. */
export const defaultWriterBudgets: WriterBudgets = {
  requestMs: 8_000,
  settleMs: 10_000,
  leaseMs: 15_000,
  idleMs: 500,
  reconcileMs: 300_000,
  busyBackOff: { initialMs: 1_000, multiplier: 2, maxMs: 60_000, jitter: 0.5 },
  refusedBackOff: { initialMs: 15_000, multiplier: 2, maxMs: 300_000, jitter: 0.5 },
};

import type { Backlog } from '../../tools/journal/overview.ts';
import type { ConfirmationBacklog } from '../../tools/journal/confirmations.ts';
import type { SheetsErrorCode } from '../../tools/sheet/client/sheets-error.ts';
import type { LinkState } from '../ipc/messages.ts';

/** Everything that needs a person. */
export const alertCauses = [
  'emergency',
  'call-back',
  'failed-call',
  'no-registration',
  'repeated-takeovers',
  'booking-pending',
  'booking-conflict',
  'sheet-forbidden',
  'sheet-problem',
  'confirmations',
  'day-budget',
  'canary',
] as const;

/** One of `alertCauses`. */
export type AlertCause = (typeof alertCauses)[number];

/** The service's state that the rules judge, as it is now. */
export type Observation = {
  /** The connection of the worker that takes calls; null while the service is told to end. */
  readonly link: LinkState | 'no-worker' | null;
  /** Calls that went on after their job was lost, since the start. */
  readonly takeovers: number;
  /** Callers in an emergency, since the start. */
  readonly emergencies?: number;
  /** Callers who were told that nobody is free, since the start. */
  readonly callBacks?: number;
  /** Calls that ended by a fault of ours, since the start. */
  readonly failedCalls?: number;
  /**
   * The journal's rows that wait for the sheet. `elsewhere`: another process writes the sheet and tells;
   * `unknown`: the store did not say.
   */
  readonly backlog:
    | 'elsewhere'
    | 'unknown'
    | (Pick<Backlog, 'pendingSinceMs' | 'conflicts'> & Partial<Pick<Backlog, 'outboxSinceMs'>>);
  /** Confirmations that customers still wait for; absent when there is no receiver, or nothing is known. */
  readonly confirmations?: ConfirmationBacklog | undefined;
  /** US dollars that calls may cost a day, and those that they have cost today; absent without a limit. */
  readonly spending?: { readonly budgetUsd: number; readonly spentUsd: number } | undefined;
  /** Test calls that failed in a row since the last good one, null when none did; absent when none are made. */
  readonly canary?: { readonly failures: number; readonly why: string } | null | undefined;
  /** The code with which Google refuses the sheet; null when it does not. */
  readonly sheetRefusal: SheetsErrorCode | null | 'elsewhere';
  /** Things in the sheet that its owner should mend, as last read; absent when another process reads. */
  readonly sheetProblems?: number | undefined;
};

/** Something began to need a person, or no longer does. */
export type AlertChange = {
  readonly cause: AlertCause;
  readonly state: 'raised' | 'cleared';
  /** Unix milliseconds: when the trouble began. */
  readonly sinceMs: number;
  /** Numbers and codes, for the person; never anything of a caller's. */
  readonly detail: Readonly<Record<string, string | number>>;
};

const unregisteredMs = 120_000;
const mostTakeovers = 3;
const takeoverWindowMs = 600_000;
/** Staff have dealt with an emergency by then, or will not be helped by an alert. */
const emergencyMs = 600_000;
/** A rush that comes back within this is the same one. */
const rushMs = 600_000;
const pendingMs = 300_000;
/** A receiver that is being deployed is back by then. */
const unconfirmedMs = 900_000;
const leastFailures = 2;
const dayMs = 86_400_000;

/** Calls of a kind, of which the first is told of; the ledger and the sheet have them all. */
class Rush {
  #seen = 0;
  #lastAtMs = -Infinity;

  /** Judges by the number since the start. */
  look(calls = 0, nowMs: number): Judgement {
    const more = calls - this.#seen;
    this.#seen = calls;
    if (more > 0) this.#lastAtMs = nowMs;
    if (more > 0) return { sinceMs: nowMs, detail: { calls: more } };
    return nowMs - this.#lastAtMs >= rushMs ? 'fine' : 'unknown';
  }
}

type Finding = Pick<AlertChange, 'sinceMs' | 'detail'>;
/** `unsaid`: nobody is told, because another process tells of it. */
type Judgement = Finding | 'fine' | 'unknown' | 'unsaid';

/**
 * Decides which causes are raised and cleared, once each, from an observation every few seconds. The
 * rules forget with their process, on purpose: a cause that is still there after a restart is raised
 * again, and an alert told twice is better than one that was lost with its sender.
 */
export class AlertRules {
  readonly #open = new Map<AlertCause, Finding>();
  readonly #takeoversAtMs: number[] = [];
  #takeoversSeen = 0;
  #emergenciesSeen = 0;
  #emergencyAtMs = -Infinity;
  readonly #turnedAway = new Rush();
  readonly #failed = new Rush();
  #unregisteredSinceMs: number | null = null;
  #sheetToldAtMs = -Infinity;

  /** The causes that are raised and not cleared. */
  get open(): readonly AlertCause[] {
    return [...this.#open.keys()];
  }

  /** The changes by `nowMs`, Unix milliseconds. */
  look(seen: Observation, nowMs: number): readonly AlertChange[] {
    return [
      ...this.#emergencies(seen, nowMs),
      ...this.#settle('call-back', this.#turnedAway.look(seen.callBacks, nowMs)),
      ...this.#settle('failed-call', this.#failed.look(seen.failedCalls, nowMs)),
      ...this.#settle('no-registration', this.#registration(seen, nowMs)),
      ...this.#settle('repeated-takeovers', this.#takeovers(seen, nowMs)),
      ...this.#settle('booking-pending', pending(seen, nowMs)),
      ...this.#settle('booking-conflict', conflicts(seen, nowMs)),
      ...this.#settle('confirmations', unconfirmed(seen, nowMs)),
      ...this.#settle('day-budget', overspent(seen, nowMs)),
      ...this.#settle('canary', failing(seen, nowMs)),
      ...this.#settle('sheet-forbidden', forbidden(seen, nowMs)),
      ...this.#settle('sheet-problem', this.#sheetProblems(seen, nowMs)),
    ];
  }

  #settle(cause: AlertCause, judged: Judgement): readonly AlertChange[] {
    const open = this.#open.get(cause);
    if (judged === 'unknown') return [];
    if (judged === 'unsaid') {
      this.#open.delete(cause);
      return [];
    }
    if (judged === 'fine') {
      if (!open) return [];
      this.#open.delete(cause);
      return [{ cause, state: 'cleared', ...open }];
    }
    if (open && !hasGrown(open, judged)) {
      // Of five that were one less since, the next is told of.
      if (cause === 'booking-conflict') this.#open.set(cause, { ...open, detail: judged.detail });
      return [];
    }
    this.#open.set(cause, judged);
    return [{ cause, state: 'raised', ...judged }];
  }

  /** Each emergency is told of, and all are over ten minutes after the last. */
  #emergencies({ emergencies = 0 }: Observation, nowMs: number): readonly AlertChange[] {
    const more = emergencies - this.#emergenciesSeen;
    this.#emergenciesSeen = emergencies;
    if (more > 0) {
      this.#emergencyAtMs = nowMs;
      this.#open.delete('emergency');
      return this.#settle('emergency', { sinceMs: nowMs, detail: { calls: more } });
    }
    const isOver = nowMs - this.#emergencyAtMs >= emergencyMs;
    return this.#settle('emergency', isOver ? 'fine' : 'unknown');
  }

  /** Alerts once a day at most, however often one thing is mended and another comes. */
  #sheetProblems({ sheetProblems }: Observation, nowMs: number): Judgement {
    if (sheetProblems === undefined) return 'unsaid';
    if (sheetProblems === 0) return 'fine';
    if (nowMs - this.#sheetToldAtMs < dayMs) return 'unknown';
    this.#sheetToldAtMs = nowMs;
    return { sinceMs: nowMs, detail: { problems: sheetProblems } };
  }

  #registration({ link }: Observation, nowMs: number): Judgement {
    if (link === null) return 'unknown';
    if (link === 'registered') {
      this.#unregisteredSinceMs = null;
      return 'fine';
    }
    const sinceMs = (this.#unregisteredSinceMs ??= nowMs);
    return nowMs - sinceMs < unregisteredMs ? 'fine' : { sinceMs, detail: { link } };
  }

  /** Cleared when the window is empty: else each takeover that leaves it or comes would be told. */
  #takeovers({ takeovers }: Observation, nowMs: number): Judgement {
    const recent = this.#takeoversAtMs;
    for (; this.#takeoversSeen < takeovers; this.#takeoversSeen += 1) recent.push(nowMs);
    while (recent[0] !== undefined && nowMs - recent[0] >= takeoverWindowMs) recent.shift();
    const [sinceMs] = recent;
    if (sinceMs === undefined) return 'fine';
    if (recent.length < mostTakeovers) return 'unknown';
    return { sinceMs, detail: { takeovers: recent.length } };
  }
}

/** Each customer that is to be called back, or was not told, is told of, not only the first. */
function hasGrown(open: Finding, judged: Finding): boolean {
  return ['conflicts', 'gaveUp'].some(
    (count) => Number(judged.detail[count] ?? 0) > Number(open.detail[count] ?? 0),
  );
}

/** Judges all that waits for the sheet: bookings, cancellations, changes and messages alike. */
function pending({ backlog }: Observation, nowMs: number): Judgement {
  if (backlog === 'elsewhere') return 'unsaid';
  if (backlog === 'unknown') return 'unknown';
  const waiting = [backlog.pendingSinceMs, backlog.outboxSinceMs ?? null];
  const [sinceMs] = waiting.filter((atMs) => atMs !== null).sort((a, b) => a - b);
  if (sinceMs === undefined || nowMs - sinceMs < pendingMs) return 'fine';
  return { sinceMs, detail: { waitedMs: nowMs - sinceMs } };
}

/** Confirmations that nobody takes, or that were given up within a day. */
function unconfirmed({ confirmations }: Observation, nowMs: number): Judgement {
  if (!confirmations) return 'unknown';
  const { waiting, waitingSinceMs, gaveUp } = confirmations;
  const sinceMs = waitingSinceMs ?? nowMs;
  if (gaveUp === 0 && nowMs - sinceMs < unconfirmedMs) return 'fine';
  return { sinceMs, detail: { waiting, gaveUp } };
}

function overspent({ spending }: Observation, nowMs: number): Judgement {
  if (!spending) return 'unknown';
  return spending.spentUsd < spending.budgetUsd ? 'fine' : { sinceMs: nowMs, detail: spending };
}

/** One call may have met a deploy; two in a row are what customers meet. */
function failing({ canary }: Observation, nowMs: number): Judgement {
  if (canary === undefined) return 'unknown';
  if (canary === null) return 'fine';
  return canary.failures < leastFailures ? 'unknown' : { sinceMs: nowMs, detail: canary };
}

function conflicts({ backlog }: Observation, nowMs: number): Judgement {
  if (backlog === 'elsewhere') return 'unsaid';
  if (backlog === 'unknown') return 'unknown';
  const { conflicts: open } = backlog;
  return open === 0 ? 'fine' : { sinceMs: nowMs, detail: { conflicts: open } };
}

function forbidden({ sheetRefusal: code }: Observation, nowMs: number): Judgement {
  if (code === 'elsewhere') return 'unsaid';
  return code === null ? 'fine' : { sinceMs: nowMs, detail: { code } };
}

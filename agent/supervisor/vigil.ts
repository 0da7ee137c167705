import { beatMs } from '../ipc/client.ts';

/** How long a process may be silent: `suspectMs` when all else is well, `sureMs` in any case. */
export type Patience = { readonly suspectMs: number; readonly sureMs: number };

type Beating = { readonly lastBeatMs: number };

/** Silence while this process did not run itself is its own: the count begins again. */
const stalledMs = 500;
/** Another process that beat within this time shows that the machine is not to blame. */
const companyMs = 500;

/**
 * Whether a silent line means a frozen process. On a machine that is too busy everybody is late,
 * and the listener hears late: so a short silence counts only if others beat and we ran on time.
 */
export class Vigil {
  #nowMs: number;
  #lateAtMs = Number.NEGATIVE_INFINITY;
  #countsFromMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
    this.#countsFromMs = nowMs;
  }

  /** This process runs: to be called every `beatMs`. */
  tick(nowMs: number): void {
    const lagMs = nowMs - this.#nowMs - beatMs;
    if (lagMs > stalledMs) this.#countsFromMs = nowMs;
    if (lagMs > beatMs) this.#lateAtMs = nowMs;
    this.#nowMs = nowMs;
  }

  /** For how long `one` of `all` has been silent, once that is too long; else null. */
  silentMs(one: Beating, all: Iterable<Beating>, { suspectMs, sureMs }: Patience): number | null {
    const silentMs = this.#nowMs - Math.max(one.lastBeatMs, this.#countsFromMs);
    if (silentMs < suspectMs) return null;
    const isSure = silentMs >= sureMs || (this.#wasOnTimeSince(one) && this.#hasCompany(one, all));
    return isSure ? silentMs : null;
  }

  #wasOnTimeSince({ lastBeatMs }: Beating): boolean {
    return this.#lateAtMs < lastBeatMs;
  }

  #hasCompany(one: Beating, all: Iterable<Beating>): boolean {
    return [...all].some((other) => other !== one && this.#nowMs - other.lastBeatMs <= companyMs);
  }
}

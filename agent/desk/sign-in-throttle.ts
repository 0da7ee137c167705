/** So many wrong passwords cost nothing: people mistype. */
const freeTries = 5;
const longestWaitMs = 60_000;
const forgottenMs = 900_000;
/** Of as many clients the failures are kept. */
const mostClients = 10_000;
/** Passwords that wait to be checked, one after another; each takes a quarter of a second. */
const mostWaiting = 8;

type Failures = { count: number; lastMs: number };

/**
 * Slows down who guesses passwords. A client that has failed often waits up to a minute between two
 * tries and is never shut out; a browser that has signed in before is counted by itself, so that
 * nobody's guessing, from the same address or from everywhere, holds the owner up.
 */
export class SignInThrottle {
  readonly #failures = new Map<string, Failures>();
  readonly #lanes = { known: new Lane(), strangers: new Lane() };

  /** The time that the client has still to wait, in milliseconds; 0: it may try. */
  waitMs(client: string, nowMs: number): number {
    const failures = this.#failures.get(client);
    if (!failures || nowMs - failures.lastMs >= forgottenMs) return 0;
    const extra = failures.count - freeTries;
    if (extra < 0) return 0;
    return Math.max(0, failures.lastMs + Math.min(longestWaitMs, 1_000 * 2 ** extra) - nowMs);
  }

  failed(client: string, nowMs: number): void {
    const before = this.#failures.get(client);
    const count = before && nowMs - before.lastMs < forgottenMs ? before.count + 1 : 1;
    // Set anew, it is the youngest: the oldest go first.
    this.#failures.delete(client);
    this.#failures.set(client, { count, lastMs: nowMs });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > mostClients && oldest !== undefined) this.#failures.delete(oldest);
  }

  succeeded(client: string): void {
    this.#failures.delete(client);
  }

  /**
   * Runs one check at a time, and of browsers that are known in a lane of their own. Null when too
   * many wait already.
   */
  check(isKnown: boolean, verify: () => Promise<boolean>): Promise<boolean> | null {
    return this.#lanes[isKnown ? 'known' : 'strangers'].run(verify);
  }
}

class Lane {
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> | null {
    if (this.#waiting >= mostWaiting) return null;
    this.#waiting += 1;
    const result = this.#last.then(work);
    this.#last = result.catch(() => {}).finally(() => (this.#waiting -= 1));
    return result;
  }
}

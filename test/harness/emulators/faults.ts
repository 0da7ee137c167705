/**
 * What an emulator does wrong, once, to one request or message.
 *
 * - `refuse`: answers with `status` and `body` (a string as it is, anything else as JSON; left out:
 *   the service's own error body for that status) before doing anything. On a WebSocket endpoint
 *   the upgrade is refused.
 * - `delay`: waits, then goes on as usual.
 * - `hang`: takes the request and never answers; the connection stays open. A message of an open
 *   stream is swallowed.
 * - `close`: an open WebSocket is closed with `code` (1006: cut without a close frame).
 * - `drop`: the TCP connection is cut. With `applied` the request has taken effect first, and only
 *   its response is lost.
 * - `truncate`: sends `after` bytes of the body (HTTP) or `after` messages (WebSocket, SSE), then
 *   cuts the connection.
 * - `stall`: sends `after` messages or bytes as usual, then pauses `everyMs` before each next one.
 * - `garbage`: answers with what the service would never send: `body`, or a page of HTML.
 * - `misspell`: a tool call of a model comes with `args` as its arguments; all else is as usual.
 */
export type Fault =
  | {
      readonly do: 'refuse';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly do: 'delay'; readonly delayMs: number }
  | { readonly do: 'hang' }
  | { readonly do: 'close'; readonly code: number; readonly reason?: string }
  | { readonly do: 'drop'; readonly applied?: boolean }
  | { readonly do: 'truncate'; readonly after: number }
  | { readonly do: 'stall'; readonly after: number; readonly everyMs: number }
  | { readonly do: 'garbage'; readonly body?: string }
  | { readonly do: 'misspell'; readonly args: string };

/** An endpoint's name (`'chat'`), `'*'` for all, or a choice by endpoint and by what it is about. */
export type Match = string | ((endpoint: string, about: string) => boolean);

/** What a `garbage` fault sends when it names nothing: the error page of some proxy. */
export const GARBAGE = '<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>';

type Rule = { readonly match: Match; readonly fault: Fault; skip: number; left: number };

/**
 * The fault plan of one emulator. Tests add to it; the emulator asks `take()` once for every request
 * (and every message of an open stream, under a name of its own such as `listen.message`).
 *
 *     faults.next('chat', { do: 'refuse', status: 429 });            // the next request
 *     faults.next('chat', { do: 'hang' }, 3);                        // the next three
 *     faults.nth('spreadsheets.batchUpdate', 2, { do: 'drop', applied: true }); // the second from now
 *     const off = faults.on('listen', { do: 'refuse', status: 503 }); // until off()
 *
 * The oldest rule that is due decides; rules behind it neither count that request nor are used up.
 */
export class Faults {
  #rules: Rule[] = [];
  readonly #counts = new Map<string, number>();

  /** The next `times` requests that match. */
  next(match: Match, fault: Fault, times = 1): void {
    this.#rules.push({ match, fault, skip: 0, left: times });
  }

  /** The `n`-th request that matches, counted from now, the next one being 1. */
  nth(match: Match, n: number, fault: Fault): void {
    this.#rules.push({ match, fault, skip: n - 1, left: 1 });
  }

  /** Every request that matches, until the returned function is called. */
  on(match: Match, fault: Fault): () => void {
    const rule: Rule = { match, fault, skip: 0, left: Infinity };
    this.#rules.push(rule);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
    };
  }

  /** Forgets every rule. */
  clear(): void {
    this.#rules = [];
  }

  /** How often the emulator was asked for `endpoint`, faulty or not. */
  count(endpoint: string): number {
    return this.#counts.get(endpoint) ?? 0;
  }

  /**
   * For emulators, once a request: the fault to commit, or undefined to behave.
   * `about` is what a rule may choose by: a model, a range, a path.
   */
  take(endpoint: string, about = ''): Fault | undefined {
    this.#counts.set(endpoint, this.count(endpoint) + 1);
    for (const rule of this.#rules) {
      if (!matches(rule.match, endpoint, about)) continue;
      if (rule.skip > 0) {
        rule.skip -= 1;
        continue;
      }
      rule.left -= 1;
      if (rule.left <= 0) this.#rules = this.#rules.filter((other) => other !== rule);
      return rule.fault;
    }
    return undefined;
  }
}

function matches(match: Match, endpoint: string, about: string): boolean {
  if (typeof match === 'function') return match(endpoint, about);
  return match === '*' || match === endpoint;
}

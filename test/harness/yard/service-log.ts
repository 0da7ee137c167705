/** How long a line is waited for, if nothing else is said. */
const waitMs = 60_000;

/** A line of the service's log. */
export type LogLine = {
  readonly level: string;
  readonly message: string;
  readonly time: string;
  readonly event: string;
  readonly callId?: string;
  readonly room?: string;
  readonly [field: string]: unknown;
};

type Waiting = { readonly matches: (line: LogLine) => boolean; resolve(line: LogLine): void };

/** What a service writes, line by line as it comes; several services may share one. */
export class ServiceLog {
  readonly lines: LogLine[] = [];
  readonly #waiting = new Set<Waiting>();

  add(line: LogLine): void {
    this.lines.push(line);
    for (const waiting of this.#waiting) {
      if (!waiting.matches(line)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(line);
    }
  }

  /** The last lines, for an error. */
  tail(): string {
    return ['The last lines:', ...this.lines.slice(-12).map((line) => JSON.stringify(line))].join(
      '\n',
    );
  }

  /** The first line with this event, past or to come, that matches. Rejects after `withinMs`. */
  async waitFor(
    event: string,
    matches: (line: LogLine) => boolean = () => true,
    withinMs = waitMs,
  ): Promise<LogLine> {
    const found = (line: LogLine) => line.event === event && matches(line);
    const past = this.lines.find(found);
    if (past) return past;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        reject(new Error(`No ${event} came. ${this.tail()}`));
      }, withinMs);
      const waiting: Waiting = {
        matches: found,
        resolve: (line) => {
          clearTimeout(timer);
          resolve(line);
        },
      };
      this.#waiting.add(waiting);
    });
  }
}

/** Undefined for what is not a line of ours. */
export function parseLine(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<LogLine>;
    const isOurs = typeof line.level === 'string' && typeof line.event === 'string';
    return isOurs ? (line as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

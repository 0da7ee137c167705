import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, GARBAGE } from './faults.ts';

/** The service's own words for a bare status, as a `refuse` fault without a body needs them. */
export type ErrorBody = (status: number) => unknown;

/** Answers with JSON; a string is sent as it is. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** Commits a fault that stands in place of the answer. False: go on, and answer as usual. */
export async function answerWithFault(
  fault: Fault | undefined,
  response: ServerResponse,
  errorBody: ErrorBody,
): Promise<boolean> {
  switch (fault?.do) {
    case 'refuse':
      sendJson(response, fault.status, fault.body ?? errorBody(fault.status), fault.headers);
      return true;
    case 'garbage':
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(fault.body ?? GARBAGE);
      return true;
    case 'hang':
      return true;
    case 'close':
    case 'drop':
      response.destroy();
      return true;
    case 'delay':
      await sleep(fault.delayMs);
      return false;
    case 'truncate':
    case 'stall':
    case 'misspell':
    case undefined:
      return false;
    default:
      return fault satisfies never;
  }
}

/** Writes a body in pieces, as far and as fast as the fault allows. */
export class FaultyBody {
  readonly #response: ServerResponse;
  readonly #fault: Fault | undefined;
  readonly #countOf: (chunk: Buffer) => number;
  #count = 0;

  /** `unit` is what `after` counts: bytes, or one for each write (a server-sent event). */
  constructor(response: ServerResponse, fault: Fault | undefined, unit: 'bytes' | 'events') {
    this.#response = response;
    this.#fault = fault;
    this.#countOf = unit === 'bytes' ? (chunk) => chunk.length : () => 1;
  }

  /** True once nobody reads any more: the client went, or a fault cut the connection. */
  get isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  async write(data: string | Buffer): Promise<void> {
    if (this.isOver) return;
    const chunk = Buffer.from(data);
    const before = this.#count;
    this.#count += this.#countOf(chunk);
    const fault = this.#fault;
    if (fault?.do === 'truncate' && this.#count > fault.after) {
      const rest = this.#countOf(chunk) === 1 ? 0 : fault.after - before;
      // What was let through must have left before the connection is cut.
      this.#response.write(chunk.subarray(0, rest), () => this.#response.destroy());
      return;
    }
    if (fault?.do === 'stall' && this.#count > fault.after) await this.#stall(fault.everyMs);
    if (!this.isOver) this.#response.write(chunk);
  }

  /** Ends early when the client goes: nothing may outlive it. */
  async #stall(ms: number): Promise<void> {
    const over = new AbortController();
    const gone = () => over.abort();
    this.#response.once('close', gone);
    await sleep(ms, undefined, { signal: over.signal }).catch(() => {});
    this.#response.off('close', gone);
  }

  end(): void {
    if (!this.isOver && this.#fault?.do !== 'truncate') this.#response.end();
    // A limit beyond the whole body changes nothing.
    else if (this.#fault?.do === 'truncate' && this.#count <= this.#fault.after)
      this.#response.end();
  }
}

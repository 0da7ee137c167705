import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { type Fault, GARBAGE } from './faults.ts';

/** What a server sends over one WebSocket: in order, each when it is due, as faults allow. */
export class FaultySocket {
  readonly #socket: WebSocket;
  readonly #connectionFault: Fault | undefined;
  readonly #nextFault: (message: string) => Fault | undefined;
  readonly #over = new AbortController();
  #tail: Promise<void> = Promise.resolve();
  #sent = 0;

  /** `nextFault` is asked for each message; `connectionFault` holds for the connection as a whole. */
  constructor(
    socket: WebSocket,
    connectionFault: Fault | undefined,
    nextFault: (message: string) => Fault | undefined,
  ) {
    this.#socket = socket;
    this.#connectionFault = connectionFault;
    this.#nextFault = nextFault;
    socket.once('close', () => this.#over.abort());
    if (connectionFault?.do === 'close') this.#close(connectionFault.code, connectionFault.reason);
  }

  /**
   * Sends JSON, or audio as it is, `delayMs` from now and never before what was sent earlier, if it
   * is still wanted then.
   */
  send(message: object | Buffer, delayMs = 0, isWanted: () => boolean = () => true): void {
    this.#queue(performance.now() + delayMs, isWanted, async () => {
      const name = Buffer.isBuffer(message) ? 'audio' : String(Object(message)['type']);
      const data = Buffer.isBuffer(message) ? message : JSON.stringify(message);
      await this.#deliver(data, this.#nextFault(name) ?? this.#connectionFault);
    });
  }

  /** Closes after everything that was sent. */
  close(code: number, reason: string, delayMs = 0): void {
    this.#queue(
      performance.now() + delayMs,
      () => true,
      async () => this.#close(code, reason),
    );
  }

  #queue(dueMs: number, isWanted: () => boolean, act: () => Promise<void>): void {
    this.#tail = this.#act(this.#tail, dueMs, isWanted, act);
  }

  async #act(
    previous: Promise<void>,
    dueMs: number,
    isWanted: () => boolean,
    act: () => Promise<void>,
  ): Promise<void> {
    await previous;
    const mayGo = () => isWanted() && !this.#over.signal.aborted;
    // What is not wanted any more does not hold up what comes after it.
    if (mayGo()) await this.#wait(dueMs - performance.now());
    if (mayGo()) await act();
  }

  async #deliver(data: string | Buffer, fault: Fault | undefined): Promise<void> {
    this.#sent += 1;
    switch (fault?.do) {
      case 'hang':
        return;
      case 'close':
        return this.#close(fault.code, fault.reason);
      case 'refuse':
      case 'drop':
        return this.#socket.terminate();
      case 'garbage':
        return this.#socket.send(fault.body ?? GARBAGE);
      case 'truncate':
        return this.#sent > fault.after ? this.#socket.terminate() : this.#socket.send(data);
      case 'stall':
        if (this.#sent > fault.after) await this.#wait(fault.everyMs);
        break;
      case 'delay':
        await this.#wait(fault.delayMs);
        break;
      case 'misspell':
      case undefined:
        break;
    }
    if (!this.#over.signal.aborted) this.#socket.send(data);
  }

  /** 1006 cannot be sent: it is what a client sees when the connection is cut. */
  #close(code: number, reason = ''): void {
    if (code === 1006) this.#socket.terminate();
    else this.#socket.close(code, reason);
  }

  async #wait(ms: number): Promise<void> {
    if (ms <= 0) return;
    await sleep(ms, undefined, { signal: this.#over.signal }).catch(() => {});
  }
}

import { ServerMessage } from '@livekit/protocol';
import { WebSocket } from 'ws';
import type { LinkLoss } from './reconnect-policy.ts';

/** From the first packet to the answer to the registration; the server needs a round trip or two. */
const registrationMs = 5_000;
/** Ping intervals in a row without a sign of life after which a connection is dead. */
const deadAfterIntervals = 3;

/**
 * One connection of a worker to LiveKit, from the dial to its end. It registers, and is pinged: a
 * connection on which nothing arrives any more never closes by itself.
 */
export class LiveKitConnection {
  readonly #socket: WebSocket;
  readonly #onMessage: (message: ServerMessage, bytes: Uint8Array) => void;
  readonly #end = Promise.withResolvers<LinkLoss | null>();
  readonly #deadline: NodeJS.Timeout;
  readonly #pings: NodeJS.Timeout;
  #isRegistered = false;
  #silentIntervals = 0;
  #lastHeardMs: number | null = null;

  constructor(options: {
    /** Of the server's `/agent`. */
    readonly url: URL;
    readonly token: string;
    /** The first message to the server. */
    readonly register: Uint8Array;
    readonly pingMs: number;
    /** Each message of the server; the first one is the answer to `register`. */
    readonly onMessage: (message: ServerMessage, bytes: Uint8Array) => void;
  }) {
    this.#onMessage = options.onMessage;
    this.#deadline = setTimeout(() => this.#tooLate(), registrationMs);
    this.#pings = setInterval(() => this.#ping(), options.pingMs);
    const socket = new WebSocket(options.url, {
      headers: { authorization: `Bearer ${options.token}` },
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => socket.send(options.register));
    socket.on('message', (data) => this.#received(data as Buffer));
    for (const sign of ['ping', 'pong'] as const) socket.on(sign, () => this.#heard());
    // A plain response to the upgrade: 401 for a wrong key, 5xx from a proxy.
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
      const kind = statusCode === 401 || statusCode === 403 ? 'refused' : 'lost';
      this.#ended({ kind, detail: `http-${statusCode}` });
    });
    socket.on('error', ({ code = 'unreachable' }: NodeJS.ErrnoException) => this.#lost(code));
    socket.on('close', () => this.#lost('connection-lost'));
  }

  /** Resolves with why it ended, with null when `close` did it. */
  get ended(): Promise<LinkLoss | null> {
    return this.#end.promise;
  }

  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  /** When the server last sent anything, on `performance.now()`'s clock. */
  get lastHeardMs(): number | null {
    return this.#lastHeardMs;
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  close(): void {
    this.#ended(null);
  }

  #received(bytes: Buffer): void {
    this.#heard();
    const message = parse(bytes);
    if (!message) return this.#lost('bad-message');
    if (!this.#isRegistered) {
      if (message.message.case !== 'register') return this.#lost('bad-registration');
      this.#isRegistered = true;
      clearTimeout(this.#deadline);
    }
    this.#onMessage(message, bytes);
  }

  #heard(): void {
    this.#silentIntervals = 0;
    this.#lastHeardMs = performance.now();
  }

  #ping(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    // Counted, not timed: a process that was stopped for a while has not listened meanwhile.
    this.#silentIntervals += 1;
    if (this.#silentIntervals >= deadAfterIntervals) return this.#lost('no-pong');
    this.#socket.ping();
  }

  #tooLate(): void {
    const isOpen = this.#socket.readyState === WebSocket.OPEN;
    this.#lost(isOpen ? 'registration-timeout' : 'connect-timeout');
  }

  #lost(detail: string): void {
    this.#ended({ kind: 'lost', detail });
  }

  /** The first end counts; what the socket says while it is torn down is not heard. */
  #ended(loss: LinkLoss | null): void {
    clearTimeout(this.#deadline);
    clearInterval(this.#pings);
    this.#isRegistered = false;
    this.#end.resolve(loss);
    this.#socket.removeAllListeners('message');
    this.#socket.terminate();
  }
}

function parse(bytes: Uint8Array): ServerMessage | undefined {
  try {
    return ServerMessage.fromBinary(bytes);
  } catch {
    return undefined;
  }
}

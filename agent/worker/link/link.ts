import timers from 'node:timers/promises';
import { WorkerMessage } from '@livekit/protocol';
import type { ServerMessage } from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import type { Config } from '../../config/config.ts';
import type { LinkHealth, LinkState } from '../../ipc/messages.ts';
import { LiveKitConnection } from './connection.ts';
import { ReconnectPolicy } from './reconnect-policy.ts';
import type { LinkLoss } from './reconnect-policy.ts';

/** Used once, at once; as long as a server's clock may be ahead of ours. */
const tokenTtl = '10m';

type Deliver = (bytes: Uint8Array) => void;

/**
 * The worker's registration with LiveKit, kept up across connections: each one registers anew with
 * the same message and repeats the last word on the worker's load. Calls do not depend on it.
 */
export class LiveKitLink {
  readonly #livekit: Config['livekit'];
  readonly #settings: Config['link'];
  readonly #onChange: (state: LinkState, detail: string | null) => void;
  readonly #policy: ReconnectPolicy;
  #state: LinkState = 'connecting';
  #detail: string | null = null;
  #registrations = 0;
  #connection: LiveKitConnection | undefined;
  /** Aborted when no further attempt is to be made. */
  #attempts = new AbortController();
  /** Aborted when the wait for the next one is to end. */
  #wait = new AbortController();
  #isFinal = false;
  /** The worker's last status and load, as it was sent. */
  #update: Uint8Array | undefined;

  constructor(options: {
    readonly livekit: Config['livekit'];
    readonly settings: Config['link'];
    readonly onChange: (state: LinkState, detail: string | null) => void;
  }) {
    this.#livekit = options.livekit;
    this.#settings = options.settings;
    this.#onChange = options.onChange;
    this.#policy = new ReconnectPolicy({ settings: options.settings });
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Why it is not registered, as far as that is known. */
  get detail(): string | null {
    return this.#detail;
  }

  get health(): LinkHealth {
    const heardMs = this.#connection?.lastHeardMs ?? null;
    return {
      reconnects: Math.max(0, this.#registrations - 1),
      lastPongAgeMs: heardMs === null ? null : Math.round(performance.now() - heardMs),
    };
  }

  /** Registers with the message `register`, and again whenever that is lost. */
  open(register: Uint8Array, deliver: Deliver): void {
    this.close();
    this.#update = undefined;
    if (this.#isFinal) return;
    this.#attempts = new AbortController();
    void this.#keepUp(register, deliver, this.#attempts.signal);
  }

  /** Sends a message of the worker, or forgets it: only its last status matters to a later connection. */
  send(bytes: Uint8Array): void {
    if (WorkerMessage.fromBinary(bytes).message.case === 'updateWorker') this.#update = bytes;
    // An answer to a connection that is gone means nothing to the next one.
    if (this.#connection?.isRegistered) this.#connection.send(bytes);
  }

  /** Ends the wait for the next attempt: the server is known to be there. */
  tryNow(): void {
    this.#wait.abort();
  }

  /** Never connects again, and ends a wait at once. A registration that stands is kept. */
  stopReconnecting(): void {
    this.#isFinal = true;
    this.#attempts.abort();
    if (!this.#connection?.isRegistered) this.#connection?.close();
  }

  /** Leaves LiveKit, until it is opened again. */
  close(): void {
    this.#attempts.abort();
    this.#connection?.close();
  }

  async #keepUp(register: Uint8Array, deliver: Deliver, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const loss = await this.#connectOnce(register, deliver, signal);
      if (!loss) return this.#set('connecting', null);
      const waitMs = this.#policy.waitAfterMs(loss);
      if (waitMs === null && !signal.aborted) return this.#set('gave-up', loss.detail);
      this.#set(loss.kind === 'refused' ? 'refused' : 'connecting', loss.detail);
      this.#wait = new AbortController();
      await untilAborted(AbortSignal.any([signal, this.#wait.signal]), waitMs ?? 0);
    }
  }

  async #connectOnce(
    register: Uint8Array,
    deliver: Deliver,
    signal: AbortSignal,
  ): Promise<LinkLoss | null> {
    const token = await agentToken(this.#livekit);
    if (signal.aborted) return null;
    const connection = new LiveKitConnection({
      url: agentUrl(this.#livekit.url),
      token,
      register,
      pingMs: this.#settings.pingMs,
      onMessage: (message, bytes) => {
        deliver(this.#withUrl(message, bytes));
        if (message.message.case === 'register') this.#registered(connection);
      },
    });
    this.#connection = connection;
    const loss = await connection.ended;
    if (this.#connection === connection) this.#connection = undefined;
    return loss;
  }

  #registered(connection: LiveKitConnection): void {
    this.#registrations += 1;
    this.#policy.registered();
    if (this.#update) connection.send(this.#update);
    this.#set('registered', null);
  }

  /** A server that names no address means its own: not that of the gate, which is all a worker knows. */
  #withUrl(message: ServerMessage, bytes: Uint8Array): Uint8Array {
    const { case: kind, value } = message.message;
    if (kind !== 'assignment' || value.url) return bytes;
    value.url = this.#livekit.url;
    return message.toBinary();
  }

  #set(state: LinkState, detail: string | null): void {
    if (state === this.#state && detail === this.#detail) return;
    this.#state = state;
    this.#detail = detail;
    this.#onChange(state, detail);
  }
}

/** Where workers register, at a server whose address may have a path. */
function agentUrl(livekitUrl: string): URL {
  const url = new URL(livekitUrl.replace(/^http/, 'ws'));
  url.pathname = `${url.pathname.replace(/\/$/, '')}/agent`;
  return url;
}

async function agentToken({ apiKey, apiSecret }: Config['livekit']): Promise<string> {
  const token = new AccessToken(apiKey, apiSecret, { ttl: tokenTtl });
  token.addGrant({ agent: true });
  return token.toJwt();
}

async function untilAborted(signal: AbortSignal, ms: number): Promise<void> {
  try {
    await timers.setTimeout(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

import diagnostics from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { LinkState } from '../line.ts';

type RequestMessage = { readonly request: ClientRequest };
type ResponseMessage = RequestMessage & { readonly response: IncomingMessage };

/**
 * Watches the worker's WebSocket to LiveKit from outside: the framework tells of a registration but
 * not of its loss, nor why one was refused. To be started before the `AgentServer` runs; its
 * `registered` is to be called on each `worker_registered`.
 */
export class LinkMonitor {
  readonly #isLink: (request: ClientRequest) => boolean;
  readonly #onChange: (state: LinkState, detail: string | null) => void;
  #state: LinkState = 'connecting';
  #detail: string | null = null;
  #socket: Socket | undefined;
  #stopped = false;

  constructor(url: string, onChange: (state: LinkState, detail: string | null) => void) {
    const { host } = new URL(url.replace(/^ws/, 'http'));
    this.#isLink = (request) =>
      request.path.split('?')[0]?.endsWith('/agent') === true && request.getHeader('host') === host;
    this.#onChange = onChange;
    diagnostics.subscribe('http.client.request.start', this.#onRequest);
    diagnostics.subscribe('http.client.response.finish', this.#onResponse);
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Why it is not registered, as far as that is known. */
  get detail(): string | null {
    return this.#detail;
  }

  registered(): void {
    this.#set('registered', null);
  }

  stop(): void {
    this.#stopped = true;
    diagnostics.unsubscribe('http.client.request.start', this.#onRequest);
    diagnostics.unsubscribe('http.client.response.finish', this.#onResponse);
  }

  readonly #onRequest = (message: unknown) => {
    const { request } = message as RequestMessage;
    if (!this.#isLink(request)) return;
    request.once('upgrade', (_response: IncomingMessage, socket: Socket) => {
      this.#socket = socket;
      socket.once('close', () => {
        if (this.#socket === socket) this.#set('connecting', 'connection-lost');
      });
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      if (this.#state !== 'refused') this.#set('connecting', error.code ?? 'unreachable');
    });
  };

  /** A plain response to the upgrade is a refusal: 401 for a wrong key, 5xx from a proxy. */
  readonly #onResponse = (message: unknown) => {
    const { request, response } = message as ResponseMessage;
    if (!this.#isLink(request)) return;
    const status = response.statusCode ?? 0;
    if (status === 401 || status === 403) this.#set('refused', `http-${status}`);
    else if (status !== 101) this.#set('connecting', `http-${status}`);
  };

  #set(state: LinkState, detail: string | null): void {
    if (this.#stopped || (state === this.#state && detail === this.#detail)) return;
    this.#state = state;
    this.#detail = detail;
    this.#onChange(state, detail);
  }
}

import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Duplex } from 'node:stream';
import { RoomServiceClient, TokenVerifier, type ClaimGrants } from 'livekit-server-sdk';
import { Faults } from './faults.ts';
import { answerWithFault, sendJson } from './http-faults.ts';
import { SipService } from './livekit-sip-service.ts';
import { listenOnLoopback } from './loopback-server.ts';
import { twirpBody, TwirpFailure } from './twirp.ts';

const SIP_PATH = '/twirp/livekit.SIP/';

/** A running front. */
export type SipFront = Awaited<ReturnType<typeof startSipFront>>;

/**
 * Stands before a livekit-server and answers `livekit.SIP/*`, which that server does only with
 * redis and a gateway; all else, WebSockets too, is passed on byte for byte. Faults go by the SIP
 * method's name (`CreateSIPInboundTrunk`), or `upstream` and the path for what is passed on.
 */
export async function startSipFront(options: {
  readonly upstreamUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly port?: number;
}) {
  const { apiKey, apiSecret } = options;
  const upstream = new URL(options.upstreamUrl.replace(/^ws/, 'http'));
  const service = new SipService(new RoomServiceClient(upstream.origin, apiKey, apiSecret));
  const verifier = new TokenVerifier(apiKey, apiSecret);
  const faults = new Faults();
  const closing = new AbortController();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://front.invalid').pathname;
    if (!path.startsWith(SIP_PATH)) {
      const fault = faults.take('upstream', path);
      if (!(await answerWithFault(fault, response, twirpBody))) passOn(upstream, request, response);
      return;
    }
    const method = path.slice(SIP_PATH.length);
    const body = await text(request);
    const fault = faults.take(method, body);
    const answer = () => sipAnswer(service, verifier, { request, method, body }, closing.signal);
    if (fault?.do === 'drop' && fault.applied) await answer();
    if (await answerWithFault(fault, response, twirpBody)) return;
    const { status, json } = await answer();
    const isText = typeof json === 'string';
    sendJson(response, status, json, isText ? { 'Content-Type': 'text/plain' } : {});
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.on('upgrade', (request, socket, head) => passOnUpgrade(upstream, request, socket, head));
  const listening = await listenOnLoopback(server, options.port);

  return {
    url: `http://127.0.0.1:${listening.port}`,
    wsUrl: `ws://127.0.0.1:${listening.port}`,
    faults,
    /** The inbound trunks by id. */
    trunks: service.trunks,
    /** The dispatch rules by id. */
    rules: service.rules,
    /** What was asked to be transferred, and what is to come of the next. */
    transfers: service.transfers,
    /** Cuts all that is passed on, too. */
    async close(): Promise<void> {
      closing.abort();
      await listening.close();
    },
  };
}

/** Answers as the server does: who asks is looked at first, then what, then whether they may. */
async function sipAnswer(
  service: SipService,
  verifier: TokenVerifier,
  rpc: { readonly request: IncomingMessage; readonly method: string; readonly body: string },
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly json: unknown }> {
  const { request, method, body } = rpc;
  try {
    const { authorization } = request.headers;
    const grants = await readGrants(verifier, authorization);
    if (grants === null) {
      // The server repeats the whole token in its refusal; who logs such a text must know.
      const token = authorization?.replace(/^Bearer /, '');
      return { status: 401, json: `invalid token: ${token}, error: it does not verify` };
    }
    if (request.method !== 'POST') {
      throw new TwirpFailure('bad_route', `unsupported method "${request.method}" (only POST)`);
    }
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
      throw new TwirpFailure('bad_route', 'unexpected Content-Type, the emulator takes JSON only');
    }
    return { status: 200, json: await service.handle(method, body, { grants, signal }) };
  } catch (error) {
    if (!(error instanceof TwirpFailure)) throw error;
    return { status: error.httpStatus, json: error.toBody() };
  }
}

/** Null for a token that is not ours, or no longer; without any token nothing is granted. */
async function readGrants(
  verifier: TokenVerifier,
  authorization: string | undefined,
): Promise<ClaimGrants | null> {
  if (authorization === undefined) return {};
  if (!authorization.startsWith('Bearer ')) return null;
  return verifier.verify(authorization.slice('Bearer '.length)).catch(() => null);
}

function passOn(upstream: URL, request: IncomingMessage, response: ServerResponse): void {
  const onward = httpRequest(
    {
      host: upstream.hostname,
      port: upstream.port,
      method: request.method,
      path: request.url,
      headers: request.headers,
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    },
  );
  onward.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end('the server behind the front is away');
  });
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

/** Repeats the handshake to the server as it came, then joins the two connections. */
function passOnUpgrade(
  upstream: URL,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): void {
  const server = connect(Number(upstream.port || 80), upstream.hostname, () => {
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
    }
    server.write(`${lines.join('\r\n')}\r\n\r\n`);
    server.write(head);
    server.pipe(client).pipe(server);
  });
  // A cut on one side is a cut on the other, never a clean end.
  for (const [from, to] of [
    [server, client],
    [client, server],
  ] as const) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}

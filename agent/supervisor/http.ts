import { Agent, createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fastify } from 'fastify';
import type { AlertCause } from '../telemetry/alert-rules.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { LiveKitWebhook } from './ledger/livekit-webhook.ts';

/** Readiness to take calls; `reason` is the first thing that is missing. */
export type Readiness = {
  readonly ready: boolean;
  readonly reason: string | null;
  readonly calls: number;
  readonly warmProcesses: number;
  /** Age of the equipment list in the store, or null when there is none. */
  readonly inventoryAgeMs: number | null;
  /** The causes that need a person, ready or not. */
  readonly alerts: readonly AlertCause[];
};

/** An event of LiveKit's has 1 to 3 kB. */
const webhookBytes = 65_536;

/** The server, on the port that it really has. */
export type HttpServer = { readonly port: number; close(): Promise<void> };

/**
 * `GET /healthz`: the process lives. `GET /readyz`: 200 when a call would be picked up, else 503.
 * `GET /metrics`: the figures, for Prometheus. `POST /livekit/webhook`: LiveKit's word on calls.
 * What is under `/desk` is passed on to the desk's process.
 */
export async function serveHttp(options: {
  readonly port: number;
  readonly readiness: () => Readiness;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  readonly webhook?: Pick<LiveKitWebhook, 'receive'>;
  /** The socket of the desk's process; null: there is no desk. */
  readonly deskSocket?: string | null;
  /** Nobody reaches it from another machine. */
  readonly isLocal?: boolean;
}): Promise<HttpServer> {
  const { deskSocket = null, isLocal = false } = options;
  const deskAgent = new Agent({ keepAlive: true, maxSockets: mostDeskRequests });
  const app = fastify({
    forceCloseConnections: true,
    // The desk's requests are passed on as they come: nothing of them is read here.
    serverFactory: (handle) =>
      createServer((request, response) => {
        const isDesks = deskSocket !== null && /^\/desk(?![^/?])/.test(request.url ?? '');
        if (isDesks) passOn({ request, response, socketPath: deskSocket, agent: deskAgent });
        else handle(request, response);
      }),
  });
  app.addHook('onClose', async () => deskAgent.destroy());
  app.get('/healthz', async () => ({ ok: true }));
  app.get('/readyz', async (_request, reply) => {
    const readiness = options.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  app.get('/metrics', async (_request, reply) => {
    const { metrics } = options;
    return reply.type(metrics.contentType).send(await metrics.text());
  });
  const { webhook } = options;
  if (webhook) {
    // The signature is one of the body as it came.
    const asItCame = { parseAs: 'string', bodyLimit: webhookBytes } as const;
    app.addContentTypeParser('application/webhook+json', asItCame, (_request, body, done) =>
      done(null, body),
    );
    app.post('/livekit/webhook', async ({ body, headers }, reply) => {
      const text = typeof body === 'string' ? body : '';
      const status = await webhook.receive(text, headers.authorization);
      return reply.code(status).send({ ok: status === 200 });
    });
  }
  // `::` takes IPv4 too, and Railway's private network is IPv6.
  const host = isLocal ? '127.0.0.1' : '::';
  await app.listen({ port: options.port, host }).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error;
    await app.listen({ port: options.port, host: '0.0.0.0' });
  });
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return { port, close: () => app.close() };
}

/** Pages that wait for changes hold one each. */
const mostDeskRequests = 128;
/** Of one connection alone; the desk's own Node sets them anew. */
const hopByHop = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade'];

/** Passes a request on to the desk's process, and its answer back, as fast as both ends take it. */
function passOn({
  request,
  response,
  socketPath,
  agent,
}: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socketPath: string;
  readonly agent: Agent;
}): void {
  const headers = { ...request.headers, 'x-pickup-peer': request.socket.remoteAddress ?? '' };
  const { method, url: path } = request;
  const onward = httpRequest({ socketPath, agent, method, path, headers }, (answer) => {
    const kept = Object.entries(answer.headers).filter(([name]) => !hopByHop.includes(name));
    response.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
    // A page that waits for changes must see that it is connected before the first one.
    response.flushHeaders();
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  onward.on('error', () => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '2' });
    response.end('The desk is starting. Calls are answered meanwhile; try again in a moment.\n');
  });
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

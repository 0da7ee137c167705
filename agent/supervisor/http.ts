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
 */
export async function serveHttp(options: {
  readonly port: number;
  readonly readiness: () => Readiness;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  readonly webhook?: Pick<LiveKitWebhook, 'receive'>;
}): Promise<HttpServer> {
  const app = fastify({ forceCloseConnections: true });
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
  await app.listen({ port: options.port, host: '::' }).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error;
    await app.listen({ port: options.port, host: '0.0.0.0' });
  });
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return { port, close: () => app.close() };
}

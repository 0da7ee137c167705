import { fastify } from 'fastify';
import type { AlertCause } from '../telemetry/alert-rules.ts';
import type { Metrics } from '../telemetry/metrics.ts';

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

/** The server, on the port that it really has. */
export type HttpServer = { readonly port: number; close(): Promise<void> };

/**
 * `GET /healthz`: the process lives. `GET /readyz`: 200 when a call would be picked up, else 503.
 * `GET /metrics`: the figures, for Prometheus.
 */
export async function serveHttp(options: {
  readonly port: number;
  readonly readiness: () => Readiness;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
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
  // `::` takes IPv4 too, and Railway's private network is IPv6.
  await app.listen({ port: options.port, host: '::' }).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error;
    await app.listen({ port: options.port, host: '0.0.0.0' });
  });
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return { port, close: () => app.close() };
}

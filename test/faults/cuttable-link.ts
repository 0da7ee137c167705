import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';

/** A running link. */
export type CuttableLink = Awaited<ReturnType<typeof startCuttableLink>>;

/** What becomes of a worker's connection: it works, nothing passes it any more, or it is refused. */
export type WorkerLink = 'open' | 'black-hole' | 'refused';

/** Where workers register; jobs connect to `/rtc`, and requests of the API have their own paths. */
const workerPath = /^GET \/agent\b/;
const unauthorized = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/**
 * Passes TCP connections on to a server of this machine, and can cut all there are at a moment. What
 * becomes of the workers' connections, those that are up and those to come, is told apart.
 */
export async function startCuttableLink(upstreamPort: number) {
  const sockets = new Set<Socket>();
  const workers = new Set<Socket>();
  let workerLink: WorkerLink = 'open';
  let workerAttempts = 0;
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        workers.delete(from);
        to.destroy();
      });
    }
    // A client of HTTP speaks first.
    client.once('data', (first) => {
      if (workerPath.test(first.toString('latin1'))) {
        workerAttempts += 1;
        if (workerLink === 'refused') return void client.end(unauthorized);
        workers.add(client).add(upstream);
        if (workerLink === 'black-hole') return swallow();
      }
      upstream.write(first);
      client.pipe(upstream).pipe(client);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Not listening on a port');

  /** Nothing is read any more, and nothing is closed. */
  function swallow(): void {
    for (const socket of workers) socket.unpipe().pause();
  }
  function cutAll(those: ReadonlySet<Socket>): void {
    for (const socket of those) socket.destroy();
  }
  return {
    port: address.port,
    /** How often a worker has tried to register. */
    workerAttempts: () => workerAttempts,
    /** Whoever is connected must connect anew, and can. */
    cut: () => cutAll(sockets),
    setWorkerLink(next: WorkerLink): void {
      workerLink = next;
      if (next === 'black-hole') swallow();
      // A link that was dead does not come to life; one that is refused is closed.
      else cutAll(workers);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      server.close();
      cutAll(sockets);
      await once(server, 'close');
    },
  };
}

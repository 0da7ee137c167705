import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';

/** A running link. */
export type CuttableLink = Awaited<ReturnType<typeof startCuttableLink>>;

/** Passes TCP connections on to a server of this machine, and can cut all there are at a moment. */
export async function startCuttableLink(upstreamPort: number) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Not listening on a port');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    /** Whoever is connected must connect anew, and can. */
    cut,
    async [Symbol.asyncDispose](): Promise<void> {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}

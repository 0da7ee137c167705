import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { LiveKitLink } from './link.ts';

/** The socket that the framework takes for LiveKit. */
export type LinkGate = {
  /** The framework's `wsURL`. Secret: who knows it can speak for the worker. */
  readonly url: string;
  readonly close: () => Promise<void>;
};

/**
 * Opens a WebSocket on loopback that the framework registers with, and passes its messages to `link`
 * and back. The framework by itself never notices a dead connection, tells nobody of a lost one, and
 * comes back up to 10 s late; behind the gate its connection stays open while the link changes.
 */
export async function openLinkGate(link: LiveKitLink): Promise<LinkGate> {
  const secret = randomBytes(24).toString('base64url');
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: `/${secret}/agent` });
  let framework: WebSocket | undefined;
  server.on('connection', (socket) => {
    framework?.terminate();
    framework = socket;
    socket.once('message', (register: Buffer) => {
      link.open(register, (bytes) => socket.send(bytes));
      socket.on('message', (message: Buffer) => link.send(message));
    });
    socket.on('error', () => {
      // A close follows.
    });
    socket.on('close', () => {
      if (framework === socket) link.close();
    });
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    // The framework appends `agent` to the text.
    url: `ws://127.0.0.1:${port}/${secret}/`,
    close: async () => {
      link.close();
      framework?.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

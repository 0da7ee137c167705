import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { errorCode } from './error-code.ts';

/**
 * Below the range from which systems take the ports of outgoing connections (Linux: from 32,768), so
 * that nobody gets our port while a server is down between two starts, and no client that retries
 * it connects to itself.
 */
const FIRST = 20_000;
const COUNT = 12_000;
const TRIES = 50;

/** A TCP port of 127.0.0.1 on which nobody listens now; it may be taken by the time it is used. */
export function freeTcpPort(): Promise<number> {
  return firstFree(async (port) => {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  });
}

/** A UDP port of 127.0.0.1 that nobody has bound now; it may be taken by the time it is used. */
export function freeUdpPort(): Promise<number> {
  return firstFree(async (port) => {
    const socket = createSocket('udp4').bind(port, '127.0.0.1');
    await once(socket, 'listening');
    socket.close();
    await once(socket, 'close');
  });
}

async function firstFree(tryPort: (port: number) => Promise<void>): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    try {
      await tryPort(port);
      return port;
    } catch (error) {
      if (errorCode(error) !== 'EADDRINUSE') throw error;
    }
  }
  throw new Error(`No free port after ${TRIES} tries between ${FIRST} and ${FIRST + COUNT - 1}`);
}

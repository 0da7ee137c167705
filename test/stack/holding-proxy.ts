import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { listenOnLoopback } from '../harness/emulators/loopback-server.ts';

/** A running proxy. */
export type HoldingProxy = Awaited<ReturnType<typeof startHoldingProxy>>;

/** Stands before a livekit-server and can let clients that join a room wait without an answer. */
export async function startHoldingProxy(upstreamUrl: string) {
  const upstream = new URL(upstreamUrl.replace(/^ws/, 'http'));
  let toHold = 0;
  let held = 0;

  const server = createServer((request, response) => passOn(upstream, request, response));
  server.on('upgrade', (request, socket, head) => {
    if (toHold > 0 && request.url?.startsWith('/rtc')) {
      toHold -= 1;
      held += 1;
      return;
    }
    passOnUpgrade(upstream, request, socket, head);
  });
  const listening = await listenOnLoopback(server);

  return {
    url: `ws://127.0.0.1:${listening.port}`,
    /** The next `times` that join get no answer; their connection stays open. */
    holdNext(times: number): void {
      toHold = times;
    },
    get held(): number {
      return held;
    },
    close: () => listening.close(),
  };
}

function passOn(upstream: URL, request: IncomingMessage, response: ServerResponse): void {
  const { hostname, port } = upstream;
  const { method = 'GET', url = '/', headers } = request;
  const onward = httpRequest({ hostname, port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

function passOnUpgrade(
  upstream: URL,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): void {
  const server = connect(Number(upstream.port), upstream.hostname, () => {
    const { method, url, rawHeaders } = request;
    const headers = rawHeaders.map((text, index) =>
      index % 2 === 0 ? `${text}: ` : `${text}\r\n`,
    );
    server.write(`${method} ${url} HTTP/1.1\r\n${headers.join('')}\r\n`);
    server.write(head);
    server.pipe(client).pipe(server);
  });
  for (const [from, to] of [
    [server, client],
    [client, server],
  ] as const) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}

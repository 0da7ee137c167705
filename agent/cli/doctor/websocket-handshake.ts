import { randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

/** 101 when the WebSocket opened, otherwise the refusal with the beginning of what was said. */
export type Handshake = { readonly status: number; readonly body: string };

/** A masked text message and a masked close, with a mask of zeros (RFC 6455, section 5.2). */
const textFrame = (text: string) =>
  Buffer.concat([Buffer.of(0x81, 0x80 | text.length, 0, 0, 0, 0), Buffer.from(text)]);
const closeFrame = Buffer.of(0x88, 0x80, 0, 0, 0, 0);

const maxBodyBytes = 4_096;

/**
 * Opens a WebSocket, says `goodbye` (at most 125 letters) and leaves: whether a key and a query are
 * taken shows in the answer to the handshake, and Node's own WebSocket hides a refusal's status.
 * Rejects when nothing answers.
 */
export function tryWebSocket(
  url: URL,
  options: {
    readonly headers: Readonly<Record<string, string>>;
    readonly goodbye: string;
    readonly signal: AbortSignal;
  },
): Promise<Handshake> {
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const handshake = request(url, {
      signal: options.signal,
      headers: {
        ...options.headers,
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      },
    });
    handshake.on('error', reject);
    handshake.on('upgrade', (_response, socket) => {
      socket.on('error', () => {});
      socket.end(Buffer.concat([textFrame(options.goodbye), closeFrame]));
      socket.resume();
      resolve({ status: 101, body: '' });
    });
    handshake.on('response', (response) => {
      let body = '';
      const done = () => {
        response.destroy();
        resolve({ status: response.statusCode ?? 0, body });
      };
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString('utf8');
        if (body.length > maxBodyBytes) done();
      });
      response.on('end', done);
      response.on('error', done);
    });
    handshake.end();
  });
}

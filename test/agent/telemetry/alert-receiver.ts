import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { listenOnLoopback } from '../../harness/emulators/loopback-server.ts';

/** The key of the tests: 24 bytes in base64. */
export const alertSecret = `whsec_${Buffer.from('a key for the tests only').toString('base64')}`;

/** One attempt to deliver an alert, whose signature was verified. */
export type Delivery = {
  readonly id: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly signature: string;
  readonly contentType: string;
  readonly body: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: {
      readonly cause: string;
      readonly state: string;
      readonly since: string;
      readonly detail: unknown;
    };
  };
};

/**
 * Receives alerts as somebody would who follows Standard Webhooks. Answers with the next of
 * `answers`, 204 when there is none; `reset` cuts the connection, `hang` leaves it open. A bad
 * signature is 401.
 */
export async function receiveAlerts(
  answers: (number | 'reset' | 'hang')[] = [],
  onDelivery: () => void = () => {},
) {
  const deliveries: Delivery[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const delivery = verified(await text(request), request.headers as Record<string, string>);
    if (delivery) {
      deliveries.push(delivery);
      onDelivery();
    }
    const answer = delivery ? (answers.shift() ?? 204) : 401;
    if (answer === 'hang') return;
    if (answer === 'reset') request.socket.resetAndDestroy();
    else response.writeHead(answer, { location: '/elsewhere' }).end();
  };
  const server = createServer((request, response) => void receive(request, response));
  const { port, close } = await listenOnLoopback(server);
  const url = `http://127.0.0.1:${port}/alerts`;
  return { url, deliveries, [Symbol.asyncDispose]: close };
}

function verified(payload: string, headers: Record<string, string>): Delivery | null {
  try {
    return {
      id: headers['webhook-id'] ?? '',
      timestamp: Number(headers['webhook-timestamp']),
      signature: headers['webhook-signature'] ?? '',
      contentType: headers['content-type'] ?? '',
      body: new Webhook(alertSecret).verify(payload, headers) as Delivery['body'],
    };
  } catch {
    return null;
  }
}

import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, GARBAGE } from './faults.ts';
import { field } from './json.ts';

/** Commits a fault in place of the upgrade. False: go on; the open socket carries the rest of it. */
export async function refuseWithFault(
  fault: Fault,
  socket: Duplex,
  requestId: string,
): Promise<boolean> {
  switch (fault.do) {
    case 'refuse': {
      const body = fault.body ?? errorBody(fault.status, requestId);
      refuseUpgrade(socket, fault.status, body, requestId, fault.headers);
      return true;
    }
    case 'garbage':
      socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${fault.body ?? GARBAGE}`);
      return true;
    case 'hang':
      return true;
    case 'drop':
      socket.destroy();
      return true;
    case 'delay':
      await sleep(fault.delayMs);
      return socket.destroyed;
    case 'close':
    case 'truncate':
    case 'stall':
    case 'misspell':
      return false;
    default:
      return fault satisfies never;
  }
}

/** Deepgram repeats the message in a header, because browsers and `ws` do not show the body. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  body: unknown,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const content = typeof body === 'string' ? body : JSON.stringify(body);
  const message = field(body, 'err_msg');
  const lines = Object.entries({
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(content)),
    'dg-request-id': requestId,
    'dg-error': typeof message === 'string' ? message : 'Refused',
    Connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n${content}`);
}

/** What Deepgram says with a bare status. */
export function errorBody(status: number, requestId: string): object {
  const [code, message] = knownErrors[status] ?? ['INTERNAL_SERVER_ERROR', 'Something went wrong.'];
  return { err_code: code, err_msg: message, request_id: requestId };
}

const knownErrors: Record<number, readonly [string, string] | undefined> = {
  400: ['Bad Request', 'Bad Request'],
  401: ['INVALID_AUTH', 'Invalid credentials.'],
  402: ['ASR_PAYMENT_REQUIRED', 'Project does not have enough credits.'],
  403: ['INSUFFICIENT_PERMISSIONS', 'User does not have sufficient permissions.'],
  404: ['NOT_FOUND', 'Not found.'],
  429: ['TOO_MANY_REQUESTS', 'Too many requests. Please try again later.'],
  503: ['SERVICE_UNAVAILABLE', 'The service is temporarily unavailable.'],
};

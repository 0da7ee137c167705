/**
 * Loaded before the program into every process of a service under test (`NODE_OPTIONS=--import`): each
 * of its requests to the emulators names the process, which is how they know whose call it serves.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { clientHeader } from '../emulators/client.ts';

const pid = String(process.pid);

/** Of `node:http`, WebSockets included. */
subscribe('http.client.request.created', (message) => {
  (message as { request: ClientRequest }).request.setHeader(clientHeader, pid);
});

/** Of `fetch`. */
subscribe('undici:request:create', (message) => {
  const { request } = message as { request: { addHeader(name: string, value: string): void } };
  request.addHeader(clientHeader, pid);
});

import type { IncomingMessage } from 'node:http';

/** The header in which a process under test names itself (`name-process.ts`). */
export const clientHeader = 'x-client-process';

/** The process id of whoever sent the request; null when it did not say. */
export function clientOf({ headers }: IncomingMessage): number | null {
  return Number(headers[clientHeader]) || null;
}

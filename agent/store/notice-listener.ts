import timers from 'node:timers/promises';
import { Client } from 'pg';
import { noticeChannel, readNotice, type Notice } from '../../tools/journal/notices.ts';
import type { Log } from '../infra/log.ts';
import { backOffMs } from '../infra/retry.ts';

/** A connection that listens until it is stopped. */
export type NoticeListener = { stop(): Promise<void> };

const backOff = { initialMs: 250, multiplier: 2, maxMs: 10_000, jitter: 0.5 };
const connectMs = 3_000;

/**
 * Hears what other machines do to bookings, over one Postgres connection of its own: `LISTEN`
 * belongs to a connection, and a pool lends them out. A lost one is made anew; `onListening` is
 * called each time, because what was said meanwhile was not heard.
 */
export function listenToNotices(options: {
  readonly databaseUrl: string;
  readonly log: Log;
  readonly onNotice: (notice: Notice) => void;
  readonly onListening: () => void;
}): NoticeListener {
  const { databaseUrl, log, onNotice, onListening } = options;
  const abort = new AbortController();
  let current: Client | undefined;

  async function listenOnce(): Promise<void> {
    const client = new Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: connectMs,
      keepAlive: true,
      application_name: 'pickup notices',
    });
    current = client;
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.on('error', () => resolve());
    });
    client.on('notification', ({ payload = '' }) => {
      const notice = readNotice(payload);
      if (notice) onNotice(notice);
    });
    try {
      await client.connect();
      await client.query(`listen ${noticeChannel}`);
      onListening();
      await ended;
    } finally {
      await client.end().catch(() => {});
    }
  }

  async function run(): Promise<void> {
    for (let attempt = 1; !abort.signal.aborted; attempt += 1) {
      try {
        await listenOnce();
        attempt = 0;
      } catch (error) {
        if (abort.signal.aborted) return;
        // Its message may carry the URL, password and all: the name and code must do.
        const { name, code } = error as NodeJS.ErrnoException;
        log.warn({ event: 'store.failed', name, code }, 'notices of other machines are not heard');
      }
      await timers
        .setTimeout(backOffMs(backOff, attempt), undefined, { signal: abort.signal })
        .catch(() => {});
    }
  }

  const running = run();
  return {
    async stop() {
      abort.abort();
      await current?.end().catch(() => {});
      await running;
    },
  };
}

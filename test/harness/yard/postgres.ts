import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import timers from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { findPostgres, postgresUser, type RunAs } from './postgres-binaries.ts';
import { reapWithUs } from './reaper.ts';

/** A real Postgres on a port of its own, in a temporary folder. */
export type TestPostgres = {
  /** Of the database that every server has, with a superuser who needs no password. */
  readonly url: string;
  /** Makes an empty database and returns its URL. */
  createDatabase(): Promise<string>;
  /** Drops all connections, and comes back with its data on the same port, after `awayMs` (0). */
  restart(options?: { readonly awayMs?: number }): Promise<void>;
  /** Ends the server and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

const startMs = 30_000;
/** Names a server that several test files share. */
const sharedVariable = 'PICKUP_TEST_POSTGRES';

/** The environment in which test files make their databases in this server, and start none. */
export function sharedPostgres({ url }: TestPostgres): Readonly<Record<string, string>> {
  return { [sharedVariable]: url };
}

/** A server for tests that only need databases: the shared one, or else one of their own. */
export async function postgresForDatabases(): Promise<
  Pick<TestPostgres, 'createDatabase' | 'stop'>
> {
  const url = process.env[sharedVariable];
  if (url === undefined) return startPostgres();
  return { createDatabase: () => createDatabase(url), stop: async () => {} };
}

/**
 * Makes an empty schema in a database, and returns the URL by which it is as good as a database of
 * its own, made in a fifth of the time.
 */
export async function createSchema(databaseUrl: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await query(databaseUrl, `create schema ${name}`);
  const url = new URL(databaseUrl);
  url.searchParams.set('options', `-c search_path=${name}`);
  return url.href;
}

/** Starts a fresh server; takes about a second. Only with `fsync` are its commits as slow as real ones. */
export async function startPostgres({ fsync = false } = {}): Promise<TestPostgres> {
  const user = await postgresUser();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pickup-postgres-'));
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  const bin = await findPostgres(user, folder);
  await initialise(bin, folder, user);
  const port = await freePort();
  const url = `postgres://pickup@127.0.0.1:${port}/postgres`;
  const start = () => startServer({ bin, folder, user, port, url, fsync });

  let server = await start();
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= end());
  return {
    url,
    createDatabase: () => createDatabase(url),
    restart: async ({ awayMs = 0 } = {}) => {
      await stopServer(server);
      await timers.setTimeout(awayMs);
      server = await start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };

  async function end(): Promise<void> {
    await stopServer(server);
    await rm(folder, { recursive: true, force: true });
  }
}

async function createDatabase(url: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await query(url, `create database ${name}`);
  return new URL(name, url).href;
}

async function initialise(bin: string, folder: string, user: RunAs): Promise<void> {
  const options = ['-U', 'pickup', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  const initdb = path.join(bin, 'initdb');
  await promisify(execFile)(initdb, ['-D', path.join(folder, 'data'), ...options], {
    ...user,
    cwd: folder,
  });
}

async function startServer(options: {
  readonly bin: string;
  readonly folder: string;
  readonly user: RunAs;
  readonly port: number;
  readonly url: string;
  readonly fsync: boolean;
}): Promise<ChildProcess> {
  const { bin, folder, user, port, url } = options;
  // No test pulls the plug: without fsync everything is faster, and nothing else is different.
  const fsync = `fsync=${options.fsync ? 'on' : 'off'}`;
  // Several test files, with many processes each, may share it.
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    fsync,
  ];
  const server = spawn(
    path.join(bin, 'postgres'),
    ['-D', path.join(folder, 'data'), '-p', `${port}`, ...settings.flatMap((s) => ['-c', s])],
    { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  if (server.pid !== undefined) {
    const reaper = reapWithUs(server.pid, { folder });
    server.once('exit', () => reaper[Symbol.dispose]());
  }
  let output = '';
  server.stderr.on('data', (chunk) => (output = `${output}${chunk}`.slice(-4_000)));
  const deadlineMs = performance.now() + startMs;
  for (;;) {
    if (server.exitCode !== null || performance.now() > deadlineMs) {
      server.kill('SIGQUIT');
      throw new Error(`Postgres did not start:\n${output}`);
    }
    if (await answers(url)) return server;
    await timers.setTimeout(20);
  }
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  // Fast shutdown: drops the clients, writes its checkpoint, ends.
  server.kill('SIGINT');
  await exited;
}

async function answers(url: string): Promise<boolean> {
  return query(url, 'select 1').then(
    () => true,
    () => false,
  );
}

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port');
  return address.port;
}

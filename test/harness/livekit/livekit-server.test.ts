import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RoomServiceClient } from 'livekit-server-sdk';
import { startLivekitServer, type LivekitServer } from './livekit-server.ts';

const rooms = (server: LivekitServer) =>
  new RoomServiceClient(server.httpUrl, server.apiKey, server.apiSecret);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await delay(20);
}

test('two servers run side by side, each with its own rooms and keys', async () => {
  await using first = await startLivekitServer();
  await using second = await startLivekitServer({ relay: true });
  await rooms(first).createRoom({ name: 'one' });
  assert.deepEqual(
    (await rooms(first).listRooms()).map((room) => room.name),
    ['one'],
  );
  assert.deepEqual(await rooms(second).listRooms(), []);
  const stranger = new RoomServiceClient(second.httpUrl, first.apiKey, first.apiSecret);
  await assert.rejects(stranger.listRooms());
});

test('a killed server comes back on the same port with the same keys', async () => {
  await using server = await startLivekitServer();
  const { pid, url } = server;
  await server.kill();
  assert.throws(() => server.pid, /not running/);
  await assert.rejects(rooms(server).listRooms());
  await server.restart();
  assert.notEqual(server.pid, pid);
  assert.equal(server.url, url);
  assert.deepEqual(await rooms(server).listRooms(), []);
});

test('a frozen server answers again when it is thawed', async () => {
  await using server = await startLivekitServer();
  await server.freeze();
  const answer = rooms(server).listRooms();
  const early = await Promise.race([answer, delay(200, 'silence')]);
  assert.equal(early, 'silence');
  server.thaw();
  assert.deepEqual(await answer, []);
});

test('stopping a server, frozen or not, leaves no process and no file', async () => {
  const server = await startLivekitServer();
  const { pid, logFile } = server;
  await server.freeze();
  await Promise.all([server.stop(), server.stop()]);
  assert.equal(isAlive(pid), false);
  await assert.rejects(readdir(dirname(logFile)), { code: 'ENOENT' });
});

test('a server that does not start says so with the end of its log', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-bad-server-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const binary = join(folder, 'server');
  await writeFile(binary, '#!/bin/sh\necho "cannot read the stars"\nexit 3\n');
  await chmod(binary, 0o755);
  const starting = startLivekitServer({ binary });
  await assert.rejects(starting, /ended at its start; its log ends:\ncannot read the stars/);
});

test('a server does not outlive the process that started it, even one killed by force', async () => {
  const module = JSON.stringify(new URL('./livekit-server.ts', import.meta.url).href);
  const script = `
    const { startLivekitServer } = await import(${module});
    const server = await startLivekitServer();
    console.log(JSON.stringify({ pid: server.pid, logFile: server.logFile }));
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line]: Buffer[] = await once(owner.stdout, 'data');
  const { pid, logFile } = JSON.parse(String(line));
  assert.equal(isAlive(pid), true);
  owner.kill('SIGKILL');
  await until(() => !isAlive(pid) && !existsSync(dirname(logFile)));
});

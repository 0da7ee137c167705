import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveHttp } from '../../agent/supervisor/http.ts';
import type { Readiness } from '../../agent/supervisor/http.ts';

const ready: Readiness = {
  ready: true,
  reason: null,
  calls: 1,
  warmProcesses: 4,
  inventoryAgeMs: 250,
};

async function get(port: number, path: string) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, body: (await response.json()) as unknown };
}

test('lives, whether or not it is ready', async () => {
  const notReady = { ...ready, ready: false, reason: 'no worker process' };
  const server = await serveHttp({ port: 0, readiness: () => notReady });
  try {
    assert.deepEqual(await get(server.port, '/healthz'), { status: 200, body: { ok: true } });
    assert.deepEqual(await get(server.port, '/readyz'), { status: 503, body: notReady });
  } finally {
    await server.close();
  }
});

test('is ready as things are when it is asked', async () => {
  let readiness: Readiness = { ...ready, ready: false, reason: 'no warm process' };
  const server = await serveHttp({ port: 0, readiness: () => readiness });
  try {
    assert.equal((await get(server.port, '/readyz')).status, 503);
    readiness = ready;
    assert.deepEqual(await get(server.port, '/readyz'), { status: 200, body: ready });
  } finally {
    await server.close();
  }
});

test('serves nothing else', async () => {
  const server = await serveHttp({ port: 0, readiness: () => ready });
  try {
    assert.equal((await get(server.port, '/')).status, 404);
  } finally {
    await server.close();
  }
});

test('refuses a port that is taken', async () => {
  const server = await serveHttp({ port: 0, readiness: () => ready });
  try {
    await assert.rejects(serveHttp({ port: server.port, readiness: () => ready }), {
      code: 'EADDRINUSE',
    });
  } finally {
    await server.close();
  }
});

test('closes though a client holds its connection', async () => {
  const server = await serveHttp({ port: 0, readiness: () => ready });
  // fetch keeps the connection for a next request.
  await get(server.port, '/healthz');
  await server.close();
  await assert.rejects(get(server.port, '/healthz'));
});

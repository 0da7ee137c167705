import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveHttp } from '../../../agent/supervisor/http.ts';
import type { Readiness } from '../../../agent/supervisor/http.ts';

const ready: Readiness = {
  ready: true,
  reason: null,
  calls: 1,
  warmProcesses: 4,
  inventoryAgeMs: 250,
  alerts: [],
};
const metrics = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  text: async () => 'pickup_calls_live 1\n',
};

async function get(port: number, path: string) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, body: await response.json() };
}

test('lives, whether or not it is ready', async () => {
  const notReady = { ...ready, ready: false, reason: 'no worker process' };
  const server = await serveHttp({ port: 0, readiness: () => notReady, metrics });
  try {
    assert.deepEqual(await get(server.port, '/healthz'), { status: 200, body: { ok: true } });
    assert.deepEqual(await get(server.port, '/readyz'), { status: 503, body: notReady });
  } finally {
    await server.close();
  }
});

test('is ready as things are when it is asked', async () => {
  let readiness: Readiness = { ...ready, ready: false, reason: 'no warm process' };
  const server = await serveHttp({ port: 0, readiness: () => readiness, metrics });
  try {
    assert.equal((await get(server.port, '/readyz')).status, 503);
    readiness = ready;
    assert.deepEqual(await get(server.port, '/readyz'), { status: 200, body: ready });
  } finally {
    await server.close();
  }
});

test('names what needs a person, ready or not', async () => {
  const alerts = ['booking-conflict', 'sheet-forbidden'] as const;
  const readiness: Readiness = { ...ready, alerts };
  const server = await serveHttp({ port: 0, readiness: () => readiness, metrics });
  try {
    assert.deepEqual(await get(server.port, '/readyz'), { status: 200, body: readiness });
  } finally {
    await server.close();
  }
});

test('serves the figures as Prometheus reads them', async () => {
  const server = await serveHttp({ port: 0, readiness: () => ready, metrics });
  try {
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    assert.equal(response.headers.get('content-type'), metrics.contentType);
    assert.equal(await response.text(), 'pickup_calls_live 1\n');
  } finally {
    await server.close();
  }
});

test('serves nothing else', async () => {
  const server = await serveHttp({ port: 0, readiness: () => ready, metrics });
  try {
    assert.equal((await get(server.port, '/')).status, 404);
  } finally {
    await server.close();
  }
});

test('refuses a port that is taken', async () => {
  const server = await serveHttp({ port: 0, readiness: () => ready, metrics });
  try {
    await assert.rejects(serveHttp({ port: server.port, readiness: () => ready, metrics }), {
      code: 'EADDRINUSE',
    });
  } finally {
    await server.close();
  }
});

test('closes though a client holds its connection', async () => {
  const server = await serveHttp({ port: 0, readiness: () => ready, metrics });
  // fetch keeps the connection for a next request.
  await get(server.port, '/healthz');
  await server.close();
  await assert.rejects(get(server.port, '/healthz'));
});

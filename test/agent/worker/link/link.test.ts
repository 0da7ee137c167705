import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { TestContext } from 'node:test';
import timers from 'node:timers/promises';
import { ServerMessage } from '@livekit/protocol';
import { TokenVerifier } from 'livekit-server-sdk';
import type { Config } from '../../../../agent/config/config.ts';
import { LiveKitLink } from '../../../../agent/worker/link/link.ts';
import { eventually } from '../../../harness/eventually.ts';
import { freeTcpPort } from '../../../harness/yard/free-port.ts';
import {
  assignment,
  availability,
  LiveKitDouble,
  namesOf,
  register,
  updateWorker,
} from './livekit-double.ts';

const fast: Config['link'] = {
  reconnectEnabled: true,
  initialMs: 10,
  multiplier: 1,
  maxMs: 20,
  maxAttempts: 0,
  pingMs: 60_000,
};
const apiKey = 'key';
const apiSecret = 'a-secret-of-a-server-that-is-not-there';

let livekit: LiveKitDouble;
let link: LiveKitLink;
/** What the worker was told of the link, and what the framework got from the server. */
let changes: string[];
let delivered: ServerMessage[];

beforeEach(async () => {
  livekit = await LiveKitDouble.start();
  changes = [];
  delivered = [];
});
afterEach(async () => {
  link.close();
  await livekit.close();
});

function open(settings: Partial<Config['link']> = {}, url = `ws://127.0.0.1:${livekit.port}`) {
  link = new LiveKitLink({
    livekit: { url, apiKey, apiSecret, agentName: 'pickup', maxCalls: 8, numIdleProcesses: 4 },
    settings: { ...fast, ...settings },
    onChange: (state, detail) => void changes.push(`${state} ${detail}`),
  });
  link.open(register.toBinary(), (bytes) => {
    delivered.push(ServerMessage.fromBinary(bytes));
  });
}

async function registered(times = 1): Promise<void> {
  await eventually(
    `${times} registrations`,
    () => changes.filter((change) => change === 'registered null').length === times,
  );
}

/** As `eventually`, for a test that holds the clock. */
async function soon(what: string, holds: () => boolean): Promise<void> {
  const untilMs = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > untilMs) throw new Error(`It never came to this: ${what}`);
    await timers.setImmediate();
  }
}

/** Lets a minute pass, and whatever that sets off reach the server. */
async function passMinute({ mock }: TestContext): Promise<void> {
  mock.timers.tick(60_000);
  for (let turn = 0; turn < 100; turn += 1) await timers.setImmediate();
}

test('registers with the message and a token of its own, and passes the answer on', async () => {
  open();
  assert.equal(link.state, 'connecting');
  await registered();
  assert.deepEqual(changes, ['registered null']);
  assert.deepEqual(livekit.last?.said, [register]);
  assert.deepEqual(namesOf(delivered), ['register']);
  const { authorization = '' } = livekit.last?.request.headers ?? {};
  const grants = await new TokenVerifier(apiKey, apiSecret).verify(
    authorization.replace('Bearer ', ''),
  );
  assert.deepEqual(grants.video, { agent: true });
});

for (const [path, expected] of [
  ['', '/agent'],
  ['/', '/agent'],
  ['/livekit', '/livekit/agent'],
]) {
  test(`a server at "${path}" registers workers at ${expected}`, async () => {
    open({}, `http://127.0.0.1:${livekit.port}${path}`);
    await registered();
    assert.equal(livekit.last?.request.url, expected);
  });
}

test('passes messages on, in their order', async () => {
  open();
  await registered();
  for (const jobId of ['AJ_1', 'AJ_2']) {
    link.send(availability(jobId).toBinary());
    livekit.send(assignment(jobId, 'wss://elsewhere.example'));
  }
  await eventually('messages', () => delivered.length === 3 && livekit.last?.said.length === 3);
  assert.deepEqual(livekit.last?.said.slice(1), [availability('AJ_1'), availability('AJ_2')]);
  assert.deepEqual(delivered.slice(1), [
    assignment('AJ_1', 'wss://elsewhere.example'),
    assignment('AJ_2', 'wss://elsewhere.example'),
  ]);
});

test('a job that is given no address gets that of the server', async () => {
  open();
  await registered();
  livekit.send(assignment('AJ_1'));
  await eventually('assignment', () => delivered.length === 2);
  assert.deepEqual(delivered[1], assignment('AJ_1', `ws://127.0.0.1:${livekit.port}`));
});

test('registers anew when the server cuts the link, and repeats the last status only', async () => {
  open();
  await registered();
  link.send(updateWorker(0.5).toBinary());
  livekit.refuseWith = 503;
  livekit.cut();
  await eventually('loss', () => link.detail === 'http-503');
  link.send(availability('AJ_1').toBinary());
  link.send(updateWorker(0.25).toBinary());
  livekit.refuseWith = null;
  await registered(2);
  await eventually('status', () => livekit.last?.said.length === 2);
  assert.deepEqual(livekit.last?.said, [register, updateWorker(0.25)]);
  assert.deepEqual(changes, [
    'registered null',
    'connecting connection-lost',
    'connecting http-503',
    'registered null',
  ]);
  assert.equal(link.health.reconnects, 1);
});

test('waits for a server that is not there yet, and tells what the matter is once', async () => {
  const port = await freeTcpPort();
  open({}, `ws://127.0.0.1:${port}`);
  await eventually('failure', () => changes.length > 0);
  const later = await LiveKitDouble.start(port);
  try {
    await registered();
    assert.deepEqual(changes, ['connecting ECONNREFUSED', 'registered null']);
  } finally {
    await later.close();
  }
});

for (const status of [401, 403]) {
  test(`a ${status} is a key that is refused: told once, tried again, and right at last`, async () => {
    livekit.refuseWith = status;
    open();
    await eventually('more attempts', () => livekit.upgrades >= 3);
    assert.deepEqual(changes, [`refused http-${status}`]);
    livekit.refuseWith = null;
    await registered();
  });
}

test('a proxy that answers for a server that is away refuses no key', async () => {
  livekit.refuseWith = 503;
  open();
  await eventually('more attempts', () => livekit.upgrades >= 3);
  assert.deepEqual(changes, ['connecting http-503']);
});

test('a first message that is no answer to the registration is a failed attempt', async () => {
  livekit.answer = assignment('AJ_1');
  open();
  await eventually('more attempts', () => livekit.upgrades >= 2);
  assert.deepEqual(changes, ['connecting bad-registration']);
  assert.deepEqual(delivered, []);
});

for (const { what, detail, prepare } of [
  {
    what: 'a registration',
    detail: 'registration-timeout',
    prepare: () => (livekit.answer = null),
  },
  { what: 'an upgrade', detail: 'connect-timeout', prepare: () => (livekit.refuseWith = 0) },
]) {
  test(`${what} without an answer within 5 s is a failed attempt`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    prepare();
    open();
    await soon('attempt', () =>
      what === 'an upgrade' ? livekit.upgrades === 1 : livekit.last?.said.length === 1,
    );
    t.mock.timers.tick(4_999);
    assert.deepEqual(changes, []);
    t.mock.timers.tick(1);
    await soon('failure', () => changes.length > 0);
    assert.deepEqual(changes, [`connecting ${detail}`]);
  });
}

test('a link that goes dumb is noticed, and another one taken', async () => {
  open({ pingMs: 20 });
  await registered();
  await eventually('many answers', () => livekit.pings > 10);
  assert.deepEqual(changes, ['registered null']);
  livekit.isDumb = true;
  await eventually('loss', () => changes.length > 1);
  assert.equal(changes[1], 'connecting no-pong');
  livekit.isDumb = false;
  await eventually('registration', () => link.state === 'registered');
});

test('whatever arrives is a sign of life, not only a pong', async () => {
  livekit.isDumb = true;
  open({ pingMs: 100 });
  await registered();
  const words = setInterval(() => livekit.send(assignment('AJ_1')), 20);
  try {
    await eventually('many words', () => delivered.length > 50);
    assert.deepEqual(changes, ['registered null']);
  } finally {
    clearInterval(words);
  }
});

test('gives up after the last attempt, and says so', async () => {
  livekit.refuseWith = 503;
  open({ maxAttempts: 2 });
  await eventually('end', () => link.state === 'gave-up');
  assert.deepEqual(changes, ['connecting http-503', 'gave-up http-503']);
  assert.equal(livekit.upgrades, 3);
});

test('gives up at the first loss when reconnecting is switched off', async () => {
  open({ reconnectEnabled: false });
  await registered();
  livekit.cut();
  await eventually('end', () => link.state === 'gave-up');
  assert.equal(livekit.upgrades, 1);
});

test('an attempt that is asked for comes at once, and the wait after it is as long as ever', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  livekit.refuseWith = 503;
  open({ initialMs: 30_000, maxMs: 60_000 });
  await soon('wait', () => changes.length === 1);
  livekit.refuseWith = 502;
  link.tryNow();
  await soon('another failure', () => changes.length === 2);
  for (let turn = 0; turn < 100; turn += 1) await timers.setImmediate();
  assert.equal(livekit.upgrades, 2);
  livekit.refuseWith = null;
  link.tryNow();
  await soon('registration', () => link.state === 'registered');
  link.tryNow();
  for (let turn = 0; turn < 100; turn += 1) await timers.setImmediate();
  assert.equal(livekit.upgrades, 3);
});

test('a stop during a wait ends it, and nothing is tried again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  livekit.refuseWith = 503;
  open({ initialMs: 1_000 });
  await soon('wait', () => changes.length === 1);
  link.stopReconnecting();
  await passMinute(t);
  link.open(register.toBinary(), () => {});
  await passMinute(t);
  assert.equal(livekit.upgrades, 1);
  assert.deepEqual(changes, ['connecting http-503']);
});

test('a stop leaves a registration that stands, and takes no other after it', async (t) => {
  open();
  await registered();
  link.stopReconnecting();
  link.send(updateWorker(1).toBinary());
  await eventually('status', () => livekit.last?.said.length === 2);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  livekit.cut();
  await soon('loss', () => changes.length === 2);
  await passMinute(t);
  assert.equal(livekit.upgrades, 1);
  assert.equal(changes[1], 'connecting connection-lost');
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../harness/eventually.ts';
import { freeTcpPort } from '../../harness/yard/free-port.ts';
import { processesOfGroup } from '../../harness/yard/process-end.ts';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { farewell, takeLeave } from '../take-leave.ts';

let yard: Yard;

before(async () => {
  yard = await Yard.open({ env: { NUM_IDLE_PROCESSES: '2' } });
  await yard.teach([farewell]);
});
after(() => yard[Symbol.asyncDispose]());
tellFailures(() => yard);

async function get(service: Service, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${await service.port()}${path}`);
  await response.arrayBuffer();
  return response.status;
}

async function assertNothingLeft(service: Service): Promise<void> {
  await eventually(
    'every process of the service is gone',
    async () => (await processesOfGroup(service.pid)).length === 0,
  );
}

test('waits for a LiveKit that is not there yet, says so, and is ready when it comes', async () => {
  await yard.livekit.kill();
  await using service = yard.service();
  assert.equal((await service.waitFor('worker.unregistered'))['detail'], 'ECONNREFUSED');
  assert.partialDeepStrictEqual(await service.readiness(), {
    status: 503,
    ready: false,
    reason: 'not registered with LiveKit',
  });
  await yard.livekit.restart();
  await service.ready({ warm: 2 });
  assert.partialDeepStrictEqual(await service.readiness(), {
    status: 200,
    ready: true,
    reason: null,
    calls: 0,
    warmProcesses: 2,
  });
  await service.waitFor('worker.ready');
  assert.equal(await service.stop(), 0);
  await assertNothingLeft(service);
});

test('gives up on LiveKit after the attempts it is allowed, with a code that asks for a restart', async () => {
  const nobody = `ws://127.0.0.1:${await freeTcpPort()}`;
  await using service = yard.service({
    env: { LIVEKIT_URL: nobody, RECONNECT_INITIAL_MS: '20', RECONNECT_MAX_ATTEMPTS: '3' },
  });
  assert.equal(await service.exited, 75);
  const said = service.lines.filter(({ event }) => event === 'worker.gave-up');
  assert.equal(said.length, 1);
  assert.partialDeepStrictEqual(said[0], { level: 'error', attempts: 3, detail: 'ECONNREFUSED' });
  await assertNothingLeft(service);
});

test('a call that rang before the service was there is answered', async (t) => {
  await using call = await yard.call();
  const startedMs = Date.now();
  await using service = yard.service();
  await call.waitFor('answered');
  t.diagnostic(`answered ${Date.now() - startedMs} ms after the service was started`);
  await service.waitFor('call.answered', (line) => line.callId === call.callId);
});

test('SIGTERM before the worker has come up ends it all the same', async () => {
  await using service = yard.service();
  await service.waitFor('worker.started');
  assert.equal(await service.stop(), 0);
  await assertNothingLeft(service);
});

test('SIGTERM lets the call that is up end by itself, tells who calls then, and exits with 0', async () => {
  await using service = yard.service();
  await service.ready({ warm: 2 });
  await using call = await yard.call();
  await call.waitFor('agent-audio-end');
  service.signal('SIGTERM');
  await service.waitFor('service.draining');
  assert.partialDeepStrictEqual(await service.readiness(), { status: 503, reason: 'draining' });
  assert.equal(await get(service, '/healthz'), 200);
  await using late = await yard.call({ from: '+13125550112' });
  const told = await late.ended;
  assert.ok(told.greeting, 'nobody else is there, and they are greeted all the same');
  assert.equal(told.endedBy, 'agent');
  assert.equal((await takeLeave(call)).endedBy, 'agent');
  assert.equal(await service.exited, 0);
  const ended = service.callLines(call.callId).filter(({ event }) => event === 'call.ended');
  assert.deepEqual(
    ended.map(({ reason }) => reason),
    ['agent-goodbye'],
  );
  const lateEvents = service.callLines(late.callId).map(({ event }) => event);
  assert.ok(lateEvents.includes('call-back.noted'), lateEvents.join(' '));
  await assertNothingLeft(service);
});

test('goes on when nobody reads its log any more', async () => {
  await using service = yard.service();
  await service.ready();
  service.stopReading();
  await using call = await yard.call();
  await call.waitFor('agent-audio-start');
  assert.equal((await service.readiness()).calls, 1);
  await call.hangUp();
  assert.equal(await service.stop(), 0);
});

test('SIGTERM to npm reaches it', async () => {
  await using service = yard.service({ command: ['npm', 'start'] });
  await service.ready();
  service.signal('SIGTERM');
  await service.exited;
  assert.equal((await service.waitFor('service.stopped'))['outcome'], 'drained');
  await assertNothingLeft(service);
});

test('a second SIGTERM ends it by force, and says which calls that ended', async () => {
  await using service = yard.service();
  await service.ready();
  await using call = await yard.call();
  await call.waitFor('agent-audio-start');
  service.signal('SIGTERM');
  await service.waitFor('service.draining');
  service.signal('SIGTERM');
  assert.equal(await service.exited, 1);
  await service.waitFor('job.forced', (line) => line.callId === call.callId);
  assert.equal((await service.waitFor('service.stopped'))['outcome'], 'forced');
  await assertNothingLeft(service);
});

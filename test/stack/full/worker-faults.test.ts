import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import timers from 'node:timers/promises';
import { RoomServiceClient } from 'livekit-server-sdk';
import { maskPhones } from '../../../agent/infra/log.ts';
import type { Call } from '../../harness/caller/call.ts';
import { eventually } from '../../harness/eventually.ts';
import { processesOfGroup } from '../../harness/yard/process-end.ts';
import type { LogLine } from '../../harness/yard/service-log.ts';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath } from '../aftermath.ts';
import type { Aftermath } from '../aftermath.ts';
import { startHoldingProxy } from '../holding-proxy.ts';
import type { HoldingProxy } from '../holding-proxy.ts';
import { lockStore } from '../locked-store.ts';
import { farewell, takeLeave } from '../take-leave.ts';
import { ringForEver } from '../unanswering-caller.ts';

const warm = 2;

let yard: Yard;
let service: Service;

before(async () => {
  yard = await Yard.open({ env: { NUM_IDLE_PROCESSES: String(warm), LOG_LEVEL: 'debug' } });
  await yard.teach([farewell]);
});
after(() => yard[Symbol.asyncDispose]());
tellFailures(() => yard);

/** The line at which the worker that takes calls was started. */
function currentWorker(): LogLine | undefined {
  return service.lines.findLast(({ event }) => event === 'worker.started');
}

/** Before a job is in the room, its lines carry the room's name alone. */
function isIn(call: { readonly room: string }, { room }: LogLine): boolean {
  return room === maskPhones(call.room);
}

function linesSince(mark: number, event: string): readonly LogLine[] {
  return service.lines.slice(mark).filter((line) => line.event === event);
}

/** Hangs up once the agent has greeted. */
async function hearGreeting(call: Call): Promise<void> {
  await call.waitFor('agent-audio-end');
  await call.hangUp();
}

async function assertAnswered(t: TestContext): Promise<Call> {
  const startedMs = Date.now();
  const call = await yard.call();
  await call.waitFor('answered');
  t.diagnostic(`answered after ${Date.now() - startedMs} ms`);
  await hearGreeting(call);
  const { events, report } = await aftermath({ yard, service }, call);
  const once = (event: string) => events.filter((other) => other === event).length;
  assert.deepEqual([once('call.ended'), once('call.closed')], [1, 1]);
  assert.ok(report.greeting, 'the greeting was heard');
  return call;
}

describe('one service', () => {
  before(async () => {
    service = yard.service();
    await service.ready({ warm });
  });
  after(async () => {
    assert.equal(await service.stop(), 0);
  });

  test('the worker is killed while the store is locked: a call that comes at once is answered', async () => {
    await service.ready({ warm });
    using lock = lockStore(yard);
    process.kill(Number(currentWorker()?.['workerPid']), 'SIGKILL');
    const call = await yard.call();
    await call.waitFor('agent-audio-end');
    lock[Symbol.dispose]();
    await call.hangUp();
    const { events, row } = await aftermath({ yard, service }, call);
    assert.equal(events.filter((event) => event === 'call.ended').length, 1);
    assert.partialDeepStrictEqual(row, { result: 'completed', reason: 'caller-hangup' });
  });

  test('a job is killed while it connects: the caller gets another, and the worker is none the worse', async (t) => {
    await service.ready({ warm });
    const mark = service.lines.length;
    await using call = await yard.call();
    const { jobPid } = await service.waitFor('call.state', (line) => isIn(call, line));
    // On the line too: a job that dies before its first word is a warm process that died.
    await eventually('its stage', async () => (await service.readiness()).warmProcesses < warm);
    const killedMs = Date.now();
    process.kill(Number(jobPid), 'SIGKILL');
    const isOther = (line: LogLine) => line.callId === call.callId && line['jobPid'] !== jobPid;
    const { jobId } = await service.waitFor('session.started', isOther);
    t.diagnostic(`another agent after ${Date.now() - killedMs} ms`);
    // The attendant may greet until that one is there.
    const isNext = (identity: string) =>
      identity === `agent-${String(jobId)}` || identity.startsWith('agent-attendant');
    await call.waitFor('agent-audio-end', ({ identity }) => isNext(identity));
    await takeLeave(call);
    const { report, events, row } = await aftermath({ yard, service }, call);
    assert.equal(report.endedBy, 'agent');
    assert.equal(events.filter((event) => event === 'call.ended').length, 1);
    assert.partialDeepStrictEqual(row, { result: 'completed', reason: 'agent-goodbye' });
    assert.equal(linesSince(mark, 'job.died').length, 1);
    assert.equal(linesSince(mark, 'worker.started').length, 0);
    assert.equal(linesSince(mark, 'worker.replaced').length, 0);
  });

  test('every core is busy for the 5 s around the ring', async (t) => {
    await service.ready({ warm });
    const burners = Array.from({ length: 2 * availableParallelism() }, () =>
      spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
    );
    const done = timers.setTimeout(5_000);
    try {
      await assertAnswered(t);
      await done;
    } finally {
      for (const burner of burners) burner.kill('SIGKILL');
    }
  });

  // For how long it may be away, `npm run faults` shows.
  test('LiveKit goes away between two calls', async (t) => {
    await yard.livekit.kill();
    await service.waitFor('worker.unregistered');
    await yard.livekit.restart();
    const mark = service.lines.length;
    await assertAnswered(t);
    assert.equal(linesSince(mark, 'worker.started').length, 0, 'it is the same worker');
  });

  test('five calls in a row, then four at once: each ends well, and nothing is left', async (t) => {
    await service.ready({ warm });
    const over: Promise<Aftermath>[] = [];
    for (let count = 1; count <= 5; count += 1) {
      const call = await yard.call();
      over.push(aftermath({ yard, service }, call));
      await hearGreeting(call);
    }
    const together = Array.from({ length: 4 }, async (_, index) => {
      const call = await yard.call({ from: `+1312555020${index}` });
      const [left] = await Promise.all([aftermath({ yard, service }, call), takeLeave(call)]);
      return left;
    });
    for (const [index, { report, row, exitMs }] of (
      await Promise.all([...over, ...together])
    ).entries()) {
      const { ringToFirstWordMs } = report;
      t.diagnostic(`call ${index + 1}: first word ${ringToFirstWordMs} ms, exit ${exitMs} ms`);
      const endedBy = index < 5 ? 'caller' : 'agent';
      assert.ok(report.answered);
      assert.equal(report.endedBy, endedBy);
      const reason = endedBy === 'agent' ? 'agent-goodbye' : 'caller-hangup';
      assert.partialDeepStrictEqual(row, { result: 'completed', reason, endedBy });
      assert.ok(exitMs !== null && exitMs <= 15_000, `call ${index + 1} left after ${exitMs} ms`);
    }
    await service.ready({ warm });
    // The supervisor, its worker and attendant, and the warm processes.
    await eventually(
      'no process is left',
      async () => (await processesOfGroup(service.pid)).length === 3 + warm,
    );
    const { httpUrl, apiKey, apiSecret } = yard.livekit;
    const rooms = new RoomServiceClient(httpUrl, apiKey, apiSecret);
    await eventually('no room is left', async () => (await rooms.listRooms()).length === 0, 60_000);
  });
});

describe('short budgets, and a way to LiveKit that can hang', () => {
  let proxy: HoldingProxy;

  before(async () => {
    proxy = await startHoldingProxy(yard.livekit.url);
    service = yard.service({
      env: {
        LIVEKIT_URL: proxy.url,
        CONNECT_MS: '1500',
        SESSION_START_MS: '1500',
        PICKUP_MS: '1000',
      },
    });
    await service.ready({ warm });
  });
  after(async () => {
    assert.equal(await service.stop(), 0);
    await proxy.close();
  });

  test('a job that cannot connect leaves at its deadline, and a fresh one answers', async (t) => {
    proxy.holdNext(1);
    const { callId } = await assertAnswered(t);
    assert.equal(proxy.held, 1);
    const dispatches = linesSince(0, 'guardian.dispatched').filter(
      (line) => line.callId === callId,
    );
    assert.equal(dispatches.length, 1);
  });

  test('a session that never starts: three dispatches, and one record when the caller gives up', async (t) => {
    const call = await ringForEver(yard.livekit);
    const isOfCall = (line: LogLine) => isIn(call, line);
    await service.waitFor('guardian.gave-up', isOfCall);
    await call.hangUp();
    const leftMs = Date.now();
    await service.waitFor('call.closed', ({ callId }) => callId === call.callId);
    t.diagnostic(`written down ${Date.now() - leftMs} ms after the caller left`);
    const count = (event: string) =>
      service.lines.filter((line) => line.event === event && isOfCall(line)).length;
    assert.equal(count('guardian.dispatched'), 3);
    assert.deepEqual([count('call.ended'), count('call.closed')], [1, 1]);
    const ended = await service.waitFor('call.ended', isOfCall);
    assert.partialDeepStrictEqual(ended, { result: 'failed', callId: call.callId });
    await service.ready({ warm });
    await eventually(
      'no process is left',
      async () => (await processesOfGroup(service.pid)).length === 3 + warm,
    );
  });
});

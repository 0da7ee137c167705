import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../harness/eventually.ts';
import { processesOfGroup } from '../harness/yard/process-end.ts';
import type { Service } from '../harness/yard/service.ts';
import { tellFailures } from '../harness/yard/story.ts';
import { Yard } from '../harness/yard/yard.ts';
import { farewell, takeLeave } from './take-leave.ts';
import { agentIsQuiet } from './spoken-call.ts';

/** A service that is to end, with what its environment adds. */
type Ending = { readonly what: string; readonly env: Readonly<Record<string, string>> };

async function assertNothingLeft(service: Service): Promise<void> {
  await eventually(
    'every process of the service is gone',
    async () => (await processesOfGroup(service.pid)).length === 0,
  );
}

/** Tests of what becomes of a call when its service is told to end: with another one there, and alone. */
export function testDrain({
  handOver,
  alone,
}: {
  /** `withinMs`: how long the call may wait for the end of a turn, at most. */
  readonly handOver: Ending & { readonly withinMs: number };
  readonly alone: Ending;
}): void {
  let yard: Yard;

  before(async () => {
    yard = await Yard.open({ env: { NUM_IDLE_PROCESSES: '2' } });
    await yard.teach([farewell]);
  });
  after(() => yard[Symbol.asyncDispose]());
  tellFailures(() => yard);

  test(`with ${handOver.what} a call goes to the new deployment, and ends there`, async (t) => {
    await using old = yard.service({ env: handOver.env });
    await old.ready({ warm: 2 });
    await using call = await yard.call();
    await call.waitFor('agent-audio-end');
    await using next = yard.service();
    await next.ready({ warm: 2 });
    const startedMs = Date.now();
    old.signal('SIGTERM');
    const told = await old.waitFor('drain.handing-over', (line) => line.callId === call.callId);
    const withinMs = Number(told['withinMs']);
    assert.ok(withinMs > 0 && withinMs <= handOver.withinMs, `within ${withinMs} ms`);
    assert.equal(await old.exited, 0);
    t.diagnostic(`over ${Date.now() - startedMs} ms after SIGTERM`);
    assert.equal((await old.waitFor('service.stopped'))['outcome'], 'drained');
    await assertNothingLeft(old);
    assert.equal((await takeLeave(call)).endedBy, 'agent');
    const ended = await next.waitFor('call.ended', (line) => line.callId === call.callId);
    assert.equal(ended['reason'], 'agent-goodbye');
    assert.deepEqual(
      old.callLines(call.callId).filter(({ event }) => event === 'call.ended'),
      [],
    );
    assert.equal(await next.stop(), 0);
  });

  test(`nobody there: a call ends with a sentence ${alone.what}`, async (t) => {
    await using service = yard.service({ env: alone.env });
    await service.ready();
    await using call = await yard.call();
    // A greeting has a pause in it.
    await call.waitFor('agent-audio-end');
    await agentIsQuiet(call);
    const startedMs = Date.now();
    service.signal('SIGTERM');
    await service.waitFor('drain.goodbye', (line) => line.callId === call.callId);
    assert.equal(await service.exited, 0);
    t.diagnostic(`over ${Date.now() - startedMs} ms after SIGTERM`);
    assert.equal((await service.waitFor('service.stopped'))['outcome'], 'said-goodbye');
    assert.equal((await call.ended).endedBy, 'agent');
    await service.waitFor('call.closed', (line) => line.callId === call.callId);
    await assertNothingLeft(service);
  });
}

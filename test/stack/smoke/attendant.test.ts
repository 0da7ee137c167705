import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath, openStoreOf } from '../aftermath.ts';
import { count } from '../call-log.ts';
import { farewell, takeLeave } from '../take-leave.ts';

const question = 'Do you have a generator?';

let yard: Yard;

before(async () => {
  yard = await Yard.open({ env: { MAX_CALLS: '1', NUM_IDLE_PROCESSES: '1' } });
  await yard.teach([farewell, question]);
});
after(() => yard[Symbol.asyncDispose]());
tellFailures(() => yard);

test('at MAX_CALLS callers are greeted at once, told that nobody is free, and called back', async (t) => {
  const service = yard.service({ env: { PICKUP_PATIENCE_MS: '7000' } });
  await service.ready({ warm: 1 });
  const served = await yard.call();
  await service.waitFor('call.answered', ({ callId }) => callId === served.callId);
  const numbers = ['+13125550121', '+13125550122', '+13125550123'];
  const waiting = await Promise.all(numbers.map((from) => yard.call({ from })));
  for (const call of waiting) {
    const { report, events, row, lines } = await aftermath({ yard, service }, call);
    t.diagnostic(`first word after ${Math.round(report.ringToFirstWordMs ?? NaN)} ms`);
    assert.ok(report.greeting, 'the greeting was heard');
    assert.equal(report.endedBy, 'agent');
    assert.partialDeepStrictEqual(row, { result: 'failed', reason: 'overflow', endedBy: 'agent' });
    assert.deepEqual(
      ['call.incoming', 'call.answered', 'call-back.noted', 'call.ended', 'call.closed'].map(
        (event) => count(lines, event),
      ),
      [1, 1, 1, 1, 1],
      events.join(' '),
    );
    assert.equal(lines.find(({ event }) => event === 'call.answered')?.['by'], 'attendant');
  }
  await takeLeave(served);
  const { row } = await aftermath({ yard, service }, served);
  assert.equal(row?.reason, 'agent-goodbye');
  await using store = await openStoreOf(yard);
  const messages = await store.db.selectFrom('messages').select('phone').execute();
  assert.deepEqual(new Set(messages.map(({ phone }) => phone)), new Set(numbers));
  assert.equal(await service.stop(), 0);
});

test('a caller whom the attendant greeted is answered by the job that comes, also what they said before it', async () => {
  const service = yard.service();
  await service.ready({ warm: 1 });
  const served = await yard.call();
  await service.waitFor('call.answered', ({ callId }) => callId === served.callId);
  const waiting = await yard.call({ from: '+13125550124' });
  await waiting.waitFor('agent-audio-end');
  await waiting.say(question);
  await waiting.waitFor('agent-audio-end', ({ identity }) =>
    identity.startsWith('agent-attendant'),
  );
  await served.hangUp();
  const { callId } = waiting;
  await service.waitFor('attendant.handed-over', (line) => line.callId === callId);
  await waiting.waitFor('agent-audio-end', ({ identity }) => !identity.includes('attendant'));
  await takeLeave(waiting);
  const { report, lines, row } = await aftermath({ yard, service }, waiting);
  assert.deepEqual(
    ['call.answered', 'attendant.handed-over', 'job.resumed', 'call.ended'].map((event) =>
      count(lines, event),
    ),
    [1, 1, 1, 1],
  );
  const tools = lines.filter(({ event }) => event === 'tool.used').map(({ tool }) => tool);
  assert.deepEqual(tools, ['find_equipment', 'end_call'], 'the question was answered');
  assert.equal(report.overlapMs, 0);
  assert.partialDeepStrictEqual(row, { result: 'completed', reason: 'agent-goodbye' });
  assert.equal(await service.stop(), 0);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath, openStoreOf } from '../aftermath.ts';
import { count } from '../call-log.ts';
import { farewell, takeLeave } from '../take-leave.ts';

let yard: Yard;

before(async () => {
  yard = await Yard.open({ env: { MAX_CALLS: '1', NUM_IDLE_PROCESSES: '1' } });
  await yard.teach([farewell]);
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

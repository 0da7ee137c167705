import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath } from '../aftermath.ts';
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

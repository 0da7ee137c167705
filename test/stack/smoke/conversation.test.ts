import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath } from '../aftermath.ts';
import { assertFigures, assertLogForm, assertWellLogged } from '../call-log.ts';
import { scriptSteps } from '../scripts.ts';

let yard: Yard;
let service: Service;
/** Longer than a pause between two sentences, on cores that are busy. */
const agentQuietMs = 2_000;
const script = scriptSteps('rental', { seed: 1, endBy: 'agent' });

before(async () => {
  yard = await Yard.open({
    latencyMs: { stt: 100, llm: 200, tts: 100 },
    env: { NUM_IDLE_PROCESSES: '2' },
  });
  service = yard.service();
  await service.ready({ warm: 2 });
  await service.waitFor('phrase.ready');
});
after(() => yard[Symbol.asyncDispose]());
tellFailures(() => yard);

test('a whole call that books, to the goodbye of the agent, with its log events in order', async () => {
  const call = await yard.call({ script, agentQuietMs });
  const left = await aftermath({ yard, service }, call);
  assertWellLogged(left);
  assert.equal(left.report.endedBy, 'agent');
  assert.ok(left.report.turns.every(({ agentPcm }) => agentPcm !== null));
  const closed = left.lines.at(-1);
  assert.partialDeepStrictEqual(closed, { reason: 'agent-goodbye', endedBy: 'agent' });
  const used = ['find_equipment', 'quote_rental', 'book_equipment', 'book_equipment', 'end_call'];
  assert.deepEqual(closed?.['toolsUsed'], used);
  const told = yard.of(call, yard.spoken).map(({ text }) => text.trim());
  assert.match(told.join(' '), /the Generator comes to \$270.* Shall I book it\? You're booked\./);
  const rows = yard.sheets.rows('Bookings').filter((row) => row.includes(call.callId));
  assert.equal(rows.length, 1);
  assert.equal(rows[0]?.includes('CONFIRMED'), true);
});

test('every line is JSON in our form, with no number, no secret and no word of the talk', () => {
  const lines = script.flatMap((step) => ('say' in step ? [step.say] : []));
  assertLogForm({ yard, service }, lines);
});

test('the figures tell of the same calls as the log', async () => {
  await assertFigures(service);
});

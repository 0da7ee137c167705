import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { turnsFile } from '../../cases/turns.ts';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { askIn, heardTurns, inCalls, stepsOf } from '../paused-turns.ts';

const { turns } = turnsFile.parse(
  JSON.parse(await readFile(new URL('../../cases/turns.json', import.meta.url), 'utf8')),
);
/** Of each question as many as of the others. */
const half = turns.filter((_, at) => at % 2 === 0);
/** Voice activity alone ends 40 of these turns in their middle, by `cases -- turns`. */
const mostFalseEnds = half.length / 5;
const answered = { ringTimeoutMs: 60_000, maxCallMs: 170_000 };

let yard: Yard;
let service: Service;

before(async () => {
  yard = await Yard.open({ env: { NUM_IDLE_PROCESSES: '1' } });
  service = yard.service();
  await service.ready({ warm: 1 });
  await service.waitFor('phrase.ready');
});

after(async () => {
  await yard[Symbol.asyncDispose]();
});
tellFailures(() => yard);

test('callers who pause in the middle of what they say are heard to the end, and answered', async () => {
  const early: string[] = [];
  for (const turnsOfCall of inCalls(half)) {
    askIn(yard, turnsOfCall);
    await service.ready({ warm: 1 });
    const script = stepsOf(turnsOfCall);
    const call = await yard.call({ script, agentQuietMs: 2_500, ...answered });
    for (const { turn, last, falseEnds } of heardTurns(await call.ended, turnsOfCall)) {
      const said = turn.says.join(' ');
      assert.notEqual(last?.agentFromMs ?? null, null, `No answer to: ${said}`);
      for (let nth = 0; nth < falseEnds; nth += 1) early.push(said);
    }
  }
  assert.ok(early.length <= mostFalseEnds, `Answered too early: ${early.join('; ')}`);
});

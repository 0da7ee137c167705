import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Step } from '../../harness/caller/script.ts';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath } from '../aftermath.ts';

const farewell = "Thanks, that's all. Goodbye.";
/** Longer than a turn takes: who is talked over goes quiet before the answer begins. */
const agentQuietMs = 2_500;

let yard: Yard;
let service: Service;

before(async () => {
  yard = await Yard.open({
    latencyMs: { stt: 100, llm: 200, tts: 100 },
    env: { NUM_IDLE_PROCESSES: '2', CALLER_SILENT_MS: '6000' },
  });
  service = yard.service();
  await service.ready({ warm: 2 });
  await service.waitFor('phrase.ready');
});

after(async () => {
  await yard[Symbol.asyncDispose]();
});
tellFailures(() => yard);

/** A call in which a machine is read back, and what the caller says and does after that. */
async function callWith(machine: string, steps: readonly Step[]) {
  const call = await yard.call({
    agentQuietMs,
    script: [
      { say: `Do you have a ${machine} available tomorrow?` },
      { say: "I'd like to book it, my name is Maria Lopez." },
      ...steps,
      { say: farewell },
      { waitForEnd: true },
    ],
  });
  const over = await aftermath({ yard, service }, call);
  const told = yard.of(call, yard.spoken).map(({ text }) => text.trim());
  return { told: told.join(' '), tools: over.lines.at(-1)?.['toolsUsed'] };
}

/** Two calls at once: most of a call is waiting for somebody to have spoken. */
describe('on a call', { concurrency: 2 }, () => {
  test('words over "You\'re booked" are heard, and answered after it', async () => {
    const words = 'No wait, what are your opening hours?';
    const { told } = await callWith('skid steer', [
      { say: 'Yes, please book it.' },
      { say: words, when: { from: 'agent-start', afterMs: 800 } },
    ]);
    assert.match(told, /You're booked\. .*Is there anything else\? .*Monday to Friday/);
  });

  test('a yes to "Are you still there?" books nothing, and it is read again', async () => {
    const { told } = await callWith('mini excavator', [
      // The read-back takes nine seconds of it.
      { silenceMs: 20_000 },
      { say: 'Yes.' },
      { say: 'No, thanks.' },
    ]);
    assert.equal(told.match(/Shall I book it\?/g)?.length, 2, told);
    assert.doesNotMatch(told, /booked/);
  });

  test('the key 1 is a yes to a read-back', async () => {
    const { told } = await callWith('generator', [{ dtmf: '1' }, { silenceMs: 6_000 }]);
    assert.match(told, /You're booked/);
  });
});

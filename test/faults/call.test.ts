import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { callFaults } from './call.ts';
import { usual } from './call-hearing.ts';
import { CallPlace } from './call-place.ts';

/** Of the whole suite, which `npm run faults` runs: one of each kind, and quick. */
const sample = [
  'stt-closed-1006',
  'llm-500',
  'llm-malformed-arguments',
  'tts-socket-refused',
  'talk-over-the-greeting',
  'hang-up-tool',
];

/** Five times the goal: a busy machine delays each word. */
const mostSilenceMs = 20_000;

let place: CallPlace;

before(async () => {
  place = await CallPlace.open(usual);
});
after(() => place[Symbol.asyncDispose]());

for (const name of sample) {
  test(`a call survives the fault ${name}`, async () => {
    const fault = callFaults.find((candidate) => candidate.name === name);
    assert.equal(fault?.setting, usual);
    assert.equal((await fault.run(place, 1, mostSilenceMs)).why, null);
  });
}

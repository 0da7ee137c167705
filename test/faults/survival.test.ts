import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CallPlace } from './call-place.ts';
import { survivalFaults } from './survival.ts';
import { usual } from './survival-case.ts';

/**
 * Of the whole suite, which `npm run faults` runs: the quick ones. A deployment beside another has
 * its own scenario; more than three takeovers a minute would have to wait for one another.
 */
const sample = ['job-killed-speaking', 'job-stopped-5s', 'worker-killed'];

let place: CallPlace;

before(async () => {
  place = await CallPlace.open(usual);
});
after(() => place[Symbol.asyncDispose]());

for (const name of sample) {
  test(`a call survives the fault ${name}`, async () => {
    const fault = survivalFaults.find((candidate) => candidate.name === name);
    assert.equal(fault?.setting, usual);
    assert.equal((await fault.run(place, 1)).why, null);
  });
}

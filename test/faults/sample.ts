import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CallPlace } from './call-place.ts';
import type { CallSetting } from './call-place.ts';
import type { PlacedFault } from './fault-lanes.ts';

/**
 * Some faults of a suite as tests, one after another at one place: those of these names, which all
 * share the setting. `run` shows one of them; with the seed 1 if left out.
 */
export function testSample<Fault extends PlacedFault>(sample: {
  readonly faults: readonly Fault[];
  readonly names: readonly string[];
  readonly setting: CallSetting;
  readonly run?: (fault: Fault, place: CallPlace) => ReturnType<PlacedFault['run']>;
}): void {
  const { faults, names, setting, run = (fault, at) => fault.run(at, 1) } = sample;
  let place: CallPlace;

  before(async () => {
    place = await CallPlace.open(setting);
  });
  after(() => place[Symbol.asyncDispose]());

  for (const name of names) {
    test(`a call survives the fault ${name}`, async () => {
      const fault = faults.find((candidate) => candidate.name === name);
      assert.ok(fault, 'there is such a fault');
      assert.equal(fault.setting, setting);
      assert.equal((await run(fault, place)).why, null);
    });
  }
}

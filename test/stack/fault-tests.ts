import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CallPlace } from '../faults/call-place.ts';
import type { PlacedFault } from '../faults/fault-lanes.ts';
import type { FaultCase } from '../faults/fault-case.ts';
import { storyOf } from '../harness/yard/story.ts';
import { ofTier } from './cases.ts';
import type { Tier } from './cases.ts';

/** Five times the goal of the suites: a busy machine delays each word. */
const mostSilenceMs = 20_000;

/** Tests of a tier's cases: those that share a setting share a service too, one after another. */
export function testAtPlaces(tier: Tier, faults: readonly PlacedFault[]): void {
  for (const [setting, cases] of Map.groupBy(ofTier(tier, faults), (fault) => fault.setting)) {
    describe(`a call survives, set up with ${JSON.stringify(setting)}`, () => {
      let place: CallPlace;
      before(async () => {
        place = await CallPlace.open(setting);
      });
      after(() => place[Symbol.asyncDispose]());

      for (const { name, run } of cases) {
        test(name, async (t) => {
          const sinceMs = Date.now();
          const told = () => t.diagnostic(`what happened:\n${storyOf(place.yard, sinceMs)}`);
          const { ok, why } = await run(place, 1, mostSilenceMs).catch((error: unknown) => {
            told();
            throw error;
          });
          if (!ok) told();
          assert.equal(why, null);
        });
      }
    });
  }
}

/** Tests of a tier's cases that need no place: each has an office of its own. */
export function testAlone(tier: Tier, faults: readonly FaultCase[]): void {
  for (const { name, run } of ofTier(tier, faults)) {
    test(`a booking keeps its promises: ${name}`, async () => {
      const { why, ...seen } = await run();
      assert.equal(why, null, JSON.stringify({ why, ...seen }));
    });
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { GapDetector } from '../../../../agent/call/media/gap-detector.ts';
import type { GapConditions } from '../../../../agent/call/media/gap-detector.ts';

const healthy: GapConditions = {
  isLive: true,
  trackIsPublished: true,
  trackIsMuted: false,
  isReconnecting: false,
};

/** A detector that is fed a sample each half second. */
function detector({ silentMs = null }: { readonly silentMs?: number | null } = {}) {
  const told: unknown[] = [];
  let conditions = healthy;
  let atMs = 0;
  const gap = new GapDetector({
    audioGapMs: 5_000,
    conditions: () => conditions,
    onGap: (opened) => void told.push(opened),
    onEnd: (end) => void told.push(end),
    silentMs,
    nowMs: () => atMs,
  });
  return {
    gap,
    told,
    set: (changed: Partial<GapConditions>) => void (conditions = { ...healthy, ...changed }),
    feed: (packets: number, samples: number, everyMs = 500) => {
      for (let sample = 0; sample < samples; sample += 1) {
        atMs += everyMs;
        gap.sample({ atMs, packets });
      }
    },
  };
}

test('a gap is told once, and its end with its length', () => {
  const { feed, told } = detector();
  feed(25, 4);
  feed(0, 9);
  assert.deepEqual(told, []);
  feed(0, 20);
  assert.deepEqual(told, [{ silentMs: 5_000 }]);
  feed(25, 10);
  assert.deepEqual(told.slice(1), [{ lengthMs: 15_000, packetsAreBack: true }]);
  feed(0, 10);
  assert.deepEqual(told.slice(2), [{ silentMs: 5_000 }]);
});

test('silence suppression, four packets a second, is no gap', () => {
  const { feed, told } = detector();
  feed(2, 200);
  assert.deepEqual(told, []);
});

for (const [name, changed] of [
  ['before the call is live', { isLive: false }],
  ['without a track', { trackIsPublished: false }],
  ['of a muted track', { trackIsMuted: true }],
  ['while the room reconnects', { isReconnecting: true }],
] as const) {
  test(`silence ${name} is no gap, and is not counted afterwards`, () => {
    const { feed, told, set } = detector();
    feed(25, 4);
    feed(0, 8);
    set(changed);
    feed(0, 100);
    set({});
    feed(0, 10);
    assert.deepEqual(told, []);
    feed(0, 1);
    assert.deepEqual(told, [{ silentMs: 5_000 }]);
  });
}

test('a gap in which the room begins to reconnect is over, without packets', () => {
  const { feed, told, set } = detector();
  feed(25, 1);
  feed(0, 12);
  set({ isReconnecting: true });
  feed(0, 4);
  assert.deepEqual(told, [{ silentMs: 5_000 }, { lengthMs: 6_500, packetsAreBack: false }]);
});

test('the frames with which the server leaves a track do not end a gap', () => {
  const { feed, told, gap } = detector();
  feed(25, 1);
  feed(0, 10);
  feed(5, 2);
  assert.equal(gap.isHealing, true);
  feed(0, 1);
  assert.equal(gap.isHealing, false);
  assert.equal(told.length, 1);
  feed(25, 3);
  assert.deepEqual(told[1], { lengthMs: 7_000, packetsAreBack: true });
});

test('a look between two samples that finds no packet does not make packets go away', () => {
  const { feed, told, gap } = detector();
  feed(25, 1);
  feed(0, 10);
  feed(25, 2);
  feed(0, 1, 30);
  assert.equal(gap.isHealing, true);
  feed(25, 1, 470);
  assert.deepEqual(told[1], { lengthMs: 5_500, packetsAreBack: true });
});

test('looks between two samples do not make the frames of a track that is left stay', () => {
  const { feed, told, gap } = detector();
  feed(25, 1);
  feed(0, 10);
  feed(5, 1);
  feed(5, 1, 30);
  feed(5, 1, 470);
  assert.equal(told.length, 1);
  feed(0, 1);
  assert.equal(gap.isHealing, false);
});

test('a gap that an earlier job found goes on', () => {
  const { feed, told } = detector({ silentMs: 12_000 });
  feed(0, 2);
  feed(25, 3);
  assert.deepEqual(told, [{ lengthMs: 13_500, packetsAreBack: true }]);
});

test('no gap where packets come in each five seconds; gaps and ends take turns', () => {
  const sample = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 25);
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 200 }), (samples) => {
      const { feed, told } = detector();
      let quiet = 0;
      let longest = 0;
      for (const packets of samples) {
        feed(packets, 1);
        quiet = packets > 0 ? 0 : quiet + 1;
        longest = Math.max(longest, quiet);
      }
      if (longest < 10) assert.deepEqual(told, []);
      const kinds = told.map((one) => (Object.hasOwn(one as object, 'silentMs') ? 'gap' : 'end'));
      assert.ok(kinds.every((kind, index) => kind === (index % 2 === 0 ? 'gap' : 'end')));
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resumePlan } from '../../../../agent/call/ownership/resume-plan.ts';
import type { SavedCall, SavedItem } from '../../../../agent/call/persistence/call-snapshot.ts';
import { savedCall } from '../saved-call.ts';

const spoken = (by: 'caller' | 'agent', words: string): SavedItem => ({
  kind: 'spoken',
  by,
  words,
  interrupted: false,
});
const asked = [spoken('agent', 'How can I help?'), spoken('caller', 'A skid steer?')];

const afterCrash = (saved: SavedCall) => resumePlan('takeover', saved);

/** The call as kept after `times` crashes, all at one turn, which was still to be answered. */
function crashed(times: number, items: SavedItem[] = asked): SavedCall {
  return { ...savedCall({ items, callerTurns: 1 }), lastCrash: { callerTurns: 1, times } };
}

test('after a first crash the call goes on where it was', () => {
  const { saved, isHopeless } = afterCrash(savedCall({ items: asked, callerTurns: 1 }));
  assert.deepEqual([saved?.talk.items, isHopeless], [asked, false]);
  assert.deepEqual(saved?.lastCrash, { callerTurns: 1, times: 1 });
});

test('after a second one at the same turn it goes on one turn earlier', () => {
  const { saved, isHopeless } = afterCrash(crashed(1));
  assert.deepEqual([saved?.talk.items, isHopeless], [asked.slice(0, 1), false]);
  assert.deepEqual(saved?.lastCrash, { callerTurns: 1, times: 2 });
});

test('a turn that was answered is not what it died of: nothing is taken back', () => {
  const answered = [...asked, spoken('agent', 'One is free.')];
  assert.deepEqual(afterCrash(crashed(1, answered)).saved?.talk.items, answered);
});

test('after a third one it is no use', () => {
  assert.equal(afterCrash(crashed(2)).isHopeless, true);
});

test('a turn that was got over starts the count anew', () => {
  const { saved, isHopeless } = afterCrash({
    ...savedCall({ items: asked, callerTurns: 2 }),
    lastCrash: { callerTurns: 1, times: 2 },
  });
  assert.deepEqual([saved?.lastCrash, isHopeless], [{ callerTurns: 2, times: 1 }, false]);
});

test('a crash before the caller said anything leaves nothing to take back', () => {
  const greeting = [spoken('agent', 'How can I help?')];
  assert.deepEqual(afterCrash(crashed(1, greeting)).saved?.talk.items, greeting);
});

test('a planned hand-over is no crash, and an apology is all that is left when it is ordered', () => {
  const kept = crashed(2);
  assert.deepEqual(resumePlan('handover', kept), { saved: kept, isHopeless: false });
  assert.deepEqual(resumePlan('apology', kept), { saved: kept, isHopeless: true });
  assert.deepEqual(resumePlan('takeover', undefined), { saved: undefined, isHopeless: false });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Duty } from '../../../../agent/call/conversation/response-gate.ts';

/** A duty by a clock that the test moves. */
function dutyAt(clock: { nowMs: number }): Duty {
  return new Duty(() => clock.nowMs);
}

test('on duty every turn is answered; off duty none is', () => {
  const duty = new Duty();
  assert.equal(duty.answers('A skid steer?'), true);
  const back = duty.leave();
  assert.equal(duty.answers('A skid steer?'), false);
  back();
  assert.equal(duty.answers('A skid steer?'), true);
});

test('it is back on duty when all who left it are', () => {
  const duty = new Duty();
  const [first, second] = [duty.leave(), duty.leave()];
  first();
  first();
  assert.equal(duty.isOn, false);
  second();
  assert.equal(duty.isOn, true);
});

test('what was said shortly before the call changed hands is caught up with, once', () => {
  const clock = { nowMs: 10_000 };
  const duty = dutyAt(clock);
  const back = duty.leave();
  duty.answers('A skid steer?');
  clock.nowMs += 5_000;
  duty.answers('For three days.');
  clock.nowMs += 100;
  back();
  const taken = { sinceMs: clock.nowMs - 1_500, takenIn: 'a skid steer' };
  assert.equal(duty.catchUp(taken), 'For three days.');
  assert.equal(duty.catchUp(taken), null);
});

test('what the job before has taken in is not answered a second time, however it is written', () => {
  const clock = { nowMs: 10_000 };
  const duty = dutyAt(clock);
  const back = duty.leave();
  duty.answers('For three days');
  back();
  assert.equal(duty.catchUp({ sinceMs: 0, takenIn: 'for three days.' }), null);
  duty.expectEcho('for three days.');
  clock.nowMs += 400;
  assert.equal(duty.answers('For three days'), false);
  assert.equal(duty.answers('And a trailer.'), true);
  clock.nowMs += 1_500;
  assert.equal(duty.answers('For three days'), true);
});

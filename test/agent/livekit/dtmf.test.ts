import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RoomEvent } from '@livekit/rtc-node';
import { watchDtmf, wordsOfDigits } from '../../../agent/livekit/dtmf.ts';
import { callerDetails } from '../../harness/emulators/caller-words.ts';
import { FakeRoom } from '../call/fake-room.ts';

/** A watched keypad over a clock of the test's own; `press` takes keys a third of a second apart. */
function keypad(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const room = new FakeRoom();
  const told: string[] = [];
  let nowMs = 0;
  const pass = (ms: number) => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };
  const { stop, answered } = watchDtmf(room.asRoom, {
    identity: room.caller.identity,
    onPerson: () => void told.push('person'),
    onAnswer: (isYes) => void told.push(isYes ? 'yes' : 'no'),
    onDigits: (digits) => void told.push(digits),
    nowMs: () => nowMs,
  });
  const press = (keys: string, participant: unknown = room.caller) => {
    for (const key of keys) {
      room.emit(RoomEvent.DtmfReceived, 0, key, participant);
      pass(300);
    }
  };
  const pause = () => pass(2_000);
  return { room, told, stop, answered, press, pause, pass };
}

test('0 alone asks for a person, once', (t) => {
  const { told, press, pause } = keypad(t);
  press('0');
  assert.deepEqual(told, []);
  pause();
  pause();
  assert.deepEqual(told, ['person']);
  press('0#');
  assert.deepEqual(told, ['person', 'person']);
});

test('0 within a number, or before it, is a digit', (t) => {
  const { told, press, pause } = keypad(t);
  press('3125550100');
  pause();
  press('0123');
  pause();
  assert.deepEqual(told, ['3125550100', '0123']);
});

test('a number ends with # at once, or with a pause', (t) => {
  const { told, answered, press, pause } = keypad(t);
  press('3125550142#');
  assert.deepEqual(told, ['3125550142']);
  answered();
  press('555');
  press('0142');
  assert.equal(told.length, 1);
  pause();
  assert.deepEqual(told, ['3125550142', '5550142']);
});

test('a few stray keys are nothing, unless # confirms them', (t) => {
  const { told, press, pause } = keypad(t);
  press('12');
  pause();
  press('#');
  press('A');
  pause();
  assert.deepEqual(told, []);
  press('12#');
  assert.deepEqual(told, ['12']);
});

test('* begins the number anew', (t) => {
  const { told, press, pause } = keypad(t);
  press('99*5550142');
  pause();
  press('99*');
  pause();
  assert.deepEqual(told, ['5550142']);
});

test('what is as long as the number of a card is never handed on', (t) => {
  const { told, press, pause } = keypad(t);
  press('4111111111111111#');
  press('4111111111111111999');
  pause();
  assert.deepEqual(told, []);
  press('5550142#');
  assert.deepEqual(told, ['5550142']);
});

test('only the keys of the caller count', (t) => {
  const { told, press, pause } = keypad(t);
  press('0', { identity: 'somebody-else' });
  press('0', null);
  pause();
  assert.deepEqual(told, []);
});

test('nothing is told or left behind after the watch', (t) => {
  const { room, told, stop, press, pause } = keypad(t);
  press('0');
  stop();
  pause();
  assert.deepEqual(told, []);
  assert.equal(room.watchers, 0);
});

test('the words for it are understood as the number', () => {
  const details = callerDetails(wordsOfDigits('3125550142'), 'What is the best number?');
  assert.equal(details.phone, '3125550142');
});

test('1 alone is a yes and 2 a no; within a number they are digits', (t) => {
  const { told, answered, press, pause } = keypad(t);
  press('1');
  assert.deepEqual(told, []);
  pause();
  press('2#');
  answered();
  press('13125550142');
  pause();
  assert.deepEqual(told, ['yes', 'no', '13125550142']);
});

test('a yes is handed on three times a turn', (t) => {
  const { told, answered, press } = keypad(t);
  for (let count = 0; count < 50; count += 1) press('1#');
  assert.deepEqual(told, ['yes', 'yes', 'yes']);
  answered();
  press('2#');
  assert.equal(told.at(-1), 'no');
});

test('a card number keyed in piece by piece does not fit into a turn', (t) => {
  const { told, answered, press, pause } = keypad(t);
  press('41111111#');
  pause();
  press('11111111#');
  pause();
  assert.deepEqual(told, ['41111111']);
  answered();
  press('5550142#');
  assert.deepEqual(told, ['41111111', '5550142']);
});

test('sixty digits a minute are handed on, however many turns there are', (t) => {
  const { told, answered, press, pass } = keypad(t);
  const handedOn = () => told.join('').replaceAll(' ', '').length;
  const type = (times: number) => {
    for (let count = 0; count < times; count += 1) {
      answered();
      press('3125550142#');
      pass(2_000);
    }
  };
  type(10);
  assert.equal(handedOn(), 60);
  pass(60_000);
  type(1);
  assert.equal(handedOn(), 70);
});

test('a flood of keys costs one request, and what is left of it a second one', (t) => {
  const { told, press, pause } = keypad(t);
  for (let count = 0; count < 200; count += 1) press('12#');
  assert.deepEqual(told, ['12']);
  pause();
  assert.deepEqual(told, ['12', '12 12 12 12 12 12']);
  pause();
  assert.equal(told.length, 2);
});

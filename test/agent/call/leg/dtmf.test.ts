import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RoomEvent } from '@livekit/rtc-node';
import { PERSON_WANTED, watchDtmf, wordsOfDigits } from '../../../../agent/call/leg/dtmf.ts';
import { callerDetails, intentOf } from '../../../harness/emulators/caller-words.ts';
import { normaliseSpeech } from '../../../harness/emulators/spoken-words.ts';
import { FakeRoom } from '../fake-room.ts';

/** A watched keypad over a clock of the test's own; `press` takes keys a third of a second apart. */
function keypad(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const room = new FakeRoom();
  const told: string[] = [];
  const stop = watchDtmf(room.asRoom, room.caller.identity, {
    onPerson: () => void told.push('person'),
    onAnswer: (isYes) => void told.push(isYes ? 'yes' : 'no'),
    onDigits: (digits) => void told.push(digits),
  });
  const press = (keys: string, participant: unknown = room.caller) => {
    for (const key of keys) {
      room.emit(RoomEvent.DtmfReceived, 0, key, participant);
      t.mock.timers.tick(300);
    }
  };
  const pause = () => t.mock.timers.tick(2_000);
  return { room, told, stop, press, pause };
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
  const { told, press, pause } = keypad(t);
  press('3125550142#');
  assert.deepEqual(told, ['3125550142']);
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

test('the words for it are understood as the wish and the number', () => {
  assert.equal(intentOf(normaliseSpeech(PERSON_WANTED), null), 'human');
  const details = callerDetails(wordsOfDigits('3125550142'), 'What is the best number?');
  assert.equal(details.phone, '3125550142');
});

test('1 alone is a yes and 2 a no; within a number they are digits', (t) => {
  const { told, press, pause } = keypad(t);
  press('1');
  assert.deepEqual(told, []);
  pause();
  press('2#');
  press('13125550142');
  pause();
  assert.deepEqual(told, ['yes', 'no', '13125550142']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fault, Faults } from './faults.ts';

const refuse: Fault = { do: 'refuse', status: 503 };
const hang: Fault = { do: 'hang' };

test('the next requests, the n-th request, and until switched off', () => {
  const faults = new Faults();
  faults.next('chat', refuse, 2);
  assert.deepEqual(
    [faults.take('speech'), faults.take('chat'), faults.take('chat'), faults.take('chat')],
    [undefined, refuse, refuse, undefined],
  );
  faults.nth('chat', 2, hang);
  assert.deepEqual(
    [faults.take('chat'), faults.take('chat'), faults.take('chat')],
    [undefined, hang, undefined],
  );
  const off = faults.on('*', hang);
  assert.deepEqual([faults.take('chat'), faults.take('listen')], [hang, hang]);
  off();
  assert.equal(faults.take('chat'), undefined);
  assert.equal(faults.count('chat'), 8);
});

test('a rule can choose by what the request is about', () => {
  const faults = new Faults();
  faults.on((endpoint, about) => endpoint === 'chat' && about === 'gpt-5.4-mini', refuse);
  assert.equal(faults.take('chat', 'gpt-6-luna'), undefined);
  assert.equal(faults.take('chat', 'gpt-5.4-mini'), refuse);
});

test('the oldest rule that is due decides, and only it is used up', () => {
  const faults = new Faults();
  faults.next('chat', refuse);
  faults.next('chat', hang);
  assert.deepEqual([faults.take('chat'), faults.take('chat')], [refuse, hang]);
  faults.next('chat', hang);
  faults.clear();
  assert.equal(faults.take('chat'), undefined);
});

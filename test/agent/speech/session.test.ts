import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keytermsOf } from '../../../agent/speech/session.ts';

test('a name that several units share is one keyterm', () => {
  assert.deepEqual(keytermsOf(['Skid steer', 'Boom lift', 'Skid steer', ' skid  Steer ']), [
    'Skid steer',
    'Boom lift',
  ]);
});

test('Deepgram is sent at most 100 keyterms', () => {
  const names = Array.from({ length: 150 }, (_, i) => `Saw ${i}`);
  assert.deepEqual(keytermsOf(names), names.slice(0, 100));
});

test('and at most 500 tokens: what does not fit is left out, and what comes after it is not', () => {
  const long = Array.from(
    { length: 30 },
    (_, i) => `${String(i).padStart(2, '0')} ${'x'.repeat(76)}`,
  );
  const terms = keytermsOf([...long, 'Saw']);
  const tokens = terms.reduce((total, term) => total + Math.ceil(term.length / 3), 0);
  assert.ok(tokens <= 500, `${tokens} tokens`);
  assert.ok(terms.length < long.length);
  assert.equal(terms.at(-1), 'Saw');
});

test('what staff typed by mistake is cleaned, and an empty name is none', () => {
  assert.deepEqual(
    keytermsOf(['', '  ', 'Mini\nexcavator\u0000', 'Pump '.repeat(500)])[0],
    'Mini excavator',
  );
  assert.ok(keytermsOf(['Pump '.repeat(500)]).every((term) => term.length <= 80));
});

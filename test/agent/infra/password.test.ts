import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, isPasswordHash, verifyPassword } from '../../../agent/infra/password.ts';

test('a password is known again by its hash, and no other one', async () => {
  const hash = await hashPassword('Größe of a mini excavator');
  assert.ok(isPasswordHash(hash));
  assert.match(hash, /^[\w:-]+$/, 'no sign that a shell or a file of settings reads');
  assert.ok(await verifyPassword('Gro\u0308ße of a mini excavator', hash), 'spelled otherwise');
  assert.equal(await verifyPassword('Grösse of a mini excavator', hash), false);
});

test('a hash that is none, or that no process could pay for, lets nobody in', async () => {
  const key = 'A'.repeat(43);
  const salt = 'A'.repeat(22);
  for (const hash of [
    '',
    'secret',
    `scrypt:30:8:1:${salt}:${key}`,
    `scrypt:15:8:99:${salt}:${key}`,
  ]) {
    assert.equal(isPasswordHash(hash), false, hash);
    assert.equal(await verifyPassword('', hash), false, hash);
  }
});

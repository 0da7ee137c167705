import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bookingFaults } from './bookings.ts';

/** Of the whole suite, which `npm run faults` runs: one of each kind, and quick. */
const sample = [
  'reply-lost-after-write',
  'supervisor-killed-after-append',
  'disk-full',
  'staff-rents-out-the-unit',
  'model-books-twice-at-once',
];

for (const name of sample) {
  test(`a booking keeps its promises under the fault ${name}`, async () => {
    const fault = bookingFaults.find((candidate) => candidate.name === name);
    assert.deepEqual((await fault?.run())?.why, null);
  });
}

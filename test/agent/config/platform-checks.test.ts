import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultCapacity } from '../../../agent/config/capacity.ts';
import {
  checkCapacity,
  checkDisk,
  checkSignals,
  findingOfClock,
} from '../../../agent/config/platform-checks.ts';

const megabyte = 1_048_576;

test('signals: a shell in front of the service is told of, a program that passes SIGTERM on is not', () => {
  for (const name of ['node', 'npm', 'npm start', 'tini', 'docker-init', 'systemd']) {
    assert.equal(checkSignals(name).status, 'ok', name);
  }
  for (const name of ['sh', 'bash', 'dash']) {
    const { status, advice } = checkSignals(name);
    assert.equal(status, 'fail', name);
    assert.match(advice ?? '', /exec/);
  }
  assert.equal(checkSignals(null).status, 'ok');
});

test('capacity: calls that the memory does not carry fail, calls that the cores do not answer in time warn', () => {
  const machine = { cores: 2, memoryBytes: 2_048 * megabyte };
  const own = defaultCapacity(machine);
  assert.equal(checkCapacity(own, machine).status, 'ok');
  const many = checkCapacity({ maxCalls: 40, numIdleProcesses: 4 }, machine);
  assert.equal(many.status, 'fail');
  assert.match(many.detail, /40 calls at once and 4 warm processes need 7,660 MB of memory/);
  assert.match(many.advice ?? '', new RegExp(`Set MAX_CALLS to ${own.maxCalls} `));
  const large = { cores: 2, memoryBytes: 64 * 1_024 * megabyte };
  assert.equal(checkCapacity({ maxCalls: 40, numIdleProcesses: 4 }, large).status, 'warn');
});

test('capacity: what follows from a machine always fits it', () => {
  for (const cores of [1, 2, 4, 8, 32]) {
    for (const memory of [1_024, 2_048, 8_192, 32_768]) {
      const machine = { cores, memoryBytes: memory * megabyte };
      const { status } = checkCapacity(defaultCapacity(machine), machine);
      assert.equal(status, 'ok', `${cores} cores, ${memory} MB`);
    }
  }
});

test('disk: a data folder that is nearly full warns, and one that is full fails', async () => {
  const withFree = (bytes: number | null) => checkDisk('data', () => Promise.resolve(bytes));
  assert.equal((await withFree(10_000 * megabyte)).status, 'ok');
  assert.equal((await withFree(400 * megabyte)).status, 'warn');
  assert.equal((await withFree(20 * megabyte)).status, 'fail');
  assert.equal((await withFree(null)).status, 'ok');
});

test("clock: seconds off LiveKit's clock warn, a minute off is refused by it", () => {
  assert.equal(findingOfClock(900).status, 'ok');
  assert.equal(findingOfClock(-8_000).status, 'warn');
  assert.match(findingOfClock(-8_000).detail, /8 s behind/);
  assert.equal(findingOfClock(90_000).status, 'fail');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { backOffMs, retry, type BackOff } from '../../../agent/infra/retry.ts';

const atOnce: BackOff = { initialMs: 1, multiplier: 1, maxMs: 1, jitter: 0 };
const longWait: BackOff = { initialMs: 60_000, multiplier: 1, maxMs: 60_000, jitter: 0 };

/** Fails as often as told, then gives its attempt's number. */
function flaky(failures: number) {
  const attempts: number[] = [];
  const run = async (attempt: number) => {
    attempts.push(attempt);
    if (attempts.length <= failures) throw new Error(`attempt ${attempt}`);
    return attempt;
  };
  return { run, attempts };
}

test('waits grow up to their limit', () => {
  const backOff = { initialMs: 100, multiplier: 2, maxMs: 500, jitter: 0 };
  assert.deepEqual(
    [1, 2, 3, 4, 50].map((attempt) => backOffMs(backOff, attempt)),
    [100, 200, 400, 500, 500],
  );
});

test('no wait stays no wait, after however many attempts', () => {
  assert.equal(backOffMs({ initialMs: 0, multiplier: 4, maxMs: 1_000, jitter: 0 }, 2_000), 0);
});

test('jitter only shortens a wait, at most by its share', () => {
  const backOffs = fc.record({
    initialMs: fc.integer({ min: 0, max: 10_000 }),
    multiplier: fc.integer({ min: 1, max: 4 }),
    maxMs: fc.integer({ min: 1, max: 100_000 }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  fc.assert(
    fc.property(
      backOffs,
      fc.integer({ min: 0, max: 2_000 }),
      random,
      (backOff, attempt, chance) => {
        const bareMs = backOffMs({ ...backOff, jitter: 0 }, attempt);
        const waitMs = backOffMs(backOff, attempt, () => chance);
        assert.ok(Number.isFinite(waitMs) && waitMs <= bareMs && bareMs <= backOff.maxMs);
        assert.ok(waitMs >= Math.floor(bareMs * (1 - backOff.jitter)));
      },
    ),
  );
});

test('tries until it succeeds, and tells of each failure', async () => {
  const { run, attempts } = flaky(2);
  const failed: number[] = [];
  const onFailed = (_: unknown, attempt: number) => void failed.push(attempt);
  assert.equal(await retry(run, { attempts: 5, backOff: atOnce, onFailed }), 3);
  assert.deepEqual(attempts, [1, 2, 3]);
  assert.deepEqual(failed, [1, 2]);
});

test('gives up after its attempts with the last error, without a further wait', async () => {
  const { run, attempts } = flaky(9);
  await assert.rejects(retry(run, { attempts: 3, backOff: atOnce }), { message: 'attempt 3' });
  assert.equal(attempts.length, 3);
  await assert.rejects(retry(flaky(1).run, { attempts: 1, backOff: longWait }));
});

test('an error that is not to be retried ends it at once', async () => {
  const { run, attempts } = flaky(9);
  const shouldRetry = () => false;
  await assert.rejects(retry(run, { attempts: 3, backOff: longWait, shouldRetry }));
  assert.equal(attempts.length, 1);
});

test('a signal ends the wait at once, with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('the caller hung up');
  const { run, attempts } = flaky(9);
  const running = retry(run, {
    attempts: 3,
    backOff: longWait,
    signal: controller.signal,
    onFailed: () => setImmediate(() => controller.abort(reason)),
  });
  await assert.rejects(running, (error) => error === reason);
  assert.equal(attempts.length, 1);
});

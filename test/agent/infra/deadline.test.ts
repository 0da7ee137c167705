import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import timers from 'node:timers/promises';
import { DeadlineError, withDeadline } from '../../../agent/infra/deadline.ts';

const never = () => new Promise<never>(() => {});
const options = { ms: 60_000, label: 'a step' };

test('gives what the step gives', async () => {
  assert.equal(await withDeadline(async () => 'done', options), 'done');
});

test('throws what the step throws', async () => {
  const failure = new Error('no');
  await assert.rejects(
    withDeadline(() => Promise.reject(failure), options),
    (error) => error === failure,
  );
});

test('ends the step at the deadline, says which it was, and aborts it with that', async () => {
  let signal: AbortSignal | undefined;
  const run = (given: AbortSignal) => {
    signal = given;
    return never();
  };
  await assert.rejects(withDeadline(run, { ...options, ms: 5 }), {
    name: 'DeadlineError',
    code: 'DEADLINE_EXCEEDED',
    label: 'a step',
    ms: 5,
    message: 'a step did not finish within 5 ms',
  });
  assert.ok(signal?.reason instanceof DeadlineError);
});

test('ends at once with the reason of the signal, and aborts the step with it', async () => {
  const controller = new AbortController();
  const reason = new Error('the caller hung up');
  let inner: AbortSignal | undefined;
  const step = withDeadline(
    (signal) => {
      inner = signal;
      return never();
    },
    { ...options, signal: controller.signal },
  );
  controller.abort(reason);
  await assert.rejects(step, (error) => error === reason);
  assert.equal(inner?.reason, reason);
});

test('does not begin when the signal is aborted already', async () => {
  let began = false;
  const run = async () => void (began = true);
  await assert.rejects(withDeadline(run, { ...options, signal: AbortSignal.abort('over') }));
  assert.equal(began, false);
});

test('a step that fails after it was given up on troubles nobody', async (t) => {
  const unhandled: unknown[] = [];
  const listen = (error: unknown) => void unhandled.push(error);
  process.on('unhandledRejection', listen);
  t.after(() => process.off('unhandledRejection', listen));
  const late = Promise.withResolvers<never>();
  await assert.rejects(withDeadline(() => late.promise, { ...options, ms: 1 }));
  late.reject(new Error('late'));
  await timers.setImmediate();
  assert.deepEqual(unhandled, []);
});

test('leaves no timer and no listener behind', async () => {
  const { signal } = new AbortController();
  const timersBefore = countTimers();
  for (let round = 0; round < 20; round += 1)
    await withDeadline(async () => {}, { ...options, signal });
  assert.equal(countTimers(), timersBefore);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

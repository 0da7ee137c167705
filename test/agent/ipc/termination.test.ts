import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ConnectDeadlineError,
  endedBy,
  reasonOfFailure,
  termination,
  terminations,
} from '../../../agent/ipc/termination.ts';
import { DeadlineError } from '../../../agent/infra/deadline.ts';

test('every reason has one result: whose doing the end was', () => {
  assert.deepEqual(termination('agent-goodbye'), { result: 'completed', reason: 'agent-goodbye' });
  assert.equal(termination('cancelled-while-ringing').result, 'caller');
  assert.equal(termination('media-lost').result, 'upstream');
  assert.equal(termination('connect-timeout').result, 'failed');
  assert.equal(termination('unattributed').result, 'unknown');
});

test('a call that found us full is our failure, unless the caller made the flood', () => {
  assert.deepEqual(termination('overflow'), { result: 'failed', reason: 'overflow' });
  assert.equal(termination('overflow', 'caller').result, 'caller');
  const ends = terminations.filter(({ reason }) => reason === 'overflow');
  assert.deepEqual(ends.map(({ result }) => result).toSorted(), ['caller', 'failed']);
});

test('a side ended the call only when it meant to', () => {
  assert.equal(endedBy('agent-goodbye'), 'agent');
  assert.equal(endedBy('caller-silent'), 'agent');
  assert.equal(endedBy('over-limit'), 'agent');
  assert.equal(endedBy('transferred'), 'agent');
  assert.equal(endedBy('caller-hangup'), 'caller');
  assert.equal(endedBy('cancelled-while-ringing'), 'caller');
  assert.equal(endedBy('media-lost'), null);
  assert.equal(endedBy('provider-failure'), null);
});

test('a job that failed says at which step', () => {
  assert.equal(reasonOfFailure(new ConnectDeadlineError('any words', 5_000)), 'connect-timeout');
  assert.equal(reasonOfFailure(new DeadlineError('connect', 1)), 'session-start-timeout');
  assert.equal(reasonOfFailure(new Error('refused')), 'start-failed');
});

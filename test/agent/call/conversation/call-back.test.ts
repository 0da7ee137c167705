import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteCallBack } from '../../../../agent/call/call-back.ts';
import type { MessageRequest } from '../../../../tools/journal/booking-service.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';

/** A desk that notes what it is given, or fails. */
function deskOf(failure?: Error) {
  const taken: MessageRequest[] = [];
  const takeMessage = async (message: MessageRequest) => {
    if (failure) throw failure;
    taken.push(message);
    return { code: 'M-1' };
  };
  return { desk: { takeMessage }, taken };
}

test('the number is kept as a message', async () => {
  const { desk, taken } = deskOf();
  const { log } = recordedLog();
  assert.equal(await noteCallBack({ desk, number: '+15550111', log }), true);
  assert.deepEqual(
    taken.map(({ phone }) => phone),
    ['+15550111'],
  );
});

test('without a number there is nothing to keep', async () => {
  const { desk, taken } = deskOf();
  const { log } = recordedLog();
  assert.equal(await noteCallBack({ desk, number: null, log }), false);
  assert.deepEqual(taken, []);
});

test('a store that fails is logged, and the caller is told to call again', async () => {
  const { desk } = deskOf(new Error('the disk is full'));
  const { log, events } = recordedLog();
  assert.equal(await noteCallBack({ desk, number: '+15550111', log }), false);
  assert.deepEqual(events(), ['store.failed']);
});

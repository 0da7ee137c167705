import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallRecord } from '../../../../agent/call/call-record.ts';
import { Apology } from '../../../../agent/call/conversation/apology.ts';
import {
  CALL_AGAIN,
  CALL_YOU_BACK,
  CUT_SHORT,
  CUT_SHORT_CALL_AGAIN,
  NUMBER_NOT_NOTED,
  NUMBER_NOT_WHOLE,
  NUMBER_NOTED,
  PERSON_CALLS_BACK,
  PERSON_NEEDS_NUMBER,
} from '../../../../agent/speech/prompts/prompts.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import type { MessageRequest } from '../../../../tools/journal/booking-service.ts';

/** The end of a call that could not go on, as the caller and the yard get to know of it. */
function apologyOf(callerNumber: string | null, takeMessage = async () => ({ code: 'M-1' })) {
  const done: unknown[] = [];
  const taken: MessageRequest[] = [];
  const wordsMs: number[] = [];
  const { log, events } = recordedLog();
  const record = { log, cause: null as string | null };
  const apology = new Apology({
    callerNumber,
    desk: {
      takeMessage: async (message) => {
        const noted = await takeMessage();
        taken.push(message);
        done.push('noted');
        return noted;
      },
    },
    record: record as CallRecord,
    hush: () => void done.push('hushed'),
    playMs: (text) => text.length * 100,
    farewell: (reason, text, ms) => {
      done.push([reason, text]);
      if (ms !== undefined) wordsMs.push(ms);
    },
  });
  return { apology, done, record, taken, events, wordsMs };
}

test('a call that nobody goes on with is told so at once; the note is written meanwhile', async () => {
  const noted = Promise.withResolvers<{ code: string }>();
  const { apology, done, record } = apologyOf('+15550111', () => noted.promise);
  apology.cutShort();
  assert.deepEqual(done, ['hushed', ['crash', CUT_SHORT]]);
  assert.equal(record.cause, 'drain');
  noted.resolve({ code: 'M-1' });
  await noted.promise;
  await Promise.resolve();
  assert.equal(done.at(-1), 'noted');
});

test('a caller whose line is lost waits for no store, and has the whole sentence, whatever the voice', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { apology, done, wordsMs } = apologyOf('+15550111', () => new Promise(() => {}));
  const lost = apology.mediaLost();
  t.mock.timers.tick(500);
  await lost;
  assert.deepEqual(done, [['media-lost', CUT_SHORT_CALL_AGAIN]]);
  const [ms = 0] = wordsMs;
  assert.ok(ms > CUT_SHORT_CALL_AGAIN.length * 100);
  assert.ok(apology.mediaLostMs >= 500 + ms, 'the end is planned for all of it');
});

test('a caller without a number is asked to call again', async () => {
  const { apology, done } = apologyOf(null);
  apology.cutShort();
  assert.deepEqual(done, ['hushed', ['crash', CUT_SHORT_CALL_AGAIN]]);
  await apology.callBack('provider-failure');
  assert.deepEqual(done.at(-1), ['provider-failure', CALL_AGAIN]);
});

test('after too many dead agents the caller hears an apology, and is called back', async () => {
  const { apology, done, record } = apologyOf('+15550111');
  await apology.apologise();
  assert.deepEqual(done, ['hushed', 'noted', ['crash', CALL_YOU_BACK]]);
  assert.equal(record.cause, 'agents-died');
});

test('a number that could not be kept is not promised a call', async () => {
  const { apology, done } = apologyOf('+15550111', async () => {
    throw new Error('the disk is full');
  });
  await apology.callBack('media-lost');
  assert.deepEqual(done, [['media-lost', CALL_AGAIN]]);
});

test('the number is kept as a message', async () => {
  const { apology, taken } = apologyOf('+15550111');
  assert.equal(await apology.noteCallBack(), true);
  assert.deepEqual(
    taken.map(({ phone }) => phone),
    ['+15550111'],
  );
});

test('without a number there is nothing to keep', async () => {
  const { apology, taken } = apologyOf(null);
  assert.equal(await apology.noteCallBack(), false);
  assert.deepEqual(taken, []);
});

test('a store that fails is logged, and nothing counts as kept', async () => {
  const { apology, events } = apologyOf('+15550111', async () => {
    throw new Error('the disk is full');
  });
  assert.equal(await apology.noteCallBack(), false);
  assert.deepEqual(events(), ['store.failed']);
});

test('who wants a person and cannot be put through is called back; one note is enough', async () => {
  const { apology, taken } = apologyOf('+13125550111');
  assert.equal(await apology.offerCallBack(), PERSON_CALLS_BACK);
  assert.equal(await apology.offerCallBack(), PERSON_CALLS_BACK);
  assert.deepEqual(
    taken.map(({ phone, text }) => [phone, text]),
    [['+13125550111', 'Please call back: the caller asked for a person.']],
  );
});

test('a caller without a number keys one in, as often as it takes', async () => {
  const { apology, taken } = apologyOf(null);
  assert.equal(await apology.numberKeyed('3125550142', 'US'), null, 'nobody asked for it');
  assert.equal(await apology.offerCallBack(), PERSON_NEEDS_NUMBER);
  assert.equal(await apology.numberKeyed('555014', 'US'), NUMBER_NOT_WHOLE);
  assert.equal(await apology.numberKeyed('3125550142', 'US'), NUMBER_NOTED);
  assert.equal(await apology.numberKeyed('3125550142', 'US'), null, 'it is kept by now');
  assert.deepEqual(
    taken.map(({ phone }) => phone),
    ['+13125550142'],
  );
});

test('once the talk has gone on, what is keyed in is no answer to the offer', async () => {
  const { apology } = apologyOf(null);
  await apology.offerCallBack();
  apology.talkWentOn();
  assert.equal(await apology.numberKeyed('3125550142', 'US'), null);
});

test('a number that could not be kept is said to be none, and may be tried once more', async () => {
  const results = [Promise.reject(new Error('the disk is full')), { code: 'M-1' }];
  const { apology } = apologyOf(
    '+13125550111',
    async () => (await results.shift()) ?? { code: '' },
  );
  assert.equal(await apology.offerCallBack(), NUMBER_NOT_NOTED);
  assert.equal(await apology.offerCallBack(), PERSON_CALLS_BACK);
});

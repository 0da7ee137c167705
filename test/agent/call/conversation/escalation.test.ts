import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Escalation } from '../../../../agent/call/conversation/escalation.ts';
import type { TransferWords } from '../../../../agent/call/leg/transfer.ts';
import {
  BREAKDOWN,
  BREAKDOWN_NEEDS_NUMBER,
  BREAKDOWN_NOT_NOTED,
  BREAKDOWN_NOTED,
  EMERGENCY,
  EMERGENCY_IN_SPANISH,
  EMERGENCY_NEEDS_NUMBER,
  EMERGENCY_TOLD,
  SPANISH_TRANSFERRING,
  TRANSFERRING,
} from '../../../../agent/speech/prompts/prompts.ts';
import type { Yard } from '../../../../tools/yard/equipment.ts';
import { readDutyHours } from '../../../../tools/yard/on-duty.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { FakeDesk } from '../../../tools/fake-desk.ts';
import { nowMs, yard } from '../../../tools/yard/example-yard.ts';

const weekdays = readDutyHours('Mon-Fri 7-17') ?? [];
const always = '+13125550101';
const staffed: Yard = {
  ...yard,
  transferTo: [{ number: '+13125550100', hours: weekdays }, always],
  breakdown: [{ number: '+13125550199', hours: weekdays }],
};
/** Monday, 23 November 2026, 9:00 in Chicago; `nowMs` is the Sunday before. */
const mondayMs = Date.UTC(2026, 10, 23, 15);

/** A call with somebody on duty, or not; what is rung, and what is said, in order. */
function escalation(
  options: {
    readonly of?: Yard | undefined;
    readonly atMs?: number;
    readonly number?: string | null;
    readonly isBroken?: boolean;
    readonly mayTransfer?: boolean;
  } = {},
) {
  const { atMs = mondayMs, number = '+13125550142', mayTransfer = true } = options;
  const happened: string[] = [];
  const desk = new FakeDesk('SCL_1');
  if (options.isBroken) desk.broken = new Error('The store is gone');
  const { log, lines } = recordedLog();
  let words: TransferWords | undefined;
  const of = 'of' in options ? options.of : staffed;
  const it = new Escalation({
    callerNumber: number,
    desk,
    apology: { offerCallBack: async (language) => `a call-back in ${language}` },
    log,
    yard: async () => of,
    transfer: (numbers, around) => {
      if (!mayTransfer) return false;
      words = around;
      happened.push(...around.before, ...numbers);
      return true;
    },
    say: (text) => void happened.push(text),
    nowMs: () => atMs,
  });
  const afterwards = async () => words?.callBack();
  return { it, happened, desk, lines, afterwards };
}

test('an emergency: the words, then everybody on duty, and it is written down first', async () => {
  const { it, happened, desk, afterwards, lines } = escalation();
  await it.escalate('emergency', 'He is hurt!', false);
  assert.deepEqual(happened, [EMERGENCY, TRANSFERRING, '+13125550100', always]);
  assert.deepEqual(desk.messages, [
    {
      text: 'URGENT, emergency. The caller said: He is hurt!',
      customer: null,
      phone: '+13125550142',
      kind: 'urgent',
    },
  ]);
  assert.equal(await afterwards(), EMERGENCY_TOLD, 'to who was not put through');
  assert.equal(lines[0]?.['event'], 'call.escalated');
  assert.doesNotMatch(JSON.stringify(lines), /hurt/);
});

test('the yard has words of its own, and who speaks Spanish hears it in Spanish first', async () => {
  const own = escalation({ of: { ...staffed, emergency: 'Hang up and dial 999.' } });
  await own.it.escalate('emergency', 'Fire!', false);
  assert.equal(own.happened[0], 'Hang up and dial 999.');
  const spanish = escalation();
  await spanish.it.escalate('emergency', 'Hay un incendio', true);
  assert.deepEqual(spanish.happened.slice(0, 3), [
    EMERGENCY_IN_SPANISH,
    EMERGENCY,
    SPANISH_TRANSFERRING,
  ]);
});

test('nobody on duty, nothing known of the yard, or no way to put through: the words come all the same', async () => {
  const sunday = { ...staffed, transferTo: [{ number: '+13125550100', hours: weekdays }] };
  for (const call of [
    escalation({ of: sunday, atMs: nowMs }),
    escalation({ of: undefined }),
    escalation({ mayTransfer: false }),
  ]) {
    await call.it.escalate('emergency', 'Fire!', false);
    assert.deepEqual(call.happened, [EMERGENCY, EMERGENCY_TOLD]);
    assert.equal(call.desk.messages.length, 1);
  }
});

test('nobody is told that somebody knows of it who has no number, or when nothing was written', async () => {
  for (const call of [
    escalation({ of: undefined, number: null }),
    escalation({ of: undefined, isBroken: true }),
  ]) {
    await call.it.escalate('emergency', 'Fire!', false);
    assert.deepEqual(call.happened, [EMERGENCY, EMERGENCY_NEEDS_NUMBER]);
  }
});

test('a breakdown goes to its own number in its hours', async () => {
  const { it, happened, desk, afterwards } = escalation();
  await it.escalate('breakdown', "It won't start.", false);
  assert.deepEqual(happened, [BREAKDOWN, TRANSFERRING, '+13125550199']);
  assert.match(desk.messages[0]?.text ?? '', /^URGENT, breakdown\. .* won't start\.$/);
  assert.equal(await afterwards(), BREAKDOWN_NOTED);
});

test('a breakdown out of hours, or without a number for it, is an urgent message', async () => {
  const cases = [
    [escalation({ atMs: nowMs }), BREAKDOWN_NOTED],
    [escalation({ of: yard }), BREAKDOWN_NOTED],
    [escalation({ of: yard, number: null }), BREAKDOWN_NEEDS_NUMBER],
    [escalation({ of: yard, isBroken: true }), BREAKDOWN_NOT_NOTED],
  ] as const;
  for (const [{ it, happened }, words] of cases) {
    await it.escalate('breakdown', "It won't start.", false);
    assert.deepEqual(happened, [words]);
  }
});

test('who speaks no English is put through in Spanish, or leaves a number', async () => {
  const { it, happened, desk, afterwards } = escalation();
  await it.escalate('spanish', 'Hola', true);
  assert.deepEqual(happened, [SPANISH_TRANSFERRING, '+13125550100', always]);
  assert.equal(await afterwards(), 'a call-back in spanish');
  assert.deepEqual(desk.messages, []);
  const alone = escalation({ of: yard });
  await alone.it.escalate('spanish', 'Hola', true);
  assert.deepEqual(alone.happened, ['a call-back in spanish']);
});

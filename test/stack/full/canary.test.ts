import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { questionOf } from '../../../agent/canary/question.ts';
import { findCall, newestTestCall } from '../../../agent/infra/store/calls.ts';
import { readLastGood } from '../../../tools/sheet/read/last-good.ts';
import { todayIn } from '../../../tools/yard/rental-dates.ts';
import type { Inventory } from '../../../tools/yard/equipment.ts';
import { canaryOfDay } from '../../../agent/infra/store/digest.ts';
import { eventually } from '../../harness/eventually.ts';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { openStoreOf } from '../aftermath.ts';

let list: Inventory;
let yard: Yard;
let service: Service;

before(async () => {
  yard = await Yard.open({ latencyMs: { stt: 100, llm: 200, tts: 100 } });
  service = yard.service({ env: { CANARY_MS: '5000', MAX_CALLS: '4' } });
  await service.waitFor('phrase.ready');
  await using store = await openStoreOf(yard);
  const known = await readLastGood(store);
  assert.ok(known);
  list = known;
  const questions = list.units.map((_, nth) => questionOf(list, nth)?.says ?? '');
  await yard.teach([...new Set(questions)], { voice: 'agent' });
});
const dayOf = ({ yard: { timeZone } }: Inventory) => todayIn(timeZone, { nowMs: () => Date.now() });

after(async () => {
  await yard[Symbol.asyncDispose]();
});
tellFailures(() => yard);

test('the service phones itself, hears a price of the sheet, and counts it as no customer', async () => {
  const passed = await service.waitFor('canary.passed', () => true, 120_000);
  assert.ok(Number(passed['firstWordMs']) > 0);
  assert.ok(Number(passed['answerMs']) > 0);
  await using store = await openStoreOf(yard);
  const call = await findCall(store, String(passed.callId));
  assert.equal(call?.result, 'completed');
  assert.equal(await newestTestCall(store, 0), passed.callId);
  const counted = async () => (await canaryOfDay(store, dayOf(list)))?.passed === 1;
  await eventually('it is counted for the digest', counted);
});

test('a model that answers nobody fails it, and after two such calls somebody is told', async () => {
  yard.openai.faults.on('chat', { do: 'refuse', status: 503 });
  const isSecond = ({ failures }: { readonly [field: string]: unknown }) => failures === 2;
  const failed = await service.waitFor('canary.failed', isSecond, 240_000);
  assert.equal(failed['why'], 'wrong-answer');
  await service.waitFor('alert.raised', (line) => line['cause'] === 'canary');
  yard.openai.faults.clear();
  await service.waitFor('alert.cleared', (line) => line['cause'] === 'canary', 120_000);
});

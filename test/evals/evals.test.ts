import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { defaultTimeZone } from '../../tools/yard/equipment.ts';
import { todayIn } from '../../tools/yard/rental-dates.ts';
import { startOpenAiEmulator } from '../harness/emulators/openai.ts';
import { playCallerByModel } from './caller.ts';
import { judge } from './judge.ts';
import { runScenario, startEmulatedModel, summaryOf, type ScenarioResult } from './run.ts';
import { readScenarios, reasons, type Scenario } from './scenario.ts';
import { holdTextCall, type HeldCall } from './text-call.ts';

const scenarios = await readScenarios(todayIn(defaultTimeZone, { nowMs: () => Date.now() }));

let model: Awaited<ReturnType<typeof startEmulatedModel>>;
before(async () => {
  model = await startEmulatedModel();
});
after(() => model[Symbol.asyncDispose]());

describe('every scenario ends as it must', { concurrency: 4 }, () => {
  for (const scenario of scenarios) {
    test(scenario.name, async (t) => {
      const { ok, why, talk } = await runScenario(scenario, (of) => holdTextCall(of, model), 1);
      if (!ok) t.diagnostic(JSON.stringify(talk, null, 2));
      assert.deepEqual(why, []);
    });
  }
});

test('there are scenarios of every reason and manner', () => {
  assert.ok(scenarios.length >= 60, `${scenarios.length}`);
  for (const reason of reasons) {
    const own = scenarios.filter((of) => of.reason === reason);
    assert.ok(own.length >= 3, `${reason}: ${own.length}`);
    assert.ok(
      own.some(({ manner }) => manner === 'straight'),
      reason,
    );
  }
  for (const manner of ['corrects', 'hesitates', 'wrong turn', 'hostile'] as const) {
    assert.ok(scenarios.filter((of) => of.manner === manner).length >= 8, manner);
  }
});

test('on any day of the year the days of a scenario can be told', async () => {
  for (let day = 0; day < 366; day += 1) {
    const today = new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10);
    assert.equal((await readScenarios(today)).length, scenarios.length);
  }
});

const wanted = { item: 'TR-01', from: '2026-12-08', to: '2026-12-10', customer: 'Maria Lopez' };
const scenario: Scenario = {
  name: 'reserve',
  reason: 'reserve',
  manner: 'straight',
  says: ['A trencher.'],
  answers: [],
  number: null,
  booked: [],
  sheet: {},
  tabs: {},
  sound: false,
  expects: {
    bookings: [{ ...wanted, state: 'confirmed', total: 540 }],
    messages: ['early'],
    rings: ['+1'],
    said: ["you're booked"],
    never: ['for free'],
  },
};
const right: HeldCall = {
  turns: [{ caller: 'A trencher.', agent: "You're booked." }],
  bookings: [{ ...wanted, state: 'confirmed', total: 540, inSheet: 'CONFIRMED' }],
  strayRows: 0,
  messages: ['I come early.'],
  rings: ['+1'],
  tools: [],
  tokensIn: 0,
  tokensOut: 0,
  durationMs: 0,
};

test('a call that ended as it must is right', () => {
  assert.deepEqual(judge(scenario, right), []);
});

test('whatever is wrong with a call is found', () => {
  const [booked] = right.bookings;
  assert.ok(booked);
  const wrongs: Readonly<Record<string, Partial<HeldCall>>> = {
    'no booking': { bookings: [] },
    'a booking too many': { bookings: [booked, { ...booked, item: 'GN-01' }] },
    'other days': { bookings: [{ ...booked, to: '2026-12-09' }] },
    'another name': { bookings: [{ ...booked, customer: 'Sam Other' }] },
    'not confirmed': { bookings: [{ ...booked, state: 'pending' }] },
    'another price': { bookings: [{ ...booked, total: 500 }] },
    'not in the sheet': { bookings: [{ ...booked, inSheet: null }] },
    'rows of nobody': { strayRows: 1 },
    'no message': { messages: [] },
    'another message': { messages: ['I come late.'] },
    'a message twice': { messages: ['I come early.', 'I come early.'] },
    'nobody rung': { rings: [] },
    'nothing said': { turns: [{ caller: 'A trencher.', agent: 'Hello.' }] },
    'said what must not be': {
      turns: [{ caller: 'A trencher.', agent: "You're booked, for free." }],
    },
    'no answer': { turns: [{ caller: 'Hello?', agent: '' }, ...right.turns] },
  };
  for (const [what, wrong] of Object.entries(wrongs)) {
    assert.notDeepEqual(judge(scenario, { ...right, ...wrong }), [], what);
  }
});

test('a claim of a booking that is not there is found without being looked for', () => {
  const nothing = { ...scenario, expects: { ...scenario.expects, bookings: [], said: [] } };
  assert.deepEqual(judge(nothing, { ...right, bookings: [] }), ["said: You're booked"]);
});

const result = (runs: number, passed: number) =>
  ({ runs, passed, ok: runs === passed, tokensIn: 10, tokensOut: 1, turns: 2 }) as ScenarioResult;

test('pass@1 is the chance of one run, pass^4 that of four in a row', () => {
  assert.partialDeepStrictEqual(summaryOf([result(4, 4), result(4, 3)]), {
    scenarios: 2,
    passed: 1,
    passAt1: 0.875,
    passHat4: 0.5,
    tokensIn: 80,
    ok: false,
  });
  assert.equal(summaryOf([result(8, 6)]).passHat4, 0.214);
  assert.equal(summaryOf([result(1, 1)]).passHat4, null);
});

test('a caller played by a model says what the model says, and hangs up at its word', async (t) => {
  const openai = await startOpenAiEmulator({ apiKey: 'sk-caller', llmLatencyMs: 0, tokenMs: 0 });
  t.after(() => openai.close());
  openai.answerWith((messages) => ({
    content: messages.length < 3 ? 'I would like a trencher.' : 'GOODBYE',
  }));
  const { baseUrl } = openai;
  const turns = await playCallerByModel(scenario, async (words) => `You said: ${words}`, {
    apiKey: 'sk-caller',
    baseUrl,
    model: 'gpt-5.4-mini',
  });
  assert.deepEqual(turns, [
    { caller: 'I would like a trencher.', agent: 'You said: I would like a trencher.' },
    { caller: "No, that's all. Goodbye.", agent: "You said: No, that's all. Goodbye." },
  ]);
  assert.match(openai.requests[0]?.body ?? '', /A trencher\./);
});

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { llm } from '@livekit/agents';
import { eventually } from '../../../harness/eventually.ts';
import {
  fallback,
  found,
  hours,
  impatient,
  opening,
  primary,
  search,
  Thinking,
} from './thinking.ts';

let thinking: Thinking;
before(async () => (thinking = await Thinking.start()));
after(() => thinking.close());
afterEach(() => thinking.settled());

describe('a healthy model', () => {
  test('is asked once, and its words and tool calls pass', async () => {
    const { model, troubles } = thinking.steady();
    const from = thinking.openai.requests.length;
    assert.deepEqual(await thinking.answer(model), { text: opening, calls: [] });
    assert.deepEqual(await thinking.answer(model, search), { text: '', calls: [found] });
    assert.deepEqual(thinking.models(from), [primary, primary]);
    assert.deepEqual(troubles, []);
  });

  test('tells the tokens of each request, those of a retry too', async () => {
    const used: llm.CompletionUsage[] = [];
    const { model } = thinking.steady({ onUsage: (usage) => void used.push(usage) });
    await thinking.answer(model);
    assert.equal(used.length, 1);
    const [usage] = used;
    assert.ok(usage && usage.promptTokens > 0 && usage.completionTokens > 0);
    thinking.openai.faults.next('chat', { do: 'refuse', status: 500 });
    await thinking.answer(model, search);
    assert.equal(used.length, 2);
  });

  test('a long tool call is not slow: its tokens count, though the plugin shows none', async () => {
    const { model, troubles } = thinking.steady({
      budgets: { ...impatient, firstTokenMs: 1_000, betweenTokensMs: 1_000 },
    });
    // Eight pauses of 200 ms: longer than either deadline, and each far below it.
    thinking.openai.faults.next('chat', { do: 'stall', after: 0, everyMs: 200 });
    assert.deepEqual((await thinking.answer(model, search)).calls, [found]);
    assert.deepEqual(troubles, []);
  });
});

describe('before the first word', () => {
  test('a refusal that may heal is retried once, and then the second model answers', async () => {
    const { model, troubles } = thinking.steady();
    const from = thinking.openai.requests.length;
    thinking.openai.faults.next('chat', { do: 'refuse', status: 500 }, 2);
    assert.equal((await thinking.answer(model)).text, opening);
    assert.deepEqual(thinking.models(from), [primary, primary, fallback]);
    const trouble = { kind: 'refused', model: primary, status: 500, willRetry: true };
    assert.deepEqual(troubles, [trouble, trouble]);
  });

  test('a refusal that cannot heal goes straight to the second model', async () => {
    for (const status of [400, 401, 403, 404]) {
      const { model } = thinking.steady();
      const from = thinking.openai.requests.length;
      thinking.openai.faults.next('chat', { do: 'refuse', status });
      assert.equal((await thinking.answer(model)).text, opening);
      assert.deepEqual(thinking.models(from), [primary, fallback], String(status));
    }
  });

  test('a 429 is obeyed up to a second; a longer wait is the second model’s turn', async () => {
    const cases: [headers: Record<string, string>, models: string[]][] = [
      [{ 'retry-after-ms': '20', 'retry-after': '1' }, [primary, primary]],
      [{ 'retry-after': '1' }, [primary, primary]],
      [{ 'retry-after': '20' }, [primary, fallback]],
      [{}, [primary, primary]],
    ];
    for (const [headers, models] of cases) {
      const { model } = thinking.steady();
      const from = thinking.openai.requests.length;
      thinking.openai.faults.next('chat', { do: 'refuse', status: 429, headers });
      assert.equal((await thinking.answer(model)).text, opening);
      assert.deepEqual(thinking.models(from), models, JSON.stringify(headers));
    }
  });

  test('a hung request is cut off: twice, then the second model answers', async () => {
    const { model, troubles } = thinking.steady({ budgets: impatient });
    thinking.openai.faults.next((endpoint, about) => endpoint === 'chat' && about === primary, {
      do: 'hang',
    });
    thinking.openai.faults.next((endpoint, about) => endpoint === 'chat' && about === primary, {
      do: 'stall',
      after: 0,
      everyMs: 60_000,
    });
    assert.equal((await thinking.answer(model)).text, opening);
    assert.deepEqual(
      troubles.map(({ kind }) => kind),
      ['slow', 'slow'],
    );
  });

  test('a cut connection, a page of a proxy and an empty stream are retried', async () => {
    const { model, troubles } = thinking.steady();
    thinking.openai.faults.next('chat', { do: 'drop' });
    assert.equal((await thinking.answer(model)).text, opening);
    thinking.openai.faults.next('chat', { do: 'garbage' });
    assert.equal((await thinking.answer(model)).text, opening);
    assert.deepEqual(
      troubles.map(({ kind }) => kind),
      ['cut', 'malformed'],
    );
  });

  test('with no model left the turn fails once, and for good', async () => {
    const { model, troubles, failures } = thinking.steady();
    const stop = thinking.openai.faults.on('chat', { do: 'refuse', status: 503 });
    assert.deepEqual(await thinking.answer(model), { text: '', calls: [] });
    stop();
    assert.deepEqual(
      troubles.map(({ willRetry }) => willRetry),
      [true, true, false],
    );
    assert.equal(failures.length, 1);
    assert.equal(failures[0]?.recoverable, false);
  });

  test('the turn has an end, whatever is still to be tried', async () => {
    const { model, troubles, failures } = thinking.steady({ budgets: { turnMs: 300 } });
    const stop = thinking.openai.faults.on('chat', { do: 'hang' });
    await thinking.answer(model);
    stop();
    assert.deepEqual(troubles, [{ kind: 'slow', model: primary, status: null, willRetry: false }]);
    assert.equal(failures.length, 1);
  });
});

describe('after the first word', () => {
  for (const fault of [
    { do: 'stall', after: 4, everyMs: 60_000 },
    { do: 'truncate', after: 4 },
  ] as const) {
    test(`an answer that breaks off is not repeated, and closed aloud (${fault.do})`, async () => {
      const { model, troubles, failures } = thinking.steady({ budgets: impatient });
      const from = thinking.openai.requests.length;
      thinking.openai.faults.next('chat', fault);
      const { text } = await thinking.answer(model);
      assert.match(text, /^Monday to( Friday)?\.\.\. Sorry, .*\?$/);
      assert.deepEqual(thinking.models(from), [primary]);
      assert.deepEqual(
        troubles.map(({ willRetry }) => willRetry),
        [false],
      );
      assert.deepEqual(failures, []);
    });
  }

  test('neither the turn’s limit nor a filler cuts into words that flow', async () => {
    const { model, troubles } = thinking.steady({
      budgets: { ...impatient, turnMs: 1_000, fillerMs: 1_000, betweenTokensMs: 10_000 },
      fillers: ['One moment, please.'],
    });
    thinking.openai.faults.next('chat', { do: 'stall', after: 3, everyMs: 400 });
    assert.equal((await thinking.answer(model)).text, opening);
    assert.deepEqual(troubles, []);
  });
});

test('fillers cover the wait, each another, and the answer follows', async () => {
  const fillers = ['One moment, please.', 'Still looking.'];
  const { model } = thinking.steady({
    budgets: { ...impatient, firstTokenMs: 60_000, fillerMs: 50, nextFillerMs: 100 },
    fillers,
  });
  thinking.openai.faults.next('chat', { do: 'delay', delayMs: 1_000 });
  assert.equal(
    (await thinking.answer(model)).text,
    `One moment, please. Still looking. ${opening}`,
  );
});

test('an answer that nobody wants any more ends without a word of trouble', async () => {
  for (const fault of [
    { do: 'hang' },
    { do: 'stall', after: 3, everyMs: 60_000 },
    { do: 'refuse', status: 429, headers: { 'retry-after': '1' } },
  ] as const) {
    const { model, troubles, failures } = thinking.steady();
    const from = thinking.openai.requests.length;
    thinking.openai.faults.next('chat', fault);
    const stream = thinking.ask(model, hours);
    await eventually('the request is under way', () => thinking.openai.requests.length > from);
    stream.close();
    await stream.collect();
    await eventually('the request is gone', () => thinking.openai.openRequests() === 0);
    assert.deepEqual(failures, []);
    assert.ok(troubles.every(({ kind }) => kind === 'refused'));
    assert.deepEqual(thinking.models(from), [primary]);
  }
});

test('two answers at once: the fault of one is not the other’s', async () => {
  const { model, troubles } = thinking.steady();
  thinking.openai.faults.next('chat', { do: 'truncate', after: 4 });
  const [broken, whole] = await Promise.all([thinking.answer(model), thinking.answer(model)]);
  assert.deepEqual([broken.text, whole.text].filter((text) => text === opening).length, 1);
  assert.equal(troubles.length, 1);
});

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { DEFAULT_API_CONNECT_OPTIONS, llm } from '@livekit/agents';
import { checkCalls } from '../../../../agent/speech/llm/tool-call-check.ts';
import { finder, found, primary, search, Thinking } from './thinking.ts';

let thinking: Thinking;
before(async () => (thinking = await Thinking.start()));
after(() => thinking.close());
afterEach(() => thinking.settled());

describe('a tool call', () => {
  test('a call that is cut never runs; the retry’s does, once', async () => {
    const { model, troubles } = thinking.steady();
    thinking.openai.faults.next('chat', { do: 'truncate', after: 4 });
    assert.deepEqual(await thinking.answer(model, search), { text: '', calls: [found] });
    assert.deepEqual(
      troubles.map(({ kind }) => kind),
      ['cut'],
    );
  });

  test('wrong arguments go back to the model, which is told what was wrong', async () => {
    for (const [args, note] of [
      ['{"query": "mini excavator", "start": ', /find_equipment were not a JSON object/],
      ['{"query": 7}', /find_equipment were wrong: query: .*start: /],
    ] as const) {
      const { model, troubles, failures } = thinking.steady();
      const from = thinking.openai.requests.length;
      thinking.openai.faults.next('chat', { do: 'misspell', args });
      assert.deepEqual((await thinking.answer(model, search)).calls, [found]);
      assert.deepEqual(thinking.models(from), [primary, primary]);
      assert.match(thinking.openai.requests.at(-1)?.body ?? '', note);
      assert.equal(troubles[0]?.kind, 'malformed');
      assert.deepEqual(failures, []);
    }
  });

  test('wrong arguments twice fail the turn', async () => {
    const { model, troubles, failures } = thinking.steady();
    thinking.openai.faults.next('chat', { do: 'misspell', args: '{' }, 2);
    assert.deepEqual((await thinking.answer(model, search)).calls, []);
    assert.deepEqual(
      troubles.map(({ willRetry }) => willRetry),
      [true, false],
    );
    assert.equal(failures.length, 1);
  });
});

/** A model that gives its answers in turn, each in one piece: words, and one call. */
class Scripted extends llm.LLM {
  readonly requests: llm.ChatContext[] = [];
  readonly #answers: llm.ChatChunk[];

  constructor(answers: readonly (readonly [words: string, args: string])[]) {
    super();
    this.#answers = answers.map(([content, args]) => {
      const call = llm.FunctionCall.create({ callId: 'call_1', name: 'find_equipment', args });
      return { id: 'x', delta: { role: 'assistant', content, toolCalls: [call] } };
    });
  }

  override label(): string {
    return 'test.Scripted';
  }

  override chat(request: Parameters<llm.LLM['chat']>[0]): llm.LLMStream {
    this.requests.push(request.chatCtx);
    const { id, delta } = this.#answers.shift() ?? { id: 'x' };
    const chunks = delta && [
      { id, delta: { role: delta.role, content: delta.content ?? '' } },
      { id, delta: { role: delta.role, toolCalls: delta.toolCalls ?? [] } },
    ];
    return new ScriptedStream(this, request, chunks ?? []);
  }
}

class ScriptedStream extends llm.LLMStream {
  readonly #chunks: readonly llm.ChatChunk[];

  constructor(
    model: llm.LLM,
    request: Parameters<llm.LLM['chat']>[0],
    chunks: readonly llm.ChatChunk[],
  ) {
    super(model, { connOptions: DEFAULT_API_CONNECT_OPTIONS, ...request });
    this.#chunks = chunks;
  }

  protected override async run(): Promise<void> {
    for (const chunk of this.#chunks) this.queue.put(chunk);
  }
}

describe('a wrong call after words', () => {
  const good = JSON.stringify(found);
  const toolContext = new llm.ToolContext({ find_equipment: finder() });

  test('is told to the model together with the words, which are not said again', async () => {
    const model = new Scripted([
      ['Let me look.', '{"query": '],
      ['', good],
    ]);
    const { model: steady, failures } = thinking.steady({ models: [model] });
    const { text, calls } = await thinking.answer(steady, search);
    assert.equal(text, 'Let me look.');
    assert.deepEqual(calls, [found]);
    const told = model.requests[1]?.items.slice(-2);
    assert.deepEqual(
      told?.map((item) => item.type === 'message' && item.role),
      ['assistant', 'system'],
    );
    assert.deepEqual(failures, []);
  });

  test('twice is closed aloud: the caller does not wait for what never comes', async () => {
    const model = new Scripted([
      ['Let me look.', '{'],
      ['', '{'],
    ]);
    const { model: steady, failures } = thinking.steady({ models: [model] });
    const { text, calls } = await thinking.answer(steady, search);
    assert.match(text, /^Let me look\. Sorry, .*\?$/);
    assert.deepEqual(calls, []);
    assert.deepEqual(failures, []);
  });

  test('no two calls run when one of them is wrong', async () => {
    const call = (args: string) =>
      llm.FunctionCall.create({ callId: `call_${args.length}`, name: 'find_equipment', args });
    const [one, two] = [call(good), call('{}')];
    await assert.rejects(checkCalls([one, two], toolContext), { kind: 'malformed' });
    await checkCalls([one], toolContext);
    await assert.rejects(checkCalls([one], undefined), {
      wrong: ['There is no tool find_equipment.'],
    });
  });
});

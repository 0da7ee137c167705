import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { initializeLogger, llm } from '@livekit/agents';
import { FallbackLlm, thinkingBudgets } from '../../../../agent/speech/llm/fallback-llm.ts';
import { createOpenAiModel } from '../../../../agent/speech/llm/openai-model.ts';
import { listenOnLoopback } from '../../../harness/emulators/loopback-server.ts';
import { found, finder } from './thinking.ts';

initializeLogger({ pretty: false, level: 'silent' });

/** What is written on the wire, one after another; `'hangs'` leaves the answer open without an end. */
type Wire = readonly (string | object)[];

const delta = (written: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  choices: [{ index: 0, delta: written, finish_reason: finish }],
});
const says = (content: string) => delta({ content });
const calls = (...written: readonly object[]) => delta({ tool_calls: written });
const done = '[DONE]';

/** The answer that a caller gets from a server that writes `wires`, one a request. */
async function answerOf(wires: readonly Wire[], { betweenTokensMs = 60_000 } = {}) {
  let requests = 0;
  const server = createServer((_request, response) => {
    const wire = wires[requests] ?? [];
    requests += 1;
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const event of wire) {
      if (event === 'hangs') return;
      const isRaw = typeof event === 'string' && event.startsWith(':');
      const data = typeof event === 'string' ? event : JSON.stringify(event);
      response.write(isRaw ? `${event}\n\n` : `data: ${data}\n\n`);
    }
    response.end();
  });
  await using stack = new AsyncDisposableStack();
  const { port, close } = await listenOnLoopback(server);
  stack.defer(close);
  stack.defer(() => server.closeAllConnections());
  const kinds: string[] = [];
  const of = (model: string) =>
    createOpenAiModel({ apiKey: 'k', baseUrl: `http://127.0.0.1:${port}`, model });
  const budgets = { ...thinkingBudgets, firstTokenMs: 400, betweenTokensMs, turnMs: 60_000 };
  const model = new FallbackLlm({
    models: [of('m'), of('n')],
    budgets,
    fillers: [],
    onTrouble: ({ kind }) => void kinds.push(kind),
  });
  const chatCtx = llm.ChatContext.empty();
  chatCtx.addMessage({ role: 'user', content: 'When?' });
  const toolCtx = new llm.ToolContext({ find_equipment: finder() });
  const { text, toolCalls } = await model.chat({ chatCtx, toolCtx }).collect();
  const used = toolCalls.map(({ callId, name, args }) => ({ callId, name, args }));
  return { text: text.trim(), used, kinds, requests };
}

const fine: Wire = [says('We open at seven.'), delta({}, 'stop'), done];

test('an answer that a proxy ends cleanly without its last event was cut', async () => {
  const { text, kinds } = await answerOf([[says('We open at')]]);
  assert.match(text, /^We open at\.\.\. Sorry/);
  assert.deepEqual(kinds, ['cut']);
});

test('an answer that says why it ends is whole without the last event', async () => {
  const { text, kinds } = await answerOf([[says('We open at seven.'), delta({}, 'stop')]]);
  assert.equal(text, 'We open at seven.');
  assert.deepEqual(kinds, []);
});

describe('a model that says nothing', () => {
  const dead: Readonly<Record<string, Wire>> = {
    comments: [': keep-alive', ': keep-alive', 'hangs'],
    'empty deltas': [delta({ role: 'assistant', content: '' }), delta({}), 'hangs'],
    'reasoning keys': [
      delta({ reasoning: 'The caller wants' }),
      delta({ reasoning_content: 'to know' }),
      'hangs',
    ],
    'white space': [says(' '), says('\n'), 'hangs'],
  };
  for (const [name, wire] of Object.entries(dead)) {
    test(`is dead, though it keeps the line open with ${name}: the next is asked`, async () => {
      const { text, kinds, requests } = await answerOf([wire, wire, fine]);
      assert.equal(text, 'We open at seven.');
      assert.deepEqual(kinds, ['slow', 'slow']);
      assert.equal(requests, 3);
    });
  }

  test('but white space to the end is asked again', async () => {
    const { text, kinds } = await answerOf([[says('  \n'), delta({}, 'stop'), done], fine]);
    assert.equal(text, 'We open at seven.');
    assert.deepEqual(kinds, ['malformed']);
  });

  test('after its first words is cut off by the time between words', async () => {
    const wire = [says('We open at'), delta({ reasoning: 'hm' }), ': keep-alive', 'hangs'];
    const { text, kinds } = await answerOf([wire], { betweenTokensMs: 300 });
    assert.match(text, /^We open at\.\.\. Sorry/);
    assert.deepEqual(kinds, ['stalled']);
  });
});

describe('an answer that its length or a filter ends', () => {
  for (const reason of ['length', 'content_filter']) {
    test(`within a sentence is closed aloud (${reason})`, async () => {
      const { text, kinds } = await answerOf([[says('We open at'), delta({}, reason), done]]);
      assert.match(text, /^We open at\.\.\. Sorry/);
      assert.deepEqual(kinds, ['truncated']);
    });

    test(`before a word is asked again (${reason})`, async () => {
      const { text, kinds } = await answerOf([[delta({}, reason), done], fine]);
      assert.equal(text, 'We open at seven.');
      assert.deepEqual(kinds, ['truncated']);
    });

    test(`after a whole sentence stands as it is (${reason})`, async () => {
      const { text, kinds } = await answerOf([
        [says('We open at seven.'), delta({}, reason), done],
      ]);
      assert.equal(text, 'We open at seven.');
      assert.deepEqual(kinds, []);
    });
  }

  test('never runs a tool call that it cut', async () => {
    const call = { index: 0, id: 'c1', function: { name: 'find_equipment', arguments: '{"que' } };
    const { used, text } = await answerOf([[calls(call), delta({}, 'length'), done], fine]);
    assert.deepEqual(used, []);
    assert.equal(text, 'We open at seven.');
  });
});

describe('a tool call of a compatible server', () => {
  const args = JSON.stringify(found);
  const [head, tail] = [args.slice(0, 12), args.slice(12)];
  const name = 'find_equipment';
  const written: Readonly<Record<string, Wire>> = {
    'with an empty name first': [
      calls({ index: 0, id: 'c1', function: { name: '', arguments: '' } }),
      calls({ index: 0, function: { name, arguments: head } }),
      calls({ index: 0, function: { arguments: tail } }),
      delta({}, 'tool_calls'),
    ],
    'with its name in every piece': [
      calls({ index: 0, id: 'c1', function: { name, arguments: head } }),
      calls({ index: 0, id: 'c1', function: { name, arguments: tail } }),
      delta({}, 'tool_calls'),
    ],
    'without an index': [
      calls({ id: 'c1', function: { name, arguments: args } }),
      delta({}, 'tool_calls'),
    ],
    'that ends without a reason': [
      calls({ index: 0, id: 'c1', function: { name, arguments: args } }),
      delta({}),
    ],
    'in the event that ends it': [
      delta({ tool_calls: [{ index: 0, id: 'c1', function: { name, arguments: args } }] }, 'stop'),
    ],
  };
  for (const [how, wire] of Object.entries(written)) {
    test(`${how} is taken as it is meant`, async () => {
      const { used, kinds } = await answerOf([[...wire, done]]);
      assert.deepEqual(used, [{ callId: 'c1', name, args }]);
      assert.deepEqual(kinds, []);
    });
  }

  test('without an id gets one', async () => {
    const wire = [
      calls({ index: 0, function: { name, arguments: args } }),
      delta({}, 'tool_calls'),
    ];
    const { used } = await answerOf([[...wire, done]]);
    assert.equal(used.length, 1);
    assert.notEqual(used[0]?.callId, '');
  });

  test('beside another, each in one piece and without an index, is two calls', async () => {
    const wire = [
      calls({ id: 'c1', function: { name, arguments: args } }),
      calls({ id: 'c2', function: { name, arguments: args } }),
      delta({}, 'tool_calls'),
    ];
    const { used } = await answerOf([[...wire, done]]);
    assert.deepEqual(
      used.map(({ callId }) => callId),
      ['c1', 'c2'],
    );
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { initializeLogger, llm } from '@livekit/agents';
import { LLM, TTS } from '@livekit/agents-plugin-openai';
import { z } from 'zod';
import { field } from './json.ts';
import { type OpenAiEmulator, startOpenAiEmulator } from './openai.ts';

initializeLogger({ pretty: false, level: 'silent' });

const apiKey = 'sk-emulated-openai-key';
const instructions = [
  'You answer the telephone for Ridge Rentals.',
  '- Opening hours: Monday to Friday from seven to five.',
  '- Address: 12 Quarry Road.',
  'Today is Sunday, 22 November 2026 (2026-11-22).',
].join('\n');

let openai: OpenAiEmulator;
before(async () => {
  openai = await startOpenAiEmulator({ apiKey, llmLatencyMs: 10, ttsLatencyMs: 10 });
});
after(() => openai.close());

const tools = {
  find_equipment: llm.tool({
    description: 'Finds units.',
    parameters: z.object({
      query: z.string(),
      start: z.string().nullish(),
      end: z.string().nullish(),
    }),
    execute: async () => 'unused',
  }),
  end_call: llm.tool({ description: 'Ends the call.', execute: async () => 'unused' }),
};

/** One turn through the official plugin: the words, and the calls of tools. */
async function chat(model: LLM, userText: string) {
  const chatCtx = llm.ChatContext.empty();
  chatCtx.addMessage({ role: 'system', content: instructions });
  chatCtx.addMessage({ role: 'user', content: userText });
  const stream = model.chat({
    chatCtx,
    toolCtx: new llm.ToolContext(tools),
    connOptions: { maxRetry: 0, retryIntervalMs: 0, timeoutMs: 5_000 },
  });
  let content = '';
  const calls: { name: string; args: unknown }[] = [];
  let usage: unknown;
  for await (const chunk of stream) {
    content += chunk.delta?.content ?? '';
    for (const { name, args } of chunk.delta?.toolCalls ?? []) {
      calls.push({ name, args: JSON.parse(args) as unknown });
    }
    usage = chunk.usage ?? usage;
  }
  return { content, calls, usage };
}

const plugin = (model = 'gpt-5.4-mini') =>
  new LLM({ apiKey, baseURL: openai.baseUrl, model, reasoningEffort: 'none' });

/** A request of its own, for what the plugin never sends. */
async function post(path: string, body: unknown, key = apiKey) {
  const response = await fetch(`${openai.baseUrl}${path}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const json: unknown = await response.json();
  return { status: response.status, error: field(json, 'error'), json };
}

const user = { role: 'user', content: 'Hello?' };
const call = { id: 'call_1', type: 'function', function: { name: 'end_call', arguments: '{}' } };
const endCall = {
  type: 'function',
  function: { name: 'end_call', parameters: { type: 'object', properties: {} } },
};

describe('chat', () => {
  test('the official plugin gets words, tool calls and the usage', async () => {
    const words = await chat(plugin(), 'What time do you open on Monday?');
    assert.equal(words.content, 'Monday to Friday from seven to five.');
    assert.ok(words.usage);
    const search = await chat(
      plugin('gpt-6-luna'),
      'do you have a mini excavator for tuesday to thursday',
    );
    assert.deepEqual(search.calls, [
      {
        name: 'find_equipment',
        args: { query: 'mini excavator', start: '2026-11-24', end: '2026-11-26' },
      },
    ]);
  });

  test('an answer in one piece', async () => {
    const { status, json } = await post('/chat/completions', {
      model: 'gpt-5.4-mini',
      messages: [user],
    });
    assert.equal(status, 200);
    const message = field(field(field(json, 'choices'), 0), 'message');
    assert.match(String(field(message, 'content')), /How can I help/);
  });

  test('what is wrong with a request is refused in OpenAI’s words', async () => {
    const good = { model: 'gpt-5.4-mini', messages: [user] };
    const answered = [user, { role: 'assistant', content: null, tool_calls: [call] }];
    const strictTool = {
      type: 'function',
      function: { name: 'f', strict: true, parameters: { type: 'object', properties: { a: {} } } },
    };
    const cases: [body: unknown, status: number, code: string | null][] = [
      ['{', 400, null],
      [{ ...good, model: 'gpt-9' }, 404, 'model_not_found'],
      [{ ...good, wibble: 1 }, 400, 'unknown_parameter'],
      [{ model: 'gpt-5.4-mini' }, 400, 'missing_required_parameter'],
      [{ ...good, temperature: 'warm' }, 400, 'invalid_type'],
      [{ ...good, messages: [{ role: 'robot', content: 'x' }] }, 400, 'invalid_value'],
      [{ ...good, messages: answered }, 400, null],
      [
        { ...good, messages: [user, { role: 'tool', tool_call_id: 'call_1', content: 'x' }] },
        400,
        null,
      ],
      [{ ...good, messages: [...answered, user] }, 400, null],
      [{ ...good, tools: [strictTool] }, 400, 'invalid_function_parameters'],
      [{ ...good, model: 'gpt-6-luna', tools: [endCall] }, 400, null],
      [{ ...good, tool_choice: 'auto' }, 400, null],
    ];
    for (const [body, status, code] of cases) {
      const refused = await post('/chat/completions', body);
      assert.equal(refused.status, status, JSON.stringify(body));
      assert.equal(field(refused.error, 'code'), code, JSON.stringify(body));
      assert.equal(typeof field(refused.error, 'message'), 'string');
    }
  });

  test('a wrong key and a wrong path', async () => {
    const wrong = await post(
      '/chat/completions',
      { model: 'gpt-5.4-mini', messages: [user] },
      'sk-x',
    );
    assert.equal(wrong.status, 401);
    assert.equal(field(wrong.error, 'code'), 'invalid_api_key');
    assert.equal((await post('/completions', {})).status, 404);
  });
});

test('the models are listed', async () => {
  const response = await fetch(`${openai.baseUrl}/models`, {
    headers: { Authorization: `Bearer ${apiKey}` },
  });
  assert.match(await response.text(), /"id":"gpt-5.4-mini"/);
});

test('the official plugin gets speech', async () => {
  const voice = new TTS({
    apiKey,
    baseURL: openai.baseUrl,
    model: 'gpt-4o-mini-tts',
    voice: 'ash',
  });
  let samples = 0;
  for await (const { frame } of voice.synthesize('The yard is open.'))
    samples += frame.samplesPerChannel;
  const [entry] = openai.ttsLog;
  assert.equal(entry?.text, 'The yard is open.');
  assert.ok(Math.abs(samples - entry.pcm.length) < 2_400);
});

describe('faults', () => {
  test('a refusal for one model only', async () => {
    openai.faults.next((endpoint, model) => endpoint === 'chat' && model === 'gpt-5.4-mini', {
      do: 'refuse',
      status: 429,
      headers: { 'Retry-After': '1' },
    });
    const other = { model: 'gpt-6-luna', messages: [user] };
    assert.equal((await post('/chat/completions', other)).status, 200);
    const refused = plugin();
    const errors: unknown[] = [];
    refused.on('error', ({ error }) => void errors.push(field(error, 'statusCode')));
    await chat(refused, 'Hello?');
    assert.deepEqual(errors, [429]);
    assert.match((await chat(plugin(), 'Hello?')).content, /help/);
  });

  test('a stream that is cut, and one that hangs until the caller gives up', async () => {
    const body = JSON.stringify({ model: 'gpt-5.4-mini', messages: [user], stream: true });
    const request = { method: 'POST', headers: { Authorization: `Bearer ${apiKey}` }, body };
    const url = `${openai.baseUrl}/chat/completions`;
    openai.faults.next('chat', { do: 'truncate', after: 2 });
    const cut = await fetch(url, request);
    await assert.rejects(cut.text());
    openai.faults.next('chat', { do: 'hang' });
    await assert.rejects(fetch(url, { ...request, signal: AbortSignal.timeout(50) }), {
      name: 'TimeoutError',
    });
    openai.faults.next('chat', { do: 'garbage' });
    assert.match(await (await fetch(url, request)).text(), /<html>/);
  });
});

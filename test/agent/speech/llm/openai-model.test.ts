import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { initializeLogger, llm } from '@livekit/agents';
import { FallbackLlm } from '../../../../agent/speech/llm/fallback-llm.ts';
import { createOpenAiModel } from '../../../../agent/speech/llm/openai-model.ts';
import { listenOnLoopback } from '../../../harness/emulators/loopback-server.ts';

initializeLogger({ pretty: false, level: 'silent' });

test('an answer that a proxy ends cleanly without its last event was cut', async () => {
  const event = { id: 'chatcmpl-1', choices: [{ index: 0, delta: { content: 'We open at' } }] };
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.end(`data: ${JSON.stringify(event)}\n\n`);
  });
  await using stack = new AsyncDisposableStack();
  const { port, close } = await listenOnLoopback(server);
  stack.defer(close);
  const kinds: string[] = [];
  const model = new FallbackLlm({
    models: [createOpenAiModel({ apiKey: 'k', baseUrl: `http://127.0.0.1:${port}`, model: 'm' })],
    fillers: [],
    onTrouble: ({ kind }) => void kinds.push(kind),
  });
  const chatCtx = llm.ChatContext.empty();
  chatCtx.addMessage({ role: 'user', content: 'When?' });
  const { text } = await model.chat({ chatCtx }).collect();
  assert.match(text, /^We open at\.\.\. Sorry/);
  assert.deepEqual(kinds, ['cut']);
});

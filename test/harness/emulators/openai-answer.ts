import { randomUUID } from 'node:crypto';
import { type ChatRequest, textOf } from './openai-request.ts';
import type { Reply } from './receptionist-rules.ts';

/** The events of a stream, the `[DONE]` at its end included; `misspeltArgs` are a call's instead of its own. */
export function* chatEvents(
  request: ChatRequest,
  reply: Reply,
  misspeltArgs?: string,
): Generator<object | string> {
  const includeUsage = request.stream_options?.include_usage === true;
  const head = {
    ...heading(request, 'chat.completion.chunk'),
    ...(includeUsage ? { usage: null } : {}),
  };
  const chunk = (delta: object, finish: string | null = null) => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  if ('tool' in reply) {
    const call = {
      index: 0,
      id: newCallId(),
      type: 'function',
      function: { name: reply.tool, arguments: '' },
    };
    yield chunk({ role: 'assistant', content: null, tool_calls: [call], refusal: null });
    for (const piece of tokens(misspeltArgs ?? JSON.stringify(reply.args))) {
      yield chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] });
    }
    yield chunk({}, 'tool_calls');
  } else {
    yield chunk({ role: 'assistant', content: '', refusal: null });
    for (const piece of tokens(reply.content)) yield chunk({ content: piece });
    yield chunk({}, 'stop');
  }
  if (includeUsage) yield { ...head, choices: [], usage: usage(request, reply) };
  yield '[DONE]';
}

/** An answer in one piece. */
export function completion(request: ChatRequest, reply: Reply): object {
  const isCall = 'tool' in reply;
  const call = isCall && {
    id: newCallId(),
    type: 'function',
    function: { name: reply.tool, arguments: JSON.stringify(reply.args) },
  };
  const message = {
    role: 'assistant',
    content: isCall ? null : reply.content,
    refusal: null,
    annotations: [],
    ...(call ? { tool_calls: [call] } : {}),
  };
  return {
    ...heading(request, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: isCall ? 'tool_calls' : 'stop' }],
    usage: usage(request, reply),
  };
}

function heading({ model }: ChatRequest, object: string) {
  return {
    id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
    object,
    created: Math.floor(Date.now() / 1_000),
    model,
    service_tier: 'default',
    system_fingerprint: null,
  };
}

/** Words with the space before them: about what a model's tokens are. */
function tokens(text: string): string[] {
  return text.match(/\s*\S{1,12}/g) ?? [];
}

function usage(request: ChatRequest, reply: Reply) {
  const prompt = request.messages.reduce(
    (sum, message) => sum + tokens(textOf(message)).length + 4,
    0,
  );
  const written = tokens('tool' in reply ? JSON.stringify(reply.args) : reply.content).length + 1;
  return {
    prompt_tokens: prompt,
    completion_tokens: written,
    total_tokens: prompt + written,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

const newCallId = () => `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

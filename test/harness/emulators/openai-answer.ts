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
  const words = wordsOf(reply);
  const uses = usesOf(reply);
  yield chunk({ role: 'assistant', content: uses.length > 0 ? null : '', refusal: null });
  for (const piece of tokens(words)) yield chunk({ content: piece });
  for (const [index, { tool, args }] of uses.entries()) {
    const call = {
      index,
      id: newCallId(),
      type: 'function',
      function: { name: tool, arguments: '' },
    };
    yield chunk({ tool_calls: [call] });
    for (const piece of tokens(misspeltArgs ?? JSON.stringify(args))) {
      yield chunk({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
  }
  yield chunk({}, uses.length > 0 ? 'tool_calls' : 'stop');
  if (includeUsage) yield { ...head, choices: [], usage: usage(request, reply) };
  yield '[DONE]';
}

/** An answer in one piece. */
export function completion(request: ChatRequest, reply: Reply): object {
  const calls = usesOf(reply).map(({ tool, args }) => ({
    id: newCallId(),
    type: 'function',
    function: { name: tool, arguments: JSON.stringify(args) },
  }));
  const isCall = calls.length > 0;
  const message = {
    role: 'assistant',
    content: wordsOf(reply) || (isCall ? null : ''),
    refusal: null,
    annotations: [],
    ...(isCall ? { tool_calls: calls } : {}),
  };
  return {
    ...heading(request, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: isCall ? 'tool_calls' : 'stop' }],
    usage: usage(request, reply),
  };
}

function wordsOf(reply: Reply): string {
  return 'content' in reply ? reply.content : '';
}

function usesOf(reply: Reply) {
  if ('tool' in reply) return [reply];
  return 'uses' in reply ? reply.uses : [];
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
  const args = usesOf(reply).map((use) => JSON.stringify(use.args));
  const written = tokens([wordsOf(reply), ...args].join(' ')).length + 1;
  return {
    prompt_tokens: prompt,
    completion_tokens: written,
    total_tokens: prompt + written,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

const newCallId = () => `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

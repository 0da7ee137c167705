import { OpenAiError } from './openai-error.ts';
import type { ChatMessage, ChatRequest, ChatTool } from './openai-request.ts';

/** Every tool call is answered at once, and nothing is answered that was not called. */
export function checkOrder(messages: readonly ChatMessage[]): void {
  let open = new Set<string>();
  for (const [i, sent] of messages.entries()) {
    const param = `messages.[${i}].role`;
    if (sent.role === 'tool') {
      if (open.delete(sent.tool_call_id)) continue;
      const text = `Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.`;
      throw new OpenAiError(400, text, { param });
    }
    if (open.size > 0) throw unanswered(open, param);
    if (sent.role !== 'assistant') continue;
    open = new Set(sent.tool_calls?.map((call) => call.id));
    if (!sent.tool_calls && (sent.content === null || sent.content === undefined)) {
      const text = `Invalid value for 'content': expected a string, got null.`;
      throw new OpenAiError(400, text, { param: `messages.[${i}].content` });
    }
  }
  if (open.size > 0) throw unanswered(open, `messages.[${messages.length}].role`);
}

function unanswered(ids: ReadonlySet<string>, param: string): OpenAiError {
  const message = `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...ids].join(', ')}`;
  return new OpenAiError(400, message, { param });
}

/** What Structured Outputs asks of a strict schema, and JSON Schema of any. */
export function checkTool(definition: ChatTool['function'], param: string): void {
  const { name, parameters, strict } = definition;
  const refuse = (what: string) =>
    new OpenAiError(400, `Invalid schema for function '${name}': ${what}.`, {
      param: `${param}.parameters`,
      code: 'invalid_function_parameters',
    });
  if (!parameters) return;
  if (parameters['type'] !== 'object')
    throw refuse(`schema must be a JSON Schema of 'type: "object"'`);
  const properties = parameters['properties'];
  if (typeof properties !== 'object' || properties === null)
    throw refuse('object schema missing properties');
  if (strict !== true) return;
  if (parameters['additionalProperties'] !== false) {
    throw refuse(
      `In context=(), 'additionalProperties' is required to be supplied and to be false`,
    );
  }
  const required: unknown = parameters['required'] ?? [];
  const missing = Object.keys(properties).find(
    (key) => !(Array.isArray(required) && required.includes(key)),
  );
  if (missing !== undefined) {
    throw refuse(
      `In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'`,
    );
  }
}

/** What cannot be asked for together. */
export function checkCombinations(request: ChatRequest): void {
  const { model, tools, tool_choice: choice, reasoning_effort: effort } = request;
  if (model === 'gpt-6-luna' && tools && effort !== 'none') {
    // Its documentation: on chat completions, functions only without reasoning, which is on by default.
    const message = `Function tools with reasoning_effort are not supported for ${model} in /v1/chat/completions. Please use reasoning_effort 'none' or /v1/responses instead.`;
    throw new OpenAiError(400, message, { param: 'reasoning_effort' });
  }
  if (model === 'gpt-4.1-mini' && effort !== undefined && effort !== null) {
    const message = 'Unrecognized request argument supplied: reasoning_effort';
    throw new OpenAiError(400, message);
  }
  if (model !== 'gpt-4.1-mini' && request.max_tokens !== undefined && request.max_tokens !== null) {
    const message = `Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.`;
    throw new OpenAiError(400, message, { param: 'max_tokens', code: 'unsupported_parameter' });
  }
  if (choice !== undefined && !tools) {
    throw new OpenAiError(400, `'tool_choice' is only allowed when 'tools' are specified.`, {
      param: 'tool_choice',
    });
  }
  if (request.parallel_tool_calls !== undefined && !tools) {
    throw new OpenAiError(
      400,
      `'parallel_tool_calls' is only allowed when 'tools' are specified.`,
      { param: 'parallel_tool_calls' },
    );
  }
  if (request.stream_options && request.stream !== true) {
    const message = `The 'stream_options' parameter is only allowed when 'stream' is enabled.`;
    throw new OpenAiError(400, message, { param: 'stream_options' });
  }
}

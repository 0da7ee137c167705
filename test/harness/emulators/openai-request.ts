import { z } from 'zod';
import { OpenAiError } from './openai-error.ts';

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() });
const content = z.union([z.string(), z.array(textPart).min(1)]);
const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
});
const chatMessage = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.enum(['system', 'developer', 'user']),
    content,
    name: z.string().optional(),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: content.nullish(),
    name: z.string().optional(),
    refusal: z.string().nullish(),
    tool_calls: z.array(toolCall).min(1).optional(),
  }),
  z.strictObject({ role: z.literal('tool'), content, tool_call_id: z.string().min(1) }),
]);
const schema = z.record(z.string(), z.unknown());
const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
    description: z.string().optional(),
    parameters: schema.optional(),
    strict: z.boolean().nullish(),
  }),
});
const named = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({ name: z.string() }),
});

const chat = z.strictObject({
  model: z.string(),
  messages: z.array(chatMessage).min(1),
  tools: z.array(tool).min(1).max(128).optional(),
  tool_choice: z.union([z.enum(['none', 'auto', 'required']), named]).optional(),
  parallel_tool_calls: z.boolean().optional(),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().optional(),
      include_obfuscation: z.boolean().optional(),
    })
    .nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  max_tokens: z.number().int().positive().nullish(),
  max_completion_tokens: z.number().int().positive().nullish(),
  n: z.literal(1).nullish(),
  seed: z.number().int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
  verbosity: z.enum(['low', 'medium', 'high']).nullish(),
  service_tier: z.enum(['auto', 'default', 'flex', 'priority']).nullish(),
  response_format: schema.optional(),
  store: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  user: z.string().optional(),
  safety_identifier: z.string().optional(),
  prompt_cache_key: z.string().optional(),
  prompt_cache_retention: z.string().optional(),
});

const speech = z.strictObject({
  model: z.string(),
  input: z.string().min(1).max(4_096),
  voice: z.enum(
    'alloy ash ballad coral echo fable nova onyx sage shimmer verse marin cedar'.split(' '),
  ),
  instructions: z.string().optional(),
  response_format: z.enum(['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm']).optional(),
  speed: z.number().min(0.25).max(4).optional(),
  stream_format: z.literal('audio').optional(),
});

export type ChatRequest = z.infer<typeof chat>;
export type ChatMessage = ChatRequest['messages'][number];
export type ChatTool = z.infer<typeof tool>;
export type SpeechRequest = z.infer<typeof speech>;

const chatModels = ['gpt-5.4-mini', 'gpt-6-luna', 'gpt-4.1-mini'];
const speechModels = ['gpt-4o-mini-tts', 'tts-1'];

/** What `GET /v1/models` lists. */
export const knownModels: readonly string[] = [...chatModels, ...speechModels];

/** @throws {OpenAiError} 400 or 404, as OpenAI refuses such a body. */
export function parseChatRequest(body: string): ChatRequest {
  const request = parse(chat, body);
  checkModel(request.model, chatModels);
  checkOrder(request.messages);
  for (const [i, { function: definition }] of (request.tools ?? []).entries()) {
    checkTool(definition, `tools[${i}].function`);
  }
  checkCombinations(request);
  return request;
}

/** @throws {OpenAiError} 400 or 404, as OpenAI refuses such a body. */
export function parseSpeechRequest(body: string): SpeechRequest {
  const request = parse(speech, body);
  checkModel(request.model, speechModels);
  return request;
}

/** The text of a message, whichever way it was sent. */
export function textOf({ content: sent }: ChatMessage): string {
  if (typeof sent === 'string') return sent;
  return (sent ?? []).map((part) => part.text).join('\n');
}

function parse<Schema extends z.ZodType>(shape: Schema, body: string): z.infer<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new OpenAiError(400, 'We could not parse the JSON body of your request.');
  }
  const result = shape.safeParse(json);
  if (result.success) return result.data;
  throw toRefusal(deepest(result.error.issues), json);
}

type Issue = z.core.$ZodIssue;

/** Of a union that nothing fits, what was wrong with the member that got furthest. */
function deepest(issues: readonly Issue[], path: readonly PropertyKey[] = []): Issue {
  const absolute = issues.map((issue) => {
    const full = [...path, ...issue.path];
    if (issue.code !== 'invalid_union' || issue.errors.length === 0)
      return { ...issue, path: full };
    return issue.errors
      .map((errors) => deepest(errors, full))
      .reduce((far, other) => (other.path.length > far.path.length ? other : far));
  });
  const [first] = absolute;
  if (!first) throw new Error('A failed parse has an issue');
  return first;
}

function toRefusal(issue: Issue, json: unknown): OpenAiError {
  const param = paramName(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const name = paramName([...issue.path, issue.keys[0] ?? '']);
    const message = `Unknown parameter: '${name}'.`;
    return new OpenAiError(400, message, { param: name, code: 'unknown_parameter' });
  }
  const value = issue.path.reduce<unknown>((at, key) => Object(at)[key], json);
  if (value === undefined) {
    const message = `Missing required parameter: '${param}'.`;
    return new OpenAiError(400, message, { param, code: 'missing_required_parameter' });
  }
  const kind = issue.code === 'invalid_type' ? 'type' : 'value';
  const message = `Invalid ${kind} for '${param}': ${issue.message}.`;
  return new OpenAiError(400, message, { param, code: `invalid_${kind}` });
}

function paramName(path: readonly PropertyKey[]): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`))
    .join('');
}

function checkModel(model: string, known: readonly string[]): void {
  if (known.includes(model)) return;
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  throw new OpenAiError(404, message, { code: 'model_not_found' });
}

/** Every tool call is answered at once, and nothing is answered that was not called. */
function checkOrder(messages: readonly ChatMessage[]): void {
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
function checkTool(definition: ChatTool['function'], param: string): void {
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
function checkCombinations(request: ChatRequest): void {
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

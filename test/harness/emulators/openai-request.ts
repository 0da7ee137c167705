import { z } from 'zod';
import { OpenAiError } from './openai-error.ts';
import { checkCombinations, checkOrder, checkTool } from './openai-rules.ts';

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

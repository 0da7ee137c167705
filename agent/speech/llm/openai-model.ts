import { LLM } from '@livekit/agents-plugin-openai';
import { OpenAI } from 'openai';
import { chatEvents } from './chat-events.ts';
import { requestUnderWay } from './llm-request.ts';

/**
 * A model behind OpenAI's chat completions, through the official plugin. Its client never retries
 * (that is `FallbackLlm`'s), and tells the request under way what the plugin hides: each token of a
 * tool call, and when to come back.
 */
export function createOpenAiModel(options: {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
}): LLM {
  return new LLM({
    client: new OpenAI({
      apiKey: options.apiKey,
      baseURL: options.baseUrl,
      maxRetries: 0,
      fetch: watchedFetch,
      // It would print what it cannot parse, and that is what was said in the call.
      logLevel: 'off',
    }),
    model: options.model,
    // Newer models call no function above effort "none", and the plugin does not know them.
    reasoningEffort: 'none',
  });
}

async function watchedFetch(...request: Parameters<typeof fetch>): Promise<Response> {
  const watch = requestUnderWay.getStore();
  const response = await fetch(...request);
  if (!watch) return response;
  if (!response.ok) {
    const waitMs = retryAfterMs(response.headers);
    if (waitMs !== undefined) watch.askedToWait(waitMs);
    return response;
  }
  const isEvents = response.headers.get('content-type')?.startsWith('text/event-stream');
  return response.body && isEvents
    ? new Response(response.body.pipeThrough(chatEvents(watch)), response)
    : response;
}

/** OpenAI gives both forms of the header; a date, which HTTP also allows, it never sends. */
function retryAfterMs(headers: Headers): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? NaN);
  if (Number.isFinite(ms)) return ms;
  const seconds = Number(headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

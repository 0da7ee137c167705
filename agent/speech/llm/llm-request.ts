import { APIStatusError, APITimeoutError, type llm } from '@livekit/agents';
import { AsyncLocalStorage } from 'node:async_hooks';

/** The reasons to give up a request to a model. */
export type ThinkingFaultKind = 'refused' | 'slow' | 'stalled' | 'cut' | 'truncated' | 'malformed';

/** A request to a model failed or was given up. `code` is `MODEL_FAILED`. */
export class ThinkingFault extends Error {
  override readonly name = 'ThinkingFault';
  readonly code = 'MODEL_FAILED';
  readonly kind: ThinkingFaultKind;
  /** The HTTP status of a refusal. */
  readonly status: number | null;
  /** The wait before the next request that the provider asked for. */
  readonly retryAfterMs: number | null;

  constructor(
    kind: ThinkingFaultKind,
    details: { readonly status?: number; readonly retryAfterMs?: number | null } = {},
  ) {
    super(`The model's answer was ${kind}`);
    this.kind = kind;
    this.status = details.status ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** A healthy stream may be silent so long, in ms. */
export type StreamBudgets = { readonly firstTokenMs: number; readonly betweenTokensMs: number };

/** The arguments of `llm.LLM.chat`. */
export type ChatRequest = Parameters<llm.LLM['chat']>[0];

/**
 * The request on whose behalf code runs. The framework reports a model's error on the model, which
 * several requests share, and its chunks hide what the wire brings while a tool call is written.
 */
export const requestUnderWay = new AsyncLocalStorage<RequestWatch>();

/**
 * One request to `model`, tried once. Ends with the answer's end, and leaves no request behind
 * however it ends.
 * @throws {ThinkingFault} when it fails or misses a deadline; the reason of `signal` when aborted.
 */
export async function* attempt(
  model: llm.LLM,
  request: ChatRequest,
  options: StreamBudgets & { readonly signal: AbortSignal },
): AsyncGenerator<llm.ChatChunk, void, void> {
  const { signal } = options;
  signal.throwIfAborted();
  using watch = new RequestWatch(options, () => stream.close());
  // Ours comes first: the plugin's deadline ends with the headers.
  const connOptions = { maxRetry: 0, retryIntervalMs: 0, timeoutMs: options.firstTokenMs * 2 };
  const stream = requestUnderWay.run(watch, () => model.chat({ ...request, connOptions }));
  const stop = () => stream.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream) {
      if (isAnswer(chunk)) watch.alive();
      yield chunk;
    }
    signal.throwIfAborted();
    if (watch.fault) throw watch.fault;
    if (watch.isTruncated) throw new ThinkingFault('truncated');
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** True for a chunk with something of the answer in it: white space alone is nothing. */
export function isAnswer({ delta }: llm.ChatChunk): boolean {
  return Boolean(delta?.toolCalls?.length || delta?.content?.trim());
}

/** One request while it runs: its deadline and its first fault. */
export class RequestWatch {
  readonly #betweenTokensMs: number;
  readonly #giveUp: () => void;
  #timer: NodeJS.Timeout;
  #isAlive = false;
  #retryAfterMs: number | null = null;
  #finish: string | null = null;
  #fault: ThinkingFault | undefined;

  constructor(budgets: StreamBudgets, giveUp: () => void) {
    this.#betweenTokensMs = budgets.betweenTokensMs;
    this.#giveUp = giveUp;
    this.#timer = setTimeout(() => this.#overdue('slow'), budgets.firstTokenMs);
  }

  get fault(): ThinkingFault | undefined {
    return this.#fault;
  }

  /** Something of the answer came: the next is due within `betweenTokensMs`. */
  alive(): void {
    if (this.#isAlive) {
      this.#timer.refresh();
      return;
    }
    this.#isAlive = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#overdue('stalled'), this.#betweenTokensMs);
  }

  /** The provider said why the answer ends (OpenAI's `finish_reason`). */
  finished(reason: string): void {
    this.#finish = reason;
  }

  /** The answer was ended before the model was done with it. */
  get isTruncated(): boolean {
    return this.#finish === 'length' || this.#finish === 'content_filter';
  }

  /** The provider refused, and named a time. */
  askedToWait(ms: number): void {
    this.#retryAfterMs = ms;
  }

  /** The framework's error for this request. */
  failed(error: Error): void {
    this.#fault ??= this.#toFault(error);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #overdue(kind: 'slow' | 'stalled'): void {
    this.#fault ??= new ThinkingFault(kind);
    this.#giveUp();
  }

  #toFault(error: Error): ThinkingFault {
    if (error instanceof APITimeoutError) return new ThinkingFault('slow');
    // The plugin gives -1 to what had no status: a connection refused or lost, an error in a stream.
    if (!(error instanceof APIStatusError) || error.statusCode < 0) return new ThinkingFault('cut');
    return new ThinkingFault('refused', {
      status: error.statusCode,
      retryAfterMs: this.#retryAfterMs,
    });
  }
}

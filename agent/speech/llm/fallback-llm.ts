import {
  llm,
  APIConnectionError,
  DEFAULT_API_CONNECT_OPTIONS,
  FlushSentinel,
} from '@livekit/agents';
import {
  type ChatRequest,
  requestUnderWay,
  type ThinkingFaultKind,
  attempt,
  isAnswer,
  ThinkingFault,
} from './llm-request.ts';
import timers from 'node:timers/promises';
import { checkCalls, WrongCalls } from './tool-call-check.ts';

/** A request to a model that failed; with `willRetry` the caller notices at most a wait. */
export type ThinkingTrouble = {
  readonly kind: ThinkingFaultKind;
  readonly model: string;
  readonly status: number | null;
  readonly willRetry: boolean;
};

/** The budgets of one answer, in ms, with their reasons. */
export const thinkingBudgets = {
  /** Silence on a telephone is felt from about 2 s; the turn's end has taken 0.6 s of it. */
  fillerMs: 1_500,
  /** The next filler: a second to speak one, and then as long a silence as is bearable. */
  nextFillerMs: 3_500,
  /** Three to four times the usual time; three requests of it fit into `turnMs`. */
  firstTokenMs: 2_500,
  /** Tokens come every 10-30 ms; words already sent to the voice cover most of a pause. */
  betweenTokensMs: 2_000,
  /** The caller hears an apology when the first word takes longer, from the request on. */
  turnMs: 8_000,
} as const;

/** Refusals that heal; the other 4xx say that the request, the key or the name is wrong. */
const healing = [408, 409, 429];
/** A hiccup is over before the same model is asked again; a waiting caller feels nothing. */
const samePauseMs = 200;
/** A provider that asks for more than this has the next model answer instead. */
const longestPauseMs = 1_000;

const lostThread = 'Sorry, I lost my train of thought. Could you say that again, please?';

/** Budgets in place of `thinkingBudgets`, in ms. */
export type ThinkingBudgets = Readonly<Record<keyof typeof thinkingBudgets, number>>;

/** The models of a `FallbackLlm`, and its words and budgets. */
export type FallbackLlmOptions = {
  /** The primary model, tried twice, and what follows it, tried once each. */
  readonly models: readonly [llm.LLM, ...llm.LLM[]];
  readonly budgets?: Partial<ThinkingBudgets>;
  readonly onTrouble: (trouble: ThinkingTrouble) => void;
  /** Hears of the tokens of each request that came to its end; of one that was cut off none are told. */
  readonly onUsage?: (usage: llm.CompletionUsage) => void;
  /** Sentences that cover a wait, spoken in turn: 'One moment, please.' */
  readonly fillers: readonly string[];
};

/**
 * A model that always answers or fails in time: hung and broken requests are cut off and repeated
 * while nothing of the answer was said, first with the same model, then with the next.
 */
export class FallbackLlm extends llm.LLM {
  readonly #options: FallbackLlmOptions;
  #fillersSaid = 0;

  constructor(options: FallbackLlmOptions) {
    super();
    this.#options = options;
    for (const model of options.models) {
      model.on('error', ({ error }) => requestUnderWay.getStore()?.failed(error));
    }
  }

  override label(): string {
    return 'pickup.FallbackLlm';
  }

  override get model(): string {
    return this.#options.models[0].model;
  }

  override get provider(): string {
    return this.#options.models[0].provider;
  }

  override chat(request: ChatRequest): llm.LLMStream {
    const { fillers } = this.#options;
    const first = this.#fillersSaid % Math.max(1, fillers.length);
    return new FallbackLlmStream(this, request, {
      ...this.#options,
      budgets: { ...thinkingBudgets, ...this.#options.budgets },
      fillers: [...fillers.slice(first), ...fillers.slice(0, first)],
      onFiller: () => (this.#fillersSaid += 1),
    });
  }

  override prewarm(): void {
    for (const model of this.#options.models) model.prewarm();
  }

  override async aclose(): Promise<void> {
    await Promise.all([super.aclose(), ...this.#options.models.map((model) => model.aclose())]);
  }
}

type StreamOptions = FallbackLlmOptions & {
  readonly budgets: ThinkingBudgets;
  readonly onFiller: () => void;
};

/** One answer, from however many requests it takes. */
class FallbackLlmStream extends llm.LLMStream {
  readonly #options: StreamOptions;
  #request: ChatRequest;
  /** The answer as far as it was passed on; its words cannot be taken back. */
  #said = '';
  #isToldWrong = false;

  constructor(model: llm.LLM, request: ChatRequest, options: StreamOptions) {
    const connOptions = { ...DEFAULT_API_CONNECT_OPTIONS, maxRetry: 0 };
    super(model, { ...request, connOptions });
    this.#request = request;
    this.#options = options;
  }

  protected override async run(): Promise<void> {
    const cancelled = this.abortController.signal;
    if (cancelled.aborted) return;
    const { models, budgets, fillers, onTrouble } = this.#options;
    using wait = new FirstTokenTimer({
      budgets,
      fillers,
      say: (filler) => this.#sayFiller(filler),
      whenOver: () => new ThinkingFault('slow'),
    });
    const later = [...models];
    for (let model: llm.LLM | undefined = models[0]; model;) {
      const fault = await this.#tryOnce(model, wait);
      if (!fault || cancelled.aborted) return;
      const next: llm.LLM | undefined = wait.signal.aborted
        ? undefined
        : this.#nextAfter(fault, model, later);
      const { kind, status } = fault;
      onTrouble({ kind, model: model.model, status, willRetry: next !== undefined });
      if (!next) return this.#giveUp(fault);
      if (next === model) await pause(fault.retryAfterMs ?? samePauseMs, wait.signal, cancelled);
      model = next;
    }
  }

  async #tryOnce(model: llm.LLM, wait: FirstTokenTimer): Promise<ThinkingFault | undefined> {
    const cancelled = this.abortController.signal;
    try {
      const signal = AbortSignal.any([cancelled, wait.signal]);
      await this.#passOn(attempt(model, this.#request, { ...this.#options.budgets, signal }), wait);
      return undefined;
    } catch (error) {
      if (cancelled.aborted) return undefined;
      if (!(error instanceof ThinkingFault)) throw error;
      return error.kind === 'truncated' && this.#isWhole ? undefined : error;
    }
  }

  /** Words go through at once, tool calls only when the answer has come whole and they are good. */
  async #passOn(chunks: AsyncIterable<llm.ChatChunk>, wait: FirstTokenTimer): Promise<void> {
    const held: llm.ChatChunk[] = [];
    let isEmpty = true;
    for await (const chunk of chunks) {
      if (isAnswer(chunk)) isEmpty = false;
      if (chunk.usage) this.#options.onUsage?.(chunk.usage);
      if (chunk.delta?.toolCalls?.length) {
        held.push(chunk);
        continue;
      }
      this.#said += chunk.delta?.content ?? '';
      if (this.#hasSpoken) wait.end();
      this.queue.put(chunk);
    }
    if (isEmpty && this.#isAnswerDue) throw new ThinkingFault('malformed');
    await checkCalls(
      held.flatMap((chunk) => chunk.delta?.toolCalls ?? []),
      this.toolCtx,
    );
    wait.end();
    for (const chunk of held) this.queue.put(chunk);
  }

  /** All that was passed on is whole sentences. */
  get #isWhole(): boolean {
    return /[.!?]["')\]]*\s*$/.test(this.#said);
  }

  get #hasSpoken(): boolean {
    return this.#said.trim() !== '';
  }

  /** False after a tool's answer, to which a model may rightly have nothing to add. */
  get #isAnswerDue(): boolean {
    return this.chatCtx.items.at(-1)?.type !== 'function_call_output';
  }

  /** The model to try next. `later` are those still to be tried, and loses what is tried or ruled out. */
  #nextAfter(fault: ThinkingFault, model: llm.LLM, later: llm.LLM[]): llm.LLM | undefined {
    if (fault instanceof WrongCalls) {
      if (this.#isToldWrong) return undefined;
      this.#tellWrong(fault.wrong);
      return model;
    }
    if (this.#hasSpoken) return undefined;
    if (isOut(fault) && later[0] === model) later.shift();
    return later.shift();
  }

  #tellWrong(wrong: readonly string[]): void {
    this.#isToldWrong = true;
    const chatCtx = this.#request.chatCtx.copy();
    if (this.#hasSpoken) chatCtx.addMessage({ role: 'assistant', content: this.#said });
    const note = `No tool was run. ${wrong.join(' ')} Call it again with valid arguments, or ask.`;
    chatCtx.addMessage({ role: 'system', content: note });
    this.#request = { ...this.#request, chatCtx };
  }

  /** Half an answer is closed aloud: a caller who was told nothing would wait for the rest of it. */
  #giveUp(fault: ThinkingFault): void {
    if (!this.#hasSpoken) {
      const message = `No model answered in time; the last was ${fault.kind}`;
      throw new APIConnectionError({ message, options: { retryable: false } });
    }
    this.#put(this.#isWhole ? ` ${lostThread}` : `... ${lostThread}`);
  }

  #sayFiller(filler: string): void {
    this.#options.onFiller();
    this.#put(`${filler} `);
    // The voice would hold so short a sentence back until more text comes. The framework's LLM node
    // hands on whatever is in the stream, and this from there ends the piece of speech.
    this.queue.put(FlushSentinel as unknown as llm.ChatChunk);
  }

  #put(content: string): void {
    this.queue.put({ id: '', delta: { role: 'assistant', content } });
  }
}

/** True when asking the same model again would be of no use in this turn. */
function isOut({ status, retryAfterMs }: ThinkingFault): boolean {
  if ((retryAfterMs ?? 0) > longestPauseMs) return true;
  return status !== null && status >= 400 && status < 500 && !healing.includes(status);
}

/** Ends early when a signal aborts; who asked looks at the signal next. */
async function pause(ms: number, ...signals: AbortSignal[]): Promise<void> {
  await timers.setTimeout(ms, undefined, { signal: AbortSignal.any(signals) }).catch(() => {});
}

/** The caller's wait for the first word of an answer: covered by fillers, and not without end. */
class FirstTokenTimer {
  readonly #limit = new AbortController();
  readonly #limitTimer: NodeJS.Timeout;
  #fillerTimer: NodeJS.Timeout | undefined;

  /** `say` is called once for each filler of `fillers`; the signal aborts with `whenOver()`. */
  constructor(options: {
    readonly budgets: ThinkingBudgets;
    readonly fillers: readonly string[];
    readonly say: (filler: string) => void;
    readonly whenOver: () => Error;
  }) {
    const { budgets, fillers, say, whenOver } = options;
    const sayAfter = (ms: number, [filler, ...later]: readonly string[]) => {
      if (filler === undefined) return;
      this.#fillerTimer = setTimeout(() => {
        say(filler);
        sayAfter(budgets.nextFillerMs, later);
      }, ms);
    };
    sayAfter(budgets.fillerMs, fillers);
    this.#limitTimer = setTimeout(() => this.#limit.abort(whenOver()), budgets.turnMs);
  }

  /** Aborts when the wait has lasted `turnMs`. */
  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  /** The first word is there: no filler comes any more, and the limit does not bind. */
  end(): void {
    clearTimeout(this.#fillerTimer);
    clearTimeout(this.#limitTimer);
  }

  [Symbol.dispose](): void {
    this.end();
  }
}

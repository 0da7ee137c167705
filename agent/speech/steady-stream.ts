import {
  APIConnectionError,
  DEFAULT_API_CONNECT_OPTIONS,
  FlushSentinel,
  llm,
} from '@livekit/agents';
import timers from 'node:timers/promises';
import { FirstWordWait } from './llm/first-token-timer.ts';
import { attempt, type ChatRequest, ThinkingFault } from './llm/llm-request.ts';
import type { SteadyLlmOptions, ThinkingBudgets } from './llm/fallback-llm.ts';
import { checkCalls, WrongCalls } from './llm/tool-call-check.ts';

type SteadyStreamOptions = SteadyLlmOptions & {
  readonly budgets: ThinkingBudgets;
  readonly onFiller: () => void;
};

/** Of the 4xx, only these heal: the others say that the request, the key or the name is wrong. */
const healing = [408, 409, 429];
/** Before the same model again: a hiccup is over by then. Nothing to a caller who waits anyway. */
const samePauseMs = 200;
/** A provider that asks for more than this has the next model answer instead. */
const longestPauseMs = 1_000;

const lostThread = 'Sorry, I lost my train of thought. Could you say that again, please?';

/** One answer, from however many requests it takes. */
export class SteadyStream extends llm.LLMStream {
  readonly #options: SteadyStreamOptions;
  #request: ChatRequest;
  /** The answer as far as it was passed on; its words cannot be taken back. */
  #said = '';
  #isToldWrong = false;

  constructor(model: llm.LLM, request: ChatRequest, options: SteadyStreamOptions) {
    const connOptions = { ...DEFAULT_API_CONNECT_OPTIONS, maxRetry: 0 };
    super(model, { ...request, connOptions });
    this.#request = request;
    this.#options = options;
  }

  protected override async run(): Promise<void> {
    const cancelled = this.abortController.signal;
    if (cancelled.aborted) return;
    const { models, budgets, fillers, onTrouble } = this.#options;
    using wait = new FirstWordWait({
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

  async #tryOnce(model: llm.LLM, wait: FirstWordWait): Promise<ThinkingFault | undefined> {
    const cancelled = this.abortController.signal;
    try {
      const signal = AbortSignal.any([cancelled, wait.signal]);
      await this.#passOn(attempt(model, this.#request, { ...this.#options.budgets, signal }), wait);
      return undefined;
    } catch (error) {
      if (cancelled.aborted) return undefined;
      if (error instanceof ThinkingFault) return error;
      throw error;
    }
  }

  /** Words go through at once, tool calls only when the answer has come whole and they are good. */
  async #passOn(chunks: AsyncIterable<llm.ChatChunk>, wait: FirstWordWait): Promise<void> {
    const held: llm.ChatChunk[] = [];
    let isEmpty = true;
    for await (const chunk of chunks) {
      if (llm.hasResponse(chunk)) isEmpty = false;
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

  get #hasSpoken(): boolean {
    return this.#said.trim() !== '';
  }

  /** After a tool's answer a model may rightly have nothing to add. */
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
    const isWhole = /[.!?]["')\]]*\s*$/.test(this.#said);
    this.#put(isWhole ? ` ${lostThread}` : `... ${lostThread}`);
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

/** Whether asking the same model again would be of no use in this turn. */
function isOut({ status, retryAfterMs }: ThinkingFault): boolean {
  if ((retryAfterMs ?? 0) > longestPauseMs) return true;
  return status !== null && status >= 400 && status < 500 && !healing.includes(status);
}

/** Ends early when a signal aborts; who asked looks at the signal next. */
async function pause(ms: number, ...signals: AbortSignal[]): Promise<void> {
  await timers.setTimeout(ms, undefined, { signal: AbortSignal.any(signals) }).catch(() => {});
}

import { initializeLogger, llm } from '@livekit/agents';
import { z } from 'zod';
import {
  FallbackLlm,
  thinkingBudgets,
  type ThinkingTrouble,
} from '../../../../agent/speech/llm/fallback-llm.ts';
import { createOpenAiModel } from '../../../../agent/speech/llm/openai-model.ts';
import { type OpenAiEmulator, startOpenAiEmulator } from '../../../harness/emulators/openai.ts';
import { eventually } from '../../../harness/eventually.ts';

initializeLogger({ pretty: false, level: 'silent' });

export const primary = 'gpt-5.4-mini';
export const fallback = 'gpt-6-luna';
export const opening = 'Monday to Friday from seven to five.';
export const hours = 'What time do you open on Monday?';
export const search = 'do you have a mini excavator for tuesday to thursday';
/** What the emulated model looks for on `search`. */
export const found = { query: 'mini excavator', start: '2026-11-24', end: '2026-11-26' };

/** Instructions by which the emulated model answers `hours` with `opening`. */
export const instructions = [
  'You answer the telephone for Ridge Rentals.',
  `- Opening hours: ${opening}`,
  'Today is Sunday, 22 November 2026 (2026-11-22).',
].join('\n');

/** A busy machine must not look like a slow model, nor get a filler, unless a test is about it. */
const patient = { fillerMs: 60_000, firstTokenMs: 60_000, betweenTokensMs: 60_000, turnMs: 60_000 };
/** Gives up a silent model soon. */
export const impatient = {
  ...thinkingBudgets,
  fillerMs: 60_000,
  firstTokenMs: 700,
  betweenTokensMs: 700,
};

const apiKey = 'sk-emulated-openai-key';

type Options = ConstructorParameters<typeof FallbackLlm>[0];

/** OpenAI's emulator, and steady models on it. */
export class Thinking {
  readonly openai: OpenAiEmulator;

  private constructor(openai: OpenAiEmulator) {
    this.openai = openai;
  }

  static async start(): Promise<Thinking> {
    return new Thinking(await startOpenAiEmulator({ apiKey, llmLatencyMs: 10 }));
  }

  close(): Promise<void> {
    return this.openai.close();
  }

  /** Forgets the faults; rejects when a request of the test is still open. */
  async settled(): Promise<void> {
    this.openai.faults.clear();
    await eventually('no request is left behind', () => this.openai.openRequests() === 0);
  }

  /** A model with a second one behind it, the trouble it reports, and its failures. */
  steady(overrides: Partial<Options> = {}) {
    const troubles: ThinkingTrouble[] = [];
    const model = new FallbackLlm({
      models: [this.#plugin(primary), this.#plugin(fallback)],
      budgets: patient,
      fillers: [],
      onTrouble: (trouble) => void troubles.push(trouble),
      ...overrides,
    });
    const failures: { readonly recoverable: boolean }[] = [];
    model.on('error', (failure) => void failures.push(failure));
    return { model, troubles, failures };
  }

  #plugin(model: string): llm.LLM {
    return createOpenAiModel({ apiKey, baseUrl: this.openai.baseUrl, model });
  }

  ask(model: llm.LLM, userText: string): llm.LLMStream {
    const chatCtx = llm.ChatContext.empty();
    chatCtx.addMessage({ role: 'system', content: instructions });
    chatCtx.addMessage({ role: 'user', content: userText });
    return model.chat({ chatCtx, toolCtx: new llm.ToolContext({ find_equipment: finder() }) });
  }

  /** One answer: its words, and the arguments of the tool calls in it. */
  async answer(model: llm.LLM, userText = hours) {
    const { text, toolCalls } = await this.ask(model, userText).collect();
    return { text, calls: toolCalls.map((call) => JSON.parse(call.args) as unknown) };
  }

  /** The models that were asked, from the `from`-th request on. */
  models(from: number): string[] {
    const requests = this.openai.requests.slice(from);
    return requests.map(({ body }) => (JSON.parse(body) as { model: string }).model);
  }
}

/** The tool that the emulated model calls on `search`; `run` is told each time it runs. */
export function finder(run: () => void = () => {}) {
  return llm.tool({
    description: 'Finds units.',
    parameters: z.object({ query: z.string(), start: z.string(), end: z.string() }),
    execute: async () => {
      run();
      return 'nothing';
    },
  });
}

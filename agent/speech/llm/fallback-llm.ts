import { llm } from '@livekit/agents';
import { type ChatRequest, requestUnderWay, type ThinkingFaultKind } from './llm-request.ts';
import { SteadyStream } from '../steady-stream.ts';

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
  /** From filler to filler: a second to speak it, and then as long a silence as is bearable. */
  nextFillerMs: 3_500,
  /** Three to four times the usual time; three requests of it fit into `turnMs`. */
  firstTokenMs: 2_500,
  /** Tokens come every 10-30 ms; words already sent to the voice cover most of a pause. */
  betweenTokensMs: 2_000,
  /** From the request to the first word. Then the caller hears an apology instead. */
  turnMs: 8_000,
} as const;

/** As `thinkingBudgets`. */
export type ThinkingBudgets = Readonly<Record<keyof typeof thinkingBudgets, number>>;

/** What a `SteadyLlm` is made of. */
export type SteadyLlmOptions = {
  /** The primary model, tried twice, and what follows it, tried once each. */
  readonly models: readonly [llm.LLM, ...llm.LLM[]];
  readonly budgets?: Partial<ThinkingBudgets>;
  readonly onTrouble: (trouble: ThinkingTrouble) => void;
  /** Sentences that cover a wait, spoken in turn: 'One moment, please.' */
  readonly fillers: readonly string[];
};

/**
 * A model that always answers or fails in time: hung and broken requests are cut off and repeated
 * while nothing of the answer was said, first with the same model, then with the next.
 */
export class SteadyLlm extends llm.LLM {
  readonly #options: SteadyLlmOptions;
  #fillersSaid = 0;

  constructor(options: SteadyLlmOptions) {
    super();
    this.#options = options;
    for (const model of options.models) {
      model.on('error', ({ error }) => requestUnderWay.getStore()?.failed(error));
    }
  }

  override label(): string {
    return 'pickup.SteadyLlm';
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
    return new SteadyStream(this, request, {
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

import { FlushSentinel, llm } from '@livekit/agents';
import { randomUUID } from 'node:crypto';
import { ReadableStream } from 'node:stream/web';
import { z } from 'zod';
import { isAbout, withheldAs } from '../../../tools/guardrail/guardrail.ts';
import type { KnownFacts, Withheld } from '../../../tools/guardrail/guardrail.ts';

type Chunk = llm.ChatChunk | string | FlushSentinel;

/** Spoken in place of a sentence that nobody vouches for: true, and what happens next. */
const CHECKING = 'Let me check that for you.';
/** The last words of a model that twice had nothing to say but what nobody vouches for. */
const DONT_KNOW = "I don't know that. Shall I have someone call you back?";

/** A sentence of the model's own that the caller does not hear. */
type LeftOut = { readonly kind: Withheld; readonly sentence: string };

type ReplyOptions = {
  readonly chatCtx: llm.ChatContext;
  readonly toolCtx: llm.ToolContext;
  /** Asks the model for a reply. */
  readonly ask: (chatCtx: llm.ChatContext) => Promise<ReadableStream<Chunk> | null>;
  readonly facts: KnownFacts;
  /** Hears of the first sentence of a reply that is left out. */
  readonly onWithheld: (leftOut: LeftOut) => void;
};

/**
 * A reply of the model as the caller may hear it, each sentence from the moment it is whole. What
 * nobody vouches for is left out; then the tool that knows is called, when it is clear which, or the
 * model is asked once more.
 */
export function checkedReply(options: ReplyOptions): ReadableStream<Chunk> {
  const reply = new CheckedReply(options);
  const chunks = reply.chunks();
  return new ReadableStream<Chunk>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reply.cancel(reason),
  });
}

/** The parts of one answer of the model: heard, left out, and whether it calls a tool. */
type Outcome = { spoken: string; readonly leftOut: LeftOut[]; isCalling: boolean };

class CheckedReply {
  readonly #options: ReplyOptions;
  #reader: ReadableStreamDefaultReader<Chunk> | undefined;
  #isCancelled = false;
  #isTold = false;

  constructor(options: ReplyOptions) {
    this.#options = options;
  }

  async cancel(reason: unknown): Promise<void> {
    this.#isCancelled = true;
    await this.#reader?.cancel(reason);
  }

  async *chunks(): AsyncGenerator<Chunk, void> {
    const { chatCtx } = this.#options;
    const first = yield* this.#answer(chatCtx, CHECKING);
    const [leftOut] = first.leftOut;
    if (!leftOut || first.isCalling || this.#isCancelled) return;
    const call = toolFor(leftOut, this.#options);
    if (call) {
      yield { id: '', delta: { role: 'assistant', toolCalls: [call] } };
      return;
    }
    const second = yield* this.#answer(corrected(chatCtx, first), null);
    if (second.spoken === '' && !second.isCalling && !this.#isCancelled) yield DONT_KNOW;
  }

  async *#answer(
    chatCtx: llm.ChatContext,
    replacement: string | null,
  ): AsyncGenerator<Chunk, Outcome> {
    const outcome: Outcome = { spoken: '', leftOut: [], isCalling: false };
    const stream = this.#isCancelled ? null : await this.#options.ask(chatCtx);
    if (!stream) return outcome;
    const reader = stream.getReader();
    this.#reader = reader;
    if (this.#isCancelled) await reader.cancel();
    let held = '';
    for (;;) {
      const { done, value: chunk } = await reader.read();
      if (done || this.#isCancelled) break;
      const isWords = typeof chunk === 'string';
      const delta = isWords || chunk === FlushSentinel ? undefined : chunk.delta;
      const isCalling = Boolean(delta?.toolCalls?.length);
      const { whole, rest } = sentencesSoFar(held + (isWords ? chunk : (delta?.content ?? '')));
      held = rest;
      yield* this.#say(whole, outcome, replacement);
      if (isCalling || chunk === FlushSentinel) {
        yield* this.#say([held], outcome, replacement);
        held = '';
      }
      outcome.isCalling ||= isCalling;
      if (chunk === FlushSentinel) yield chunk;
      else if (!isWords) yield delta ? { ...chunk, delta: { ...delta, content: '' } } : chunk;
    }
    if (!this.#isCancelled) yield* this.#say([held], outcome, replacement);
    return outcome;
  }

  *#say(
    sentences: readonly string[],
    outcome: Outcome,
    replacement: string | null,
  ): Generator<string, void> {
    const { leftOut } = outcome;
    for (const sentence of sentences) {
      if (!/[\p{L}\p{N}{}[\]<>*#`]/u.test(sentence)) {
        if (sentence !== '' && leftOut.length === 0) yield sentence;
        continue;
      }
      const kind = withheldAs(sentence.trim(), this.#options.facts);
      // "Anything else?" after what was left out would ask for an end that is not reached.
      if (kind === null && leftOut.length > 0 && closing.test(sentence)) continue;
      if (kind === null) {
        outcome.spoken += sentence;
        yield sentence;
        continue;
      }
      leftOut.push({ kind, sentence: sentence.trim() });
      if (leftOut.length > 1) continue;
      if (!this.#isTold) this.#options.onWithheld({ kind, sentence: sentence.trim() });
      this.#isTold = true;
      if (replacement === null) continue;
      outcome.spoken += `${replacement} `;
      yield `${replacement} `;
    }
  }
}

const closing = /\b(?:anything|something) else\b|\bhelp (?:you )?with\b.*\?/i;
const boundary = /[.!?…]+["'”’)\]]*\s+(?=\S)|\s*\n+\s*/g;
/** A full stop after these ends no sentence. */
const abbreviated =
  /(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|St|No|Ave|Rd|approx|vs|e\.g|i\.e|etc|\d{1,2})\.\s*$/i;
const halfDay = /\b[ap]\.m\.\s*$/i;

/** The sentences that are whole, each with the space after it, and the beginning of the next. */
function sentencesSoFar(text: string): { whole: string[]; rest: string } {
  const whole: string[] = [];
  let from = 0;
  for (const { index, 0: end } of text.matchAll(boundary)) {
    const to = index + end.length;
    const sentence = text.slice(from, to);
    const isAbbreviated =
      /^\s*\d+\.\s*$/.test(sentence) || (abbreviated.test(sentence) && !/\d\.\s*$/.test(sentence));
    if (isAbbreviated || (halfDay.test(sentence) && /^[a-z0-9]/.test(text.slice(to)))) continue;
    whole.push(sentence);
    from = to;
  }
  return { whole, rest: text.slice(from) };
}

/** The conversation with a word to the model on why it was not heard. It quotes nothing. */
function corrected(chatCtx: llm.ChatContext, { spoken, leftOut }: Outcome): llm.ChatContext {
  const chat = chatCtx.copy();
  if (spoken.trim() !== '') chat.addMessage({ role: 'assistant', content: spoken.trim() });
  const kinds = [...new Set(leftOut.map(({ kind }) => kind))].join(', ');
  const content =
    `The rest of your answer was not spoken (${kinds}): no tool and no fact of the yard says so. ` +
    'Nothing was booked, changed or looked up. Call the tool that knows, or ask the caller. ' +
    'Do not say it again, and do not mention this note.';
  chat.addMessage({ role: 'system', content });
  return chat;
}

const reading = ['find_equipment', 'quote_rental', 'quote_delivery'];

/**
 * The last tool once more, when what the model claimed is what that tool knows: what is free and at
 * which price, or whether the caller's yes was one. Each tool that writes answers `not-confirmed`
 * for as long as it waits for that, and decides it by itself.
 */
function toolFor(
  { kind, sentence }: LeftOut,
  { chatCtx, toolCtx }: ReplyOptions,
): llm.FunctionCall | undefined {
  const last = chatCtx.items.findLast((item) => item.type === 'function_call');
  if (!last || !toolCtx.getFunctionTool(last.name)) return undefined;
  const output = chatCtx.items.findLast(
    (item) => item.type === 'function_call_output' && item.callId === last.callId,
  );
  if (output?.type !== 'function_call_output' || output.isError) return undefined;
  const isOpen = answerOf(output.output).problem === 'not-confirmed';
  const isFitting =
    kind === 'price' || kind === 'availability'
      ? reading.includes(last.name) && isAbout(sentence, output.output)
      : (kind === 'result' || kind === 'code') && isOpen;
  const { name, args } = last;
  const callId = `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
  return isFitting ? llm.FunctionCall.create({ callId, name, args }) : undefined;
}

const rate = z.string().nullish();
const unitFacts = z.object({
  name: z.string(),
  dailyRate: rate,
  weeklyRate: rate,
  fourWeekRate: rate,
  deposit: rate,
  notes: z.string().nullish(),
});
const toolAnswer = z.object({
  say: z.string().optional(),
  problem: z.string().optional(),
  units: z.array(unitFacts).optional().catch(undefined),
  alternatives: z.array(unitFacts).optional().catch(undefined),
});

function answerOf(output: string): z.infer<typeof toolAnswer> {
  try {
    return toolAnswer.parse(JSON.parse(output));
  } catch {
    return {};
  }
}

/** All that was said in this call, by whom; `staff` is what the sheet says. */
export function knownFacts(
  chatCtx: llm.ChatContext,
  staff: Pick<KnownFacts, 'yard' | 'machines' | 'today'>,
): KnownFacts {
  const answers = chatCtx.items.flatMap((item) =>
    item.type === 'function_call_output' && !item.isError ? [answerOf(item.output)] : [],
  );
  const found = answers.flatMap(({ units = [], alternatives = [] }) => [...units, ...alternatives]);
  const notes = found.flatMap(({ name, notes: text }) => (text ? [[name, text] as const] : []));
  return {
    tools: answers.map(({ say = '', units = [], alternatives = [] }) =>
      [say, ...[...units, ...alternatives].map(ratesOf)].join(' '),
    ),
    yard: [...staff.yard, ...notes],
    caller: chatCtx.items.flatMap((item) =>
      item.type === 'message' && item.role === 'user' ? [item.textContent ?? ''] : [],
    ),
    machines: staff.machines ?? [],
    today: staff.today ?? null,
  };
}

function ratesOf(unit: z.infer<typeof unitFacts>): string {
  const rates = [
    unit.dailyRate && `${unit.dailyRate} a day`,
    unit.weeklyRate && `${unit.weeklyRate} a week`,
    unit.fourWeekRate && `${unit.fourWeekRate} for four weeks`,
    unit.deposit && `a ${unit.deposit} deposit`,
  ];
  return `The ${unit.name} has a rate of ${rates.filter(Boolean).join(', ')}.`;
}

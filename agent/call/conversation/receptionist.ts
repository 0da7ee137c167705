import { voice } from '@livekit/agents';
import type { llm } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { ReadableStream, TransformStream } from 'node:stream/web';
import { z } from 'zod';
import type { KnownFacts, Withheld } from '../../../tools/guardrail/guardrail.ts';
import { withoutCardNumbers } from '../../../tools/journal/card-numbers.ts';
import { shortChat } from '../../speech/llm/short-chat.ts';
import { checkedReply, knownFacts } from './checked-reply.ts';
import { Duty } from './response-gate.ts';

const answerInWords = z.object({ say: z.string().min(1) });

type LlmNode = voice.Agent['llmNode'];
type SttNode = voice.Agent['sttNode'];

type StaffWords = Pick<KnownFacts, 'yard' | 'machines' | 'today'>;

/**
 * The agent as the framework runs it. What a tool worded is spoken as it stands, not handed back to
 * the model for another wording: a price or a date is never misread, and the caller hears it one
 * model round trip sooner. What the model says by itself is spoken as far as a tool, the sheet or the
 * caller vouches for it.
 */
export class Receptionist extends voice.Agent {
  /** Off duty it listens, and answers nothing. */
  readonly duty = new Duty();
  readonly #staff: () => StaffWords;
  readonly #instructionsNow: () => string;
  readonly #onWithheld: (kind: Withheld) => void;
  readonly #goesToPerson: (said: llm.ChatMessage) => boolean;
  readonly #onHeard: ((frame: AudioFrame) => void) | undefined;
  /** A reply that is prepared too early is asked for twice, and told of once. */
  #lastWithheld = '';

  /** `staff` is what the sheet says at the moment. */
  constructor({
    staff,
    instructions,
    onWithheld,
    goesToPerson,
    onHeard,
    ...options
  }: Omit<voice.AgentOptions<unknown>, 'instructions'> & {
    readonly staff: () => StaffWords;
    /** They change when midnight passes. */
    readonly instructions: () => string;
    readonly onWithheld: (kind: Withheld) => void;
    /** True for words of the caller that code answers, and no model. */
    readonly goesToPerson: (said: llm.ChatMessage) => boolean;
    /** Told of each frame of the caller's. */
    readonly onHeard: ((frame: AudioFrame) => void) | undefined;
  }) {
    super({ ...options, instructions: instructions() });
    this.#staff = staff;
    this.#instructionsNow = instructions;
    this.#onWithheld = onWithheld;
    this.#goesToPerson = goesToPerson;
    this.#onHeard = onHeard;
  }

  override async sttNode(...args: Parameters<SttNode>): ReturnType<SttNode> {
    const [audio, settings] = args;
    const onHeard = this.#onHeard;
    if (!onHeard) return super.sttNode(audio, settings);
    const tap = new TransformStream<AudioFrame, AudioFrame>({
      transform: (frame, controller) => {
        onHeard(frame);
        controller.enqueue(frame);
      },
    });
    const stream = 'pipeThrough' in audio ? audio : ReadableStream.from(audio);
    return super.sttNode(stream.pipeThrough(tap), settings);
  }

  // oxlint-disable-next-line typescript/require-await -- the framework's own signature
  override async onUserTurnCompleted(_chat: llm.ChatContext, said: llm.ChatMessage): Promise<void> {
    forgetCards(said);
    if (!this.duty.answers(said.textContent ?? '')) throw new voice.StopResponse();
  }

  override async llmNode(...args: Parameters<LlmNode>): ReturnType<LlmNode> {
    const [chatCtx] = args;
    // An answer may be prepared before the caller's turn has ended.
    for (const item of chatCtx.items) if (item.type === 'message') forgetCards(item);
    const system = chatCtx.items.find((item) => item.type === 'message' && item.role === 'system');
    if (system?.type === 'message') system.content = [this.#instructionsNow()];
    if (!this.duty.isOn) return null;
    const last = chatCtx.items.at(-1);
    if (last?.type === 'message' && last.role === 'user' && this.#goesToPerson(last)) return null;
    const words = wordsOfTools(chatCtx);
    if (words !== undefined) return ReadableStream.from([words]);
    const [, toolCtx, settings] = args;
    const facts = knownFacts(chatCtx, this.#staff());
    return checkedReply({
      chatCtx,
      toolCtx,
      facts,
      ask: (chat) => super.llmNode(shortChat(chat), toolCtx, settings),
      onWithheld: ({ kind, sentence }) => {
        const known = JSON.stringify([facts.caller.at(-1), sentence]);
        if (known !== this.#lastWithheld) this.#onWithheld(kind);
        this.#lastWithheld = known;
      },
    });
  }
}

/**
 * The sentences of the tool answers that end the conversation so far, or undefined when there are
 * none or when one of them failed and the model must decide what to do.
 */
export function wordsOfTools(chatCtx: llm.ChatContext): string | undefined {
  const sentences: string[] = [];
  let hasBooked = false;
  for (const item of chatCtx.items.toReversed()) {
    if (item.type === 'function_call') continue;
    if (item.type !== 'function_call_output') break;
    // A tool that worded nothing sees to what the caller hears.
    if (item.output === '') continue;
    // Called once for each machine of a reply, its last answer is about all of them.
    const isCovered = item.name === 'book_equipment' && hasBooked;
    hasBooked ||= item.name === 'book_equipment';
    if (isCovered) continue;
    const words = item.isError ? undefined : sentenceOf(item.output);
    if (words === undefined) return undefined;
    sentences.unshift(words);
  }
  return sentences.length > 0 ? sentences.join(' ') : undefined;
}

/** Keeps payment cards from the model and from the store. */
function forgetCards(said: llm.ChatMessage): void {
  if (said.role !== 'user') return;
  said.content = said.content.map((part) =>
    typeof part === 'string' ? withoutCardNumbers(part) : part,
  );
}

function sentenceOf(output: string): string | undefined {
  try {
    return answerInWords.parse(JSON.parse(output)).say;
  } catch {
    return undefined;
  }
}

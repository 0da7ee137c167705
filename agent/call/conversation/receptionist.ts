import { voice } from '@livekit/agents';
import type { llm } from '@livekit/agents';
import { ReadableStream } from 'node:stream/web';
import { z } from 'zod';
import { withoutCardNumbers } from '../../../tools/journal/card-numbers.ts';
import { Duty } from './response-gate.ts';

const answerInWords = z.object({ say: z.string().min(1) });

type LlmNode = voice.Agent['llmNode'];

/**
 * The agent as the framework runs it. What a tool worded is spoken as it stands, not handed back to
 * the model for another wording: a price or a date is never misread, and the caller hears it one
 * model round trip sooner.
 */
export class Receptionist extends voice.Agent {
  /** Off duty it listens, and answers nothing. */
  readonly duty = new Duty();

  // oxlint-disable-next-line typescript/require-await -- the framework's own signature
  override async onUserTurnCompleted(_chat: llm.ChatContext, said: llm.ChatMessage): Promise<void> {
    forgetCards(said);
    if (!this.duty.answers(said.textContent ?? '')) throw new voice.StopResponse();
  }

  override async llmNode(...args: Parameters<LlmNode>): ReturnType<LlmNode> {
    const [chatCtx] = args;
    // An answer may be prepared before the caller's turn has ended.
    for (const item of chatCtx.items) if (item.type === 'message') forgetCards(item);
    if (!this.duty.isOn) return null;
    const words = wordsOfTools(chatCtx);
    return words === undefined ? super.llmNode(...args) : ReadableStream.from([words]);
  }
}

/**
 * The sentences of the tool answers that end the conversation so far, or undefined when there are
 * none or when one of them failed and the model must decide what to do.
 */
export function wordsOfTools(chatCtx: llm.ChatContext): string | undefined {
  const sentences: string[] = [];
  for (const item of chatCtx.items.toReversed()) {
    if (item.type === 'function_call') continue;
    if (item.type !== 'function_call_output') break;
    const words = item.isError ? undefined : sentenceOf(item.output);
    if (words === undefined) return undefined;
    sentences.unshift(words);
  }
  return sentences.length > 0 ? sentences.join(' ') : undefined;
}

/** Nothing of a payment card goes to the model, or is kept. */
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

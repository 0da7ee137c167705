import { llm } from '@livekit/agents';
import { z } from 'zod';
import { withoutCardNumbers } from '../../../tools/journal/card-numbers.ts';
import { resumeKinds } from '../../ipc/messages.ts';
import type { ResumeKind } from '../../ipc/messages.ts';
import type { SavedItem } from '../../ipc/saved-call.ts';

const dispatchOrder = z.object({
  supersedes: z.string().nullish(),
  resume: z.enum(resumeKinds).nullish(),
});

/** A dispatch of the guardian: whose claim may be taken over, and how. */
export type DispatchOrder = {
  readonly supersedes: string | undefined;
  readonly resume: ResumeKind | null;
};

/** Reads the dispatch's metadata; LiveKit's own dispatches have none. */
export function readDispatchOrder(metadata: string): DispatchOrder {
  try {
    const { supersedes, resume } = dispatchOrder.parse(JSON.parse(metadata));
    return { supersedes: supersedes ?? undefined, resume: resume ?? null };
  } catch {
    return { supersedes: undefined, resume: null };
  }
}

/** A call's talk is kept up to this many items; the model needs no more, and two hours have many. */
const maxItems = 120;

/** The talk in our own shape: the framework's may change with its version. */
export function savedItems(chatCtx: llm.ChatContext): SavedItem[] {
  const outputs = new Map<string, llm.FunctionCallOutput>();
  for (const item of chatCtx.items) {
    if (item.type === 'function_call_output') outputs.set(item.callId, item);
  }
  const saved: SavedItem[] = [];
  for (const item of chatCtx.items) {
    if (item.type === 'message' && (item.role === 'user' || item.role === 'assistant')) {
      const by = item.role === 'user' ? 'caller' : 'agent';
      const { textContent = '', interrupted } = item;
      const words = withoutCardNumbers(textContent);
      saved.push({ kind: 'spoken', by, words, interrupted });
    }
    if (item.type === 'function_call') {
      const { callId: id, name, args } = item;
      const answer = outputs.get(id);
      const output = answer?.output ?? null;
      saved.push({ kind: 'tool', id, name, args, output, isError: answer?.isError ?? false });
    }
  }
  return saved.slice(-maxItems);
}

/** The same for the framework. A tool that had not answered is left out: nothing is run again. */
export function chatOf(items: readonly SavedItem[]): llm.ChatContext {
  const chat = llm.ChatContext.empty();
  // The framework sorts by time of creation.
  let createdAt = Date.now() - items.length * 2;
  for (const item of items) {
    createdAt += 2;
    if (item.kind === 'spoken') {
      const { words, interrupted } = item;
      const role = item.by === 'caller' ? 'user' : 'assistant';
      chat.items.push(llm.ChatMessage.create({ role, content: words, interrupted, createdAt }));
    } else if (item.output !== null) {
      const { id: callId, name, args, output, isError } = item;
      chat.items.push(
        llm.FunctionCall.create({ callId, name, args, createdAt }),
        llm.FunctionCallOutput.create({ callId, name, output, isError, createdAt: createdAt + 1 }),
      );
    }
  }
  return chat;
}

/** The answer that the caller still waits for: the words of a tool, an answer to what they said, or nothing. */
export function unanswered(items: readonly SavedItem[]): 'tool' | 'caller' | null {
  const last = items.findLast((item) => item.kind === 'spoken' || item.output !== null);
  if (!last) return null;
  if (last.kind === 'tool') return last.name === 'end_call' ? null : 'tool';
  return last.by === 'caller' ? 'caller' : null;
}

/** The words of the agent that were broken off; null when that is not what was last said. */
export function brokenOff(items: readonly SavedItem[]): string | null {
  const last = items.at(-1);
  return last?.kind === 'spoken' && last.by === 'agent' && last.interrupted ? last.words : null;
}

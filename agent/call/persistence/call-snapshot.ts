import { llm } from '@livekit/agents';
import { z } from 'zod';
import { withoutCardNumbers } from '../../../tools/journal/card-numbers.ts';
import { resumeKinds } from '../../ipc/messages.ts';
import type { ResumeKind } from '../../ipc/messages.ts';

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

const spoken = z.object({
  kind: z.literal('spoken'),
  by: z.enum(['caller', 'agent']),
  words: z.string(),
  interrupted: z.boolean(),
});
const toolUse = z.object({
  kind: z.literal('tool'),
  id: z.string(),
  name: z.string(),
  args: z.string(),
  /** Null when the tool had not answered yet. */
  output: z.string().nullable(),
  isError: z.boolean(),
});
const savedItem = z.union([spoken, toolUse]);

/** One thing said or done in a call. */
export type SavedItem = z.infer<typeof savedItem>;

const savedTalk = z.object({
  items: z.array(savedItem),
  callerTurns: z.number(),
  callerWords: z.string(),
  asked: z
    .object({
      about: z.enum(['booking', 'cancelling', 'changing']),
      key: z.string(),
      lines: z
        .array(z.object({ machine: z.string(), start: z.string(), end: z.string() }))
        .readonly(),
      totalCents: z.number().nullish(),
      depositCents: z.number().nullish(),
      customer: z.string().nullish(),
      phone: z.string().nullish(),
      question: z.string(),
      mustHear: z.string(),
      since: z.array(z.object({ by: z.enum(['caller', 'agent']), words: z.string() })).readonly(),
      unclear: z.number(),
    })
    .nullable(),
  wrongCodes: z.number(),
  /** Codes of the messages taken, by what was in them. */
  messages: z.record(z.string(), z.string()),
  /** The caller stopped speaking then, by the wall clock, if nothing was said to them since. */
  callerWaitsSinceMs: z.number().nullish(),
  /** The same; but now, while they speak. */
  callerHeardAtMs: z.number().nullish(),
});

/** The talk so far, for the job that goes on with it. */
export type SavedTalk = z.infer<typeof savedTalk>;

const transferFigures = z.object({
  outcome: z.enum(['transferred', 'refused', 'no-answer', 'failed']),
  sipStatus: z.number().nullable(),
});

const savedCall = z.object({
  version: z.literal(1),
  startedAtMs: z.number(),
  answeredAtMs: z.number().nullable(),
  talk: savedTalk,
  figures: z.object({
    latenciesMs: z.array(z.number()),
    tools: z.array(z.string()),
    providerFailures: z.number(),
    firstAgentSpeechAtMs: z.number().nullable(),
    packetsIn: z.number(),
    handovers: z.number(),
    takeovers: z.number(),
    packetsOut: z.number(),
    lastPacketInAtMs: z.number().nullable(),
    lastPacketOutAtMs: z.number().nullable(),
    framesOut: z.number(),
    lastCallerSpeechAtMs: z.number().nullable(),
    lastAgentSpeechAtMs: z.number().nullable(),
    lastTranscriptAtMs: z.number().nullable(),
    transfer: transferFigures.nullable(),
  }),
  gap: z.object({
    attemptsUsed: z.number(),
    lastAttemptAtMs: z.number().nullable(),
    openSinceMs: z.number().nullable(),
    figures: z.object({
      gaps: z.number(),
      longestRecoveryMs: z.number().nullable(),
      attempts: z.number(),
      recovered: z.number(),
      byStep: z.object({ ask: z.number(), resubscribe: z.number(), rejoin: z.number() }),
    }),
  }),
  silencePrompts: z.number(),
  /** The turn at which an agent last died of the call, and how many in a row did at that one. */
  lastCrash: z.object({ callerTurns: z.number(), times: z.number() }).optional(),
});

/**
 * All that a fresh job needs to go on with a call. From the first release on the shape only grows,
 * with optional members: an older or a newer release reads it.
 */
export type SavedCall = z.infer<typeof savedCall>;

/** Reads what `JSON.stringify` made of a saved call; undefined when it is of another version. */
export function savedCallFrom(json: string): SavedCall | undefined {
  try {
    return savedCall.parse(JSON.parse(json));
  } catch {
    return undefined;
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

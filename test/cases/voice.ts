import { llm } from '@livekit/agents';
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { ReadableStream } from 'node:stream/web';
import { z } from 'zod';
import { checkedReply, knownFacts } from '../../agent/call/conversation/checked-reply.ts';

/** What was said in a call, and sentences that a model says in it by itself. */
const voiceFile = z.object({
  context: z.object({
    'tools said': z.array(z.string()),
    yard: z.record(z.string(), z.string()),
    'caller said': z.array(z.string()),
  }),
  cases: z.array(z.object({ says: z.string(), spoken: z.boolean() })),
});

type VoiceFile = z.infer<typeof voiceFile>;

/**
 * Has a model say each sentence in the file's context, and looks whether the caller hears it.
 * @throws when the file is none.
 */
export async function run(path: string, { json }: { readonly json?: unknown }): Promise<boolean> {
  const { context, cases } = voiceFile.parse(JSON.parse(await readFile(path, 'utf8')));
  let areAllRight = true;
  for (const { says, spoken: want } of cases) {
    const heard = await isHeard(says, context);
    const ok = heard === want;
    areAllRight &&= ok;
    const line = { says, heard, want, ok };
    console.log(
      json
        ? JSON.stringify(line)
        : `${ok ? 'ok   ' : 'WRONG'} ${heard ? 'heard' : 'not  '}  ${says}`,
    );
  }
  return areAllRight;
}

/** Whether the sentence, written in pieces as a model does, comes through the check. */
export async function isHeard(says: string, context: VoiceFile['context']): Promise<boolean> {
  const chatCtx = chatOf(context);
  const pieces = says.match(/\s*\S{1,12}/g) ?? [];
  let isWithheld = false;
  const reply = checkedReply({
    chatCtx,
    toolCtx: llm.ToolContext.empty(),
    facts: knownFacts(chatCtx, { yard: Object.entries(context.yard) }),
    ask: async () => ReadableStream.from(pieces),
    onWithheld: () => void (isWithheld = true),
  });
  return (await readText(reply)).includes(says) && !isWithheld;
}

function chatOf(context: VoiceFile['context']): llm.ChatContext {
  const chat = llm.ChatContext.empty();
  for (const words of context['caller said']) chat.addMessage({ role: 'user', content: words });
  for (const [i, say] of context['tools said'].entries()) {
    const callId = `call_${i}`;
    const output = JSON.stringify({ say });
    chat.items.push(
      llm.FunctionCallOutput.create({ callId, name: 'a tool', output, isError: false }),
    );
  }
  return chat;
}

import { llm } from '@livekit/agents';
import type { voice } from '@livekit/agents';
import { z } from 'zod';
import type { BookingTalk } from './dialogue/dialogue-memory.ts';
import { keepOpenAnswer } from './dialogue/text-consent.ts';
import { runTool, type ToolDeps } from './tool.ts';

/** The reply in which the tool was called: its words, and the answers of its other tools. */
type Reply = Pick<voice.SpeechHandle, 'addDoneCallback' | 'interrupted' | 'chatItems'>;

/**
 * Begins the end of the call, which itself says goodbye and hangs up; after the reply in which it
 * was called has been spoken, so that "You're booked" is heard to its end. A caller who talks over
 * that, or was asked something by it, goes on with the call.
 */
async function endCall(deps: Pick<ToolDeps, 'endCall'>, reply?: Reply): Promise<undefined> {
  if (!reply) await deps.endCall();
  reply?.addDoneCallback(() => {
    if (!reply.interrupted && !reply.chatItems.some(asksCaller)) void deps.endCall();
  });
  // Without an output the framework asks the model for no reply: nothing is said but the goodbye.
  return undefined;
}

const inWords = z.object({ say: z.string() });

/** True when a tool's answer needs one of the caller's; "Is there anything else?" does not. */
function asksCaller(item: llm.ChatItem): boolean {
  if (item.type !== 'function_call_output' || item.output === '') return false;
  try {
    const { say } = inWords.parse(JSON.parse(item.output));
    return /\?\s*$/.test(say) && !/\banything else\?\s*$/i.test(say);
  } catch {
    return false;
  }
}

/** `end_call`, as the model sees it. */
export function endCallTool(deps: ToolDeps, talk: BookingTalk) {
  return llm.tool({
    description:
      'Says goodbye and hangs up. Use it once the caller is clearly done, such as after "no, ' +
      'that\'s all, bye". Never to pause or hold, and never when unsure. Say nothing yourself: ' +
      'the goodbye is spoken for you.',
    execute: (
      _args,
      {
        abortSignal,
        ctx,
      }: { readonly abortSignal: AbortSignal; readonly ctx?: { readonly speechHandle?: Reply } },
    ) =>
      runTool(deps, { name: 'end_call', abortSignal }, async () => {
        await keepOpenAnswer(deps, talk);
        return endCall(deps, ctx?.speechHandle);
      }),
  });
}

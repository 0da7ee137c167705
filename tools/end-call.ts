import { llm } from '@livekit/agents';
import { runTool, type ToolDeps } from './tool.ts';

/** Begins the end of the call; the call itself says goodbye and hangs up. */
export async function endCall(deps: Pick<ToolDeps, 'endCall'>): Promise<undefined> {
  await deps.endCall();
  // Without an output the framework asks the model for no reply: nothing is said but the goodbye.
  return undefined;
}

/** `end_call`, as the model sees it. */
export function endCallTool(deps: ToolDeps) {
  return llm.tool({
    description:
      'Says goodbye and hangs up. Use it once the caller is clearly done, such as after "no, ' +
      'that\'s all, bye". Never to pause or hold, and never when unsure. Say nothing yourself: ' +
      'the goodbye is spoken for you.',
    execute: (_args, { abortSignal }) =>
      runTool(deps, { name: 'end_call', abortSignal }, () => endCall(deps)),
  });
}

import { llm } from '@livekit/agents';
import { z } from 'zod';
import type { BookingTalk } from './dialogue/dialogue-memory.ts';
import { takeTextConsent } from './dialogue/text-consent.ts';
import { modelArguments } from './model-arguments.ts';
import { runTool, type ToolDeps } from './tool.ts';

const textConfirmationsArgs = modelArguments({
  welcome: z.boolean().describe('False when they want no texts, or no more of them.'),
});

const notKept = {
  say: "I'm sorry, I can't change anything about texts right now. Shall I take a message?",
  problem: 'not-kept',
} as const;

/** `text_confirmations`, as the model sees it; there is none where nothing sends texts. */
export function textConfirmationsTool(deps: ToolDeps, talk: BookingTalk) {
  return llm.tool({
    description:
      "Takes the caller's answer when they were asked whether to text the confirmation, and their " +
      'wish for texts or for no more of them. Use it right after they have answered. A text comes ' +
      'only when `say` says so.',
    parameters: textConfirmationsArgs,
    execute: ({ welcome }, { ctx, abortSignal }) =>
      runTool(
        deps,
        { name: 'text_confirmations', abortSignal, whenFailed: notKept, whenLate: notKept },
        (signal) =>
          takeTextConsent(
            deps,
            { isWelcome: welcome },
            { talk, signal, keepFloor: () => ctx.disallowInterruptions() },
          ),
      ),
  });
}

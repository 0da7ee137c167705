import { llm } from '@livekit/agents';
import { z } from 'zod';
import { modelArguments } from './model-arguments.ts';
import { runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import { onDuty } from './yard/on-duty.ts';
import { sheetText } from './yard/sheet-text.ts';

const maxAboutLength = 200;

const transferArgs = modelArguments({
  about: z.string().max(1_000).nullish().describe('In one sentence, what the caller wants.'),
});

const nobodyToAsk = {
  say: "I'm sorry, I can't put you through from here. Shall I take a message?",
  problem: 'nobody-to-transfer-to',
} as const;

const nobodyOnDuty = {
  say: "I'm sorry, nobody takes calls at this hour. Shall I take a message?",
  problem: 'nobody-on-duty',
} as const;

/**
 * Begins the transfer to those of the yard's sheet who take calls now. The call itself says so, waits until that
 * was heard, and tells the caller when nobody takes it.
 */
export function transferToHuman(
  deps: Pick<ToolDeps, 'inventory' | 'transfer' | 'clock'>,
  args: z.infer<typeof transferArgs> = {},
): ToolAnswer | undefined {
  const yard = deps.inventory()?.yard;
  if (!deps.transfer || !yard || yard.transferTo.length === 0) return nobodyToAsk;
  const numbers = onDuty(yard.transferTo, yard.timeZone, deps.clock.nowMs());
  if (numbers.length === 0) return nobodyOnDuty;
  const about = sheetText(args.about ?? '', maxAboutLength);
  deps.transfer(numbers, about === '' ? undefined : about);
  // Without an output the framework asks the model for no reply: it must not talk meanwhile.
  return undefined;
}

/**
 * `transfer_to_human`, as the model sees it. It takes no number: one that the caller or the model
 * could name would be a way to call anywhere at the yard's expense.
 */
export function transferToHumanTool(deps: ToolDeps) {
  return llm.tool({
    description:
      'Puts the caller through to the staff, at the numbers that the yard has set. Use it when ' +
      'the caller asks for a person, or presses for one. It cannot dial any other number. Say ' +
      'nothing yourself: what the caller hears is spoken for you.',
    parameters: transferArgs,
    execute: (args, { abortSignal }) =>
      runTool(deps, { name: 'transfer_to_human', abortSignal, whenFailed: nobodyToAsk }, () =>
        transferToHuman(deps, args),
      ),
  });
}

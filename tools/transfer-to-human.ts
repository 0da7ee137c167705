import { llm } from '@livekit/agents';
import { runTool, type ToolAnswer, type ToolDeps } from './tool.ts';

const nobodyToAsk = {
  say: "I'm sorry, I can't put you through from here. Shall I take a message?",
  problem: 'nobody-to-transfer-to',
} as const;

/**
 * Begins the transfer to the numbers of the yard's sheet. The call itself says so, waits until that
 * was heard, and tells the caller when nobody takes it.
 */
export function transferToHuman(
  deps: Pick<ToolDeps, 'inventory' | 'transfer'>,
): ToolAnswer | undefined {
  const numbers = deps.inventory()?.yard.transferTo ?? [];
  if (!deps.transfer || numbers.length === 0) return nobodyToAsk;
  deps.transfer(numbers);
  // Without an output the framework asks the model for no reply: it must not talk meanwhile.
  return undefined;
}

/**
 * `transfer_to_human`, as the model sees it. It takes no arguments: a number that the caller or the
 * model could name would be a way to call anywhere at the yard's expense.
 */
export function transferToHumanTool(deps: ToolDeps) {
  return llm.tool({
    description:
      'Puts the caller through to the staff, at the numbers that the yard has set. Use it when ' +
      'the caller asks for a person, or presses for one. It cannot dial any other number. Say ' +
      'nothing yourself: what the caller hears is spoken for you.',
    execute: (_args, { abortSignal }) =>
      runTool(deps, { name: 'transfer_to_human', abortSignal, whenFailed: nobodyToAsk }, () =>
        transferToHuman(deps),
      ),
  });
}

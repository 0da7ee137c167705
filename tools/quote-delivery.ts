import { llm } from '@livekit/agents';
import { z } from 'zod';
import { runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import { deliveryFee, spokenFee, spokenWindow } from './yard/delivery.ts';
import { sheetText } from './yard/sheet-text.ts';
import { spokenList } from './yard/spoken.ts';
import { listUnreachable } from './yard/snapshot.ts';

const quoteDeliveryArgs = z.object({
  address: z.string().max(400).nullish().describe('Street, town and ZIP code, as far as known.'),
  miles: z.number().nullish().describe('Miles from the yard, only if the caller named a number.'),
});

/** Prices a delivery by the yard's table, and says when the yard delivers. */
export function quoteDelivery(
  deps: Pick<ToolDeps, 'inventory'>,
  args: z.infer<typeof quoteDeliveryArgs>,
): ToolAnswer {
  const yard = deps.inventory()?.yard;
  if (!yard) return listUnreachable;
  const { deliveryRules: rules, currency } = yard;
  const address = sheetText(args.address ?? '', 120);
  const fee = deliveryFee(rules, { address, miles: args.miles });
  const { windows = [] } = rules ?? {};
  const when =
    windows.length > 0 ? ` We deliver ${spokenList(windows.map(spokenWindow), 'or')}.` : '';
  if (fee.kind === 'known') return { say: `Delivery there is ${spokenFee(fee, currency)}.${when}` };
  if (fee.kind === 'distance') {
    return { say: 'About how many miles is that from the yard?', problem: 'distance-missing' };
  }
  const hasPlace = address !== '' || typeof args.miles === 'number';
  return hasPlace
    ? { say: `The yard will confirm the delivery fee for there.${when}`, problem: 'no-fee' }
    : { say: 'Where is it to be delivered, with the town and the ZIP code?', problem: 'where' };
}

/** `quote_delivery`, as the model sees it. */
export function quoteDeliveryTool(deps: ToolDeps) {
  return llm.tool({
    description:
      'Says what a delivery costs, and when the yard delivers. Use it whenever a caller asks for ' +
      'the price of a delivery; never work one out yourself.',
    parameters: quoteDeliveryArgs,
    execute: (args, { abortSignal }) =>
      runTool(deps, { name: 'quote_delivery', abortSignal }, () => quoteDelivery(deps, args)),
  });
}

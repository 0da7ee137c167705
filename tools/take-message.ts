import { llm } from '@livekit/agents';
import { z } from 'zod';
import { modelArguments } from './model-arguments.ts';
import { writing, type BookingTalk } from './dialogue/dialogue-memory.ts';
import { askNumber, numbersOf, runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import { limitsOf } from './yard/equipment.ts';
import { toldPhone } from './yard/phone.ts';
import { isNoName } from './yard/same-customer.ts';
import { maxNameLength, sheetText } from './yard/sheet-text.ts';

/** Longer messages are cut: staff call back anyway. */
const maxMessageLength = 1_000;

const takeMessageArgs = modelArguments({
  message: z.string().max(4_000).describe("What to pass on, in the caller's own words."),
  customer: z.string().max(200).nullish().describe("The caller's name, if it was said."),
  phone: z
    .string()
    .max(40)
    .nullish()
    .describe('Only if the caller wants another number than the one they call from.'),
  urgent: z.boolean().nullish().describe('True for a machine that broke down on site.'),
});

/** `message` is the code of what was written down; absent when nothing was. */
export type TakeMessageAnswer = ToolAnswer & { readonly message?: string };

/**
 * Writes down what the caller wants to be passed on, with a number to call back.
 * @throws {StoreError} when the store fails: then nothing was written down; {UnsureError} when it may be.
 */
export async function takeMessage(
  deps: ToolDeps,
  args: z.infer<typeof takeMessageArgs>,
  talk: BookingTalk,
): Promise<TakeMessageAnswer> {
  const said = sheetText(args.message, maxMessageLength);
  const text = args.urgent && said !== '' ? `URGENT: ${said}` : said;
  if (text === '') {
    return { say: 'What would you like me to pass on?', problem: 'message-missing' };
  }
  const { own, phone } = numbersOf(deps, args.phone);
  if (phone === null) return askNumber(args.phone);
  const named = sheetText(args.customer ?? '', maxNameLength);
  const customer = isNoName(named) ? null : named;
  const number = toldPhone(phone, phone === own);
  const say = `I've written that down, and someone will call you back at ${number}. Is there anything else?`;
  const key = JSON.stringify([text, customer, phone]);
  const taken = talk.messages.get(key);
  if (taken !== undefined) return { say, message: taken };
  const { desk } = deps;
  if (!desk) return notKept;
  if (talk.messages.size >= limitsOf(deps.inventory()?.yard).messagesPerCall) return enough;
  const message = { text, customer, phone, ...(args.urgent ? { kind: 'urgent' as const } : {}) };
  const { code } = await writing(talk, 'message', () => desk.takeMessage(message));
  talk.messages.set(key, code);
  return { say, message: code };
}

const enough = {
  say: "I've passed on all your messages, and someone will call you back about them.",
  problem: 'past-limit',
} as const;

const notKept = {
  say: "I'm sorry, I can't take a message right now. Please call again a little later.",
  problem: 'not-kept',
} as const;

const keptUnsure = {
  say:
    "I'm sorry, something is slow on our side, and I can't say yet whether that is written down. " +
    'Shall I try once more?',
  problem: 'unsure',
} as const;

/** `take_message`, as the model sees it. */
export function takeMessageTool(deps: ToolDeps, talk: BookingTalk) {
  return llm.tool({
    description:
      'Writes down a message for the staff, who call back. Use it when you cannot help, or when ' +
      'the caller asks for it. Ask what it is about first.',
    parameters: takeMessageArgs,
    execute: (args, { abortSignal }) =>
      runTool(
        deps,
        {
          name: 'take_message',
          abortSignal,
          whenFailed: () => (talk.unsureOf.has('message') ? keptUnsure : notKept),
          whenLate: keptUnsure,
        },
        () => takeMessage(deps, args, talk),
      ),
  });
}

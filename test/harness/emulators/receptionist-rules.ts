import { alsoChosen, type Call, chosenItem, isInstruction, understand } from './call-so-far.ts';
import type { Intent } from './caller-words.ts';
import { field, parseJson } from './json.ts';
import { type ChatMessage, type ChatTool, textOf } from './openai-request.ts';

type ToolUse = { readonly tool: string; readonly args: Readonly<Record<string, unknown>> };

/** What the model answers: words, one call of a tool, or words with calls beside them. */
export type Reply =
  | { readonly content: string }
  | ToolUse
  | { readonly content: string; readonly uses: readonly ToolUse[] };

/**
 * A receptionist of an equipment yard, by rules. It knows the messages and tools of the request and
 * nothing else: no line of a script, no machine, no price.
 */
export function receptionistReply(
  messages: readonly ChatMessage[],
  tools: readonly ChatTool[],
): Reply {
  const call = understand(messages, tools);
  const said = messages.filter((message) => !isInstruction(message));
  const last = said.at(-1);
  if (last?.role === 'tool') return afterTool(call, said);
  if (last?.role === 'user') return answer(call);
  const instruction = messages.at(-1);
  return { content: instruction ? asInstructed(instruction) : GREETING };
}

const GREETING = 'Hello! How can I help you?';
const ASK_DAYS = 'For which days would you like it?';
const ASK_MACHINE = 'What kind of machine are you looking for?';
const ASK_BOOKING = 'What is the code of the booking, or the name that it is under?';
const CANNOT_LOOK = "I'm sorry, I can't look that up right now.";

function answer(call: Call): Reply {
  switch (call.intent) {
    case 'goodbye':
      return hasTool(call, 'end_call')
        ? { tool: 'end_call', args: {} }
        : { content: 'Thanks for calling. Goodbye!' };
    case 'price':
      return price(call);
    case 'availability':
      return find(call);
    case 'book':
      return (
        useOrAsk(call, 'book_equipment') ?? {
          content:
            "I can't take a booking on this line, but I can tell you what is free and what it costs.",
        }
      );
    case 'declined':
      return { content: 'All right. What else can I do for you?' };
    case 'find-booking':
      return useOrAsk(call, 'find_booking') ?? { content: CANNOT_LOOK };
    case 'cancel':
      return cancel(call);
    case 'extend':
    case 'off-rent':
      return ofRental(call);
    case 'message':
    case 'human':
      return (
        useOrAsk(call, call.intent === 'human' ? 'transfer_to_human' : 'take_message') ??
        useOrAsk(call, 'take_message') ?? { content: "I'm sorry, I can't do that on this line." }
      );
    case 'hours':
    case 'address':
    case 'delivery':
    case 'deposit':
    case 'identification':
      return { content: fact(call) };
    case 'recall':
      return { content: recalled(call) };
    case 'greeting':
      return { content: GREETING };
    case 'unclear':
      return {
        content: 'Sorry, I did not quite get that. Which machine is it about, and for which days?',
      };
    default:
      return call.intent satisfies never;
  }
}

function find(call: Call): Reply {
  if (!hasTool(call, 'find_equipment')) return { content: CANNOT_LOOK };
  if (call.machine === null) return { content: ASK_MACHINE };
  return useOrAsk(call, 'find_equipment') ?? { content: ASK_MACHINE };
}

/** A total needs a unit and its days; the unit comes from a search. */
function price(call: Call): Reply {
  const item = chosenItem(call);
  if (!item || call.isNewMachine) return find(call);
  if (!call.days) return { content: ASK_DAYS };
  return useOrAsk(call, 'quote_rental') ?? find(call);
}

/** A rental is extended, or called off, by its name; its last day alone changes. */
function ofRental(call: Call): Reply {
  const { details } = call;
  if (details.code === undefined && details.name === undefined) return { content: ASK_BOOKING };
  const tool = call.intent === 'extend' ? 'change_booking' : 'call_off_rent';
  const reply = useOrAsk(call, tool) ?? { content: CANNOT_LOOK };
  if (!('tool' in reply)) return reply;
  const args = Object.entries(reply.args).filter(([key]) => key !== 'start');
  return { ...reply, args: Object.fromEntries(args) };
}

/** A booking is cancelled by its code; without one it is looked up first. */
function cancel(call: Call): Reply {
  if (call.details.code !== undefined || !hasTool(call, 'find_booking')) {
    return (
      useOrAsk(call, 'cancel_booking') ?? { content: "I can't cancel a booking on this line." }
    );
  }
  if (call.details.name === undefined) return { content: ASK_BOOKING };
  return useOrAsk(call, 'find_booking') ?? { content: CANNOT_LOOK };
}

/** Speaks what the tools answered, or goes on to what the caller had asked for. */
function afterTool(call: Call, messages: readonly ChatMessage[]): Reply {
  const start = messages.findLastIndex(({ role }) => role === 'assistant');
  const used = messages[start];
  const names =
    used?.role === 'assistant' ? (used.tool_calls ?? []).map((use) => use.function.name) : [];
  if (names.includes('end_call')) return { content: '' };
  const found = names.includes('find_equipment') ? chosenItem(call) : undefined;
  const canQuote = call.intent === 'price' && call.days !== null && found?.free !== false;
  if (found && canQuote) {
    const quote = useOrAsk(call, 'quote_rental');
    if (quote && 'tool' in quote) return quote;
  }
  if (names.includes('find_booking') && call.intent === 'cancel' && call.details.code) {
    return cancel(call);
  }
  return {
    content: messages
      .slice(start + 1)
      .map((message) => spokenResult(textOf(message)))
      .join(' '),
  };
}

/** The sentence that a tool's result carries. */
function spokenResult(output: string): string {
  const result = parseJson(output);
  if (typeof result === 'string') return result;
  const say = field(result, 'say');
  if (typeof say === 'string') return say;
  // A tool that answers nothing has seen to what the caller hears.
  if (result === null) return '';
  return result === undefined ? output : CANNOT_LOOK;
}

/**
 * Calls the tool with what is known, by the names in its schema; asks when something that it
 * requires is not known. Undefined when there is no such tool.
 */
function useOrAsk(call: Call, name: string): Reply | undefined {
  const parameters = call.tools.find((tool) => tool.function.name === name)?.function.parameters;
  if (!hasTool(call, name)) return undefined;
  const args: Record<string, unknown> = {};
  for (const [key, shape] of Object.entries(Object(parameters?.['properties']))) {
    const known = knownValue(call, key);
    const required: unknown = parameters?.['required'];
    const isRequired = Array.isArray(required) && required.includes(key);
    if (known.value !== undefined) args[key] = known.value;
    else if (acceptsNull(shape)) args[key] = null;
    else if (isRequired) return { content: known.question };
  }
  return { tool: name, args };
}

/** What is known for a parameter, judging by its name; else how to ask the caller for it. */
function knownValue(call: Call, key: string): { value?: unknown; question: string } {
  const { machine, days, details, message } = call;
  const kinds: readonly (readonly [RegExp, unknown, string])[] = [
    [/^also/i, alsoChosen(call), ASK_MACHINE],
    [/quantity|how.?many/i, call.quantity ?? undefined, ASK_MACHINE],
    [/code|booking.*id/i, details.code, ASK_BOOKING],
    [/^deliverTo$/, details.deliverTo, 'Where is it to be delivered?'],
    [/address/i, details.address, 'Where is it now?'],
    [/(item|unit).*id|^id$/i, chosenItem(call)?.itemId, ASK_MACHINE],
    // A time of day is one that callers of the tests do not name.
    [/pickUpAt|returnBy|halfDay/i, undefined, ASK_DAYS],
    [/start|from|pick.?up/i, days?.start, ASK_DAYS],
    [/end|until|return/i, days?.end, ASK_DAYS],
    [/query|search|equipment|machine|what/i, machine ?? undefined, ASK_MACHINE],
    [/phone|callback|number/i, details.phone, 'What is the best number to reach you on?'],
    [/name|customer|caller/i, details.name, 'What name should I put that under?'],
    [/message|note|text|reason/i, message ?? undefined, 'What would you like me to pass on?'],
  ];
  const [, value, question] = kinds.find(([pattern]) => pattern.test(key)) ?? [];
  return { value, question: question ?? 'Could you tell me a little more?' };
}

function acceptsNull(shape: unknown): boolean {
  const type = field(shape, 'type');
  const anyOf = field(shape, 'anyOf');
  if (Array.isArray(anyOf)) return anyOf.some(acceptsNull);
  return type === 'null' || (Array.isArray(type) && type.includes('null'));
}

/** The label of the fact that answers each kind of question, as instructions list it. */
const factLabels: Partial<Record<Intent, RegExp>> = {
  hours: /hours|open/i,
  address: /address|location/i,
  delivery: /deliver/i,
  deposit: /deposit/i,
  identification: /identification|\bid\b|licen[sc]e/i,
};

function fact({ intent, instructions }: Call): string {
  const label = factLabels[intent];
  for (const line of instructions.split('\n')) {
    const [, name = '', text = ''] = /^[\s*-]*([^:.]{2,40}):\s*(.+)$/.exec(line) ?? [];
    if (text !== '' && label?.test(name))
      return /[.!?]$/.test(text) ? text : `${name.trim()}: ${text}.`;
  }
  return "I'm sorry, I don't know that. Someone will call you back about it.";
}

/** What the caller has asked for so far: nothing of it is known that is not in the messages. */
function recalled({ machine, days, details }: Call): string {
  if (machine === null) return "I'm sorry, I don't know what we were talking about.";
  const forDays = days && `from ${monthAndDay(days.start)} through ${monthAndDay(days.end)}`;
  const forName = details.name && `under the name ${details.name}`;
  const parts = [`You asked about the ${machine}`, forDays, forName].filter(Boolean);
  return `${parts.join(', ')}.`;
}

/** A day as the receptionist recalls it: `November 24`. */
export function monthAndDay(iso: string): string {
  const day = new Date(`${iso}T00:00:00Z`);
  return day.toLocaleDateString('en-US', { month: 'long', day: 'numeric', timeZone: 'UTC' });
}

/** Instructions for one answer, as the framework sends them: what they quote is to be said. */
function asInstructed(instruction: ChatMessage): string {
  const quoted = /["“]([^"”]{3,})["”]/.exec(textOf(instruction))?.[1];
  return quoted ?? GREETING;
}

function hasTool({ tools }: Call, name: string): boolean {
  return tools.some((tool) => tool.function.name === name);
}

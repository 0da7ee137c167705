import { understand, type Call } from './call-so-far.ts';
import { equipmentIn } from './caller-words.ts';
import { field, parseJson } from './json.ts';
import { type ChatMessage, type ChatTool, textOf } from './openai-request.ts';
import { receptionistReply, type Reply } from './receptionist-rules.ts';
import { spokenDays } from './spoken-dates.ts';
import { normaliseSpeech } from './spoken-words.ts';

/**
 * The receptionist of `receptionist-rules.ts` with the rest of a yard's calls: it knows the words for
 * what a tool is called, fills the tool's slots with what was said, and leaves to staff what no tool
 * and no fact answers. Like that one it knows no scenario, no machine and no price.
 */
export function slotFillerReply(
  messages: readonly ChatMessage[],
  tools: readonly ChatTool[],
): Reply | undefined {
  const last = messages.at(-1);
  if (last?.role !== 'user') return undefined;
  const said = textOf(last);
  const text = normaliseSpeech(said);
  const call = understand(messages, tools);
  const asked = questionBefore(messages);
  if (asked !== null && !/\b(?:else|help)\b/.test(asked))
    return answerTo(asked, { said, text, call, messages });
  for (const [wish, tool, slots] of deeds) {
    if (!wish.test(text)) continue;
    return useWith(tool, slots(call, text), tools) ?? forStaff(said, tools);
  }
  const isUnnamed = equipmentIn(text) === null;
  if (
    isUnnamed &&
    /\b(?:what|which machine|something) (?:\w+ ){0,3}(?:to|for|should)\b/.test(text)
  ) {
    return useWith('find_equipment', { query: said }, tools);
  }
  const isMachine =
    /\b(?:have|need|rent|looking for) an?\b(?!.*\b(?:booking|reservation|message|code|minute|deposit|quote)\b)/;
  if (isUnnamed && isMachine.test(text)) {
    return useWith('find_equipment', { query: said, ...daysIn(call, text) }, tools);
  }
  const row = factAbout(text, call.instructions);
  return row === undefined ? undefined : { content: row };
}

type Slots = Readonly<Record<string, unknown>>;

/** The booking that is meant, as far as it was said. */
function whose({ details, text }: Call): Slots {
  return { code: details.code, customer: details.name, machine: equipmentIn(text) ?? undefined };
}

function daysIn({ instructions }: Call, text: string): { start?: string; end?: string } {
  const today = /\btoday is\b[^\n]*?(\d{4}-\d{2}-\d{2})/i.exec(instructions)?.[1];
  const days = today === undefined ? null : spokenDays(text, today);
  return days && 'start' in days ? days : {};
}

/** Wishes in callers' words, the tool that does it, and what it is told. */
const deeds: readonly (readonly [RegExp, string, (call: Call, text: string) => Slots])[] = [
  [
    /\b(?:extend|longer|extra day|another (?:day|week)|(?:return|bring) (?:it|them) (?:back )?early)\b/,
    'change_booking',
    (call, text) => ({ ...whose(call), end: daysIn(call, text).end }),
  ],
  [
    /\b(?:change|move|reschedule) (?:my|the|that)\b/,
    'change_booking',
    (call, text) => ({ ...whose(call), ...daysIn(call, text) }),
  ],
  [
    /\b(?:off ?rent|done with (?:it|the|your)|(?:can|come|please) (?:and )?pick (?:it|them) (?:back )?up|come get)\b/,
    'call_off_rent',
    whose,
  ],
  [/\b(?:in writing|e ?mail|written quote|send me)\b/, 'send_quote', () => ({})],
];

/** Goes on with the tool that asked, with what the caller has added. */
function answerTo(
  asked: string,
  turn: { said: string; text: string; call: Call; messages: readonly ChatMessage[] },
): Reply | undefined {
  const { said, text, call, messages } = turn;
  const isYes = /^(?:yes|yeah|sure|please|ok)\b/.test(text);
  if (/take a message/.test(asked) && isYes && text.length > 30) return forStaff(said, call.tools);
  // Something else than was read back is a new wish.
  const other = /^(?:no|actually|sorry|wait)\b[^a-z]*(?:make it|i meant|instead|rather) (.+)/i.exec(
    said,
  );
  if (/\bbook it\?$/.test(asked) && other) {
    const content = `I'd like to book it for ${other[1]}`;
    return receptionistReply([...messages.slice(0, -1), { role: 'user', content }], call.tools);
  }
  const before = lastUse(messages);
  if (before === null || !deeds.some(([, tool]) => tool === before.tool)) return undefined;
  if (/^(?:no|nope|never mind)\b/.test(text))
    return { content: 'All right. What else can I do for you?' };
  const place = said
    .replace(/^(?:(?:um|uh|well|yes),? )*(?:it's|it is) (?:at )?/i, '')
    .replace(/\.$/, '');
  const address = /\bwhere\b/i.test(asked) ? { address: place } : {};
  const days = daysIn(call, text);
  const { code, customer } = whose(call);
  const told = { code, customer, ...('end' in days ? { end: days.end } : {}), ...address };
  const added = Object.entries(told).filter(([, value]) => value !== undefined);
  return { tool: before.tool, args: { ...before.args, ...Object.fromEntries(added) } };
}

/** The last call of a tool. */
function lastUse(messages: readonly ChatMessage[]) {
  const used = messages.findLast((of) => of.role === 'assistant' && of.tool_calls !== undefined);
  const made = used?.role === 'assistant' ? used.tool_calls?.at(-1)?.function : undefined;
  if (!made) return null;
  return { tool: made.name, args: Object(parseJson(made.arguments)) as Slots };
}

function forStaff(message: string, tools: readonly ChatTool[]): Reply | undefined {
  return useWith('take_message', { message }, tools);
}

/** A use of the tool with these arguments, and null for all others; undefined without the tool. */
function useWith(name: string, known: Slots, tools: readonly ChatTool[]): Reply | undefined {
  const tool = tools.find((of) => of.function.name === name);
  if (!tool) return undefined;
  const keys = Object.keys(Object(tool.function.parameters?.['properties']));
  return { tool: name, args: Object.fromEntries(keys.map((key) => [key, known[key] ?? null])) };
}

/** The agent's words before, when they ask something; else null. */
function questionBefore(messages: readonly ChatMessage[]): string | null {
  const before = messages.findLast(({ role }) => role === 'assistant' || role === 'tool');
  const output = before?.role === 'tool' ? field(parseJson(textOf(before)), 'say') : undefined;
  const words = typeof output === 'string' ? output : before ? textOf(before) : '';
  return /\?\s*$/.test(words) ? words.trim() : null;
}

/** Matters of a yard's rules, and the labels of the facts that are about them. */
const matters: readonly (readonly [RegExp, RegExp])[] = [
  [/\b(?:insurance|insured|coverage)\b/, /insur/i],
  [/\b(?:waiver|damage)\b/, /waiver|damage/i],
  [/\b(?:fuel|gas tank|refuel|diesel)\b/, /fuel/i],
  [/\b(?:tax|taxes)\b/, /tax/i],
  [/\b(?:pay|payment|credit card|cash|check)\b/, /payment|pay\b/i],
  [/\b(?:how old|age|years old)\b/, /\bage\b|years/i],
  [/\b(?:clean|cleaning|wash)\b/, /clean/i],
];

const UNKNOWN =
  "I'm sorry, I don't know that. Shall I take a message, so that someone calls you back?";

/** The fact of the instructions that answers it; undefined when the words are about no such matter. */
function factAbout(text: string, instructions: string): string | undefined {
  const matter = matters.find(([asked]) => asked.test(text))?.[1];
  if (!matter) return undefined;
  for (const line of instructions.split('\n')) {
    const [, label = '', value = ''] = /^- ([^:.]{2,40}): (.+)$/.exec(line) ?? [];
    if (value !== '' && matter.test(label)) return /[.!?]$/.test(value) ? value : `${value}.`;
  }
  return UNKNOWN;
}

import { callerDetails, equipmentIn, type Intent, intentOf } from './caller-words.ts';
import { field, parseJson } from './json.ts';
import { type ChatMessage, type ChatTool, textOf } from './openai-request.ts';
import { type DayRange, rangeOfDays, spokenDays } from './spoken-dates.ts';
import { normaliseSpeech } from './spoken-words.ts';

/** A unit that a tool has named. */
export type Item = {
  readonly itemId: string;
  readonly name: string;
  readonly free: boolean | undefined;
};

/** What the call has come to, as the messages tell it. */
export type Call = {
  readonly tools: readonly ChatTool[];
  readonly instructions: string;
  readonly intent: Intent;
  readonly text: string;
  /** The machine that the caller last named, and whether that was in the last words. */
  readonly machine: string | null;
  readonly isNewMachine: boolean;
  readonly days: DayRange | null;
  /** Of the last search. */
  readonly items: readonly Item[];
  readonly details: { readonly name?: string; readonly phone?: string };
  /** The caller's last words, as they came. */
  readonly said: string;
};

/** Reads the messages of a request as a receptionist would remember them. */
export function understand(messages: readonly ChatMessage[], tools: readonly ChatTool[]): Call {
  const instructions = messages.filter(isInstruction).map(textOf).join('\n');
  const today = /\btoday is\b[^\n]*?(\d{4}-\d{2}-\d{2})/i.exec(instructions)?.[1];
  const turns = callerTurns(messages);
  let machine: string | null = null;
  let isNewMachine = false;
  let days: DayRange | null = null;
  let intent: Intent = 'greeting';
  let details: Call['details'] = {};
  for (const { said, text, asked } of turns) {
    const named = equipmentIn(text);
    isNewMachine = named !== null && named !== machine;
    machine = named ?? machine;
    const before: Intent = intent;
    intent = intentOf(text, named);
    const isAboutYard = intent === 'hours' || intent === 'address';
    const mentioned = today === undefined || isAboutYard ? null : spokenDays(text, today);
    const saidDays = mentioned !== null;
    days = mentioned === null ? days : toDays(mentioned, days);
    if (isOpenEnded(intent)) intent = answered({ intent, before, text, asked, saidDays, machine });
    details = { ...details, ...callerDetails(said) };
  }
  const last = turns.at(-1);
  const items = knownItems(messages);
  const { text = '', said = '' } = last ?? {};
  return {
    tools,
    instructions,
    intent,
    text,
    machine,
    isNewMachine,
    days,
    items,
    details,
    said,
  };
}

const isOpenEnded = (intent: Intent) =>
  intent === 'unclear' || intent === 'availability' || intent === 'greeting';

/** What words mean that say little by themselves: it depends on what the agent had asked. */
function answered(turn: {
  intent: Intent;
  before: Intent;
  text: string;
  asked: string | null;
  saidDays: boolean;
  machine: string | null;
}): Intent {
  const { intent, before, text, asked, saidDays, machine } = turn;
  if (asked !== null) {
    const isYes =
      /^(?:(?:uh|um|oh|well) )*(?:yes|yeah|yep|yup|sure|please|ok|okay|correct|right|sounds good)\b/.test(
        text,
      );
    const isNo = /^(?:(?:uh|um|oh|well) )*(?:no|nope|nah|not really)\b/.test(text);
    if (isNo && /\b(?:else|more|help)\b/i.test(asked)) return 'goodbye';
    const offer = intentOf(normaliseSpeech(asked), null);
    if (isYes && (offer === 'price' || offer === 'book' || offer === 'message')) return offer;
    // An answer to our own question goes on with what the question was for.
    if (before === 'book' || before === 'message') return before;
    if (saidDays && before === 'price') return before;
  }
  return intent !== 'availability' && saidDays && machine !== null ? 'availability' : intent;
}

/** True for what the agent was told, rather than what was said. */
export function isInstruction({ role }: ChatMessage): boolean {
  return role === 'system' || role === 'developer';
}

/** What the caller said between two answers, and whether the answer before was a question. */
function callerTurns(messages: readonly ChatMessage[]) {
  const turns: { said: string; text: string; asked: string | null }[] = [];
  let asked: string | null = null;
  for (const [i, message] of messages.entries()) {
    if (message.role === 'assistant' && textOf(message) !== '') {
      const text = textOf(message).trim();
      asked = text.endsWith('?') ? text : null;
    }
    if (message.role !== 'user') continue;
    const previous = messages[i - 1]?.role === 'user' ? turns.pop() : undefined;
    const said = [previous?.said, textOf(message)].filter(Boolean).join(' ');
    turns.push({ said, text: normaliseSpeech(said), asked: previous?.asked ?? asked });
  }
  return turns;
}

function toDays(mentioned: DayRange | { days: number }, known: DayRange | null): DayRange | null {
  if ('start' in mentioned) return mentioned;
  return known && rangeOfDays(known.start, mentioned.days);
}

/** Of the units found last, the one that the caller means: by its name, a free one before others. */
export function chosenItem({ items, text }: Call): Item | undefined {
  const words = new Set(text.split(' '));
  const score = ({ name, free }: Item) => {
    const shared = normaliseSpeech(name)
      .split(' ')
      .filter((word) => words.has(word)).length;
    return shared * 2 + (free === false ? 0 : 1);
  };
  return items.reduce<Item | undefined>(
    (best, item) => (best && score(best) >= score(item) ? best : item),
    undefined,
  );
}

/** The units in the last result of a tool that named some. */
function knownItems(messages: readonly ChatMessage[]): Item[] {
  for (const message of messages.toReversed()) {
    if (message.role !== 'tool') continue;
    const items = itemsIn(parseJson(textOf(message)));
    if (items.length > 0) return items;
  }
  return [];
}

function itemsIn(value: unknown): Item[] {
  if (Array.isArray(value)) return value.flatMap(itemsIn);
  if (typeof value !== 'object' || value === null) return [];
  const itemId = field(value, 'itemId');
  if (typeof itemId !== 'string') return Object.values(value).flatMap(itemsIn);
  const name = field(value, 'name');
  const free = field(value, 'free') ?? field(value, 'available');
  return [
    {
      itemId,
      name: typeof name === 'string' ? name : '',
      free: typeof free === 'boolean' ? free : undefined,
    },
  ];
}

import {
  callerDetails,
  type CallerDetails,
  equipmentIn,
  type Intent,
  intentOf,
} from './caller-words.ts';
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
  /** Of all searches, the newest first. */
  readonly allItems: readonly Item[];
  /** How many of the machine the caller last said that they want; null when they did not. */
  readonly quantity: number | null;
  readonly details: CallerDetails;
  /** What the caller wants to be passed on; null when they have not said it yet. */
  readonly message: string | null;
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
  let details: CallerDetails = {};
  let message: string | null = null;
  let quantity: number | null = null;
  for (const { said, text, asked } of turns) {
    const named = equipmentIn(text);
    isNewMachine = named !== null && named !== machine;
    if (isNewMachine) quantity = null;
    quantity = Number(/\b([2-9]) of (?:them|those|these)\b/.exec(text)?.[1] ?? quantity) || null;
    machine = named ?? machine;
    const before: Intent = intent;
    intent = intentOf(text, named);
    const isAboutYard = intent === 'hours' || intent === 'address';
    const mentioned = today === undefined || isAboutYard ? null : spokenDays(text, today);
    const saidDays = mentioned !== null;
    days = mentioned === null ? days : toDays(mentioned, days);
    intent = answered({ intent, before, text, asked, saidDays, machine });
    details = { ...details, ...callerDetails(said, asked) };
    const isAsking = intent === 'message' || intent === 'human';
    message = isAsking && saysWhat(text, asked) ? said : null;
  }
  const last = turns.at(-1);
  const items = knownItems(messages);
  const code = details.code ?? knownCode(messages);
  const { text = '' } = last ?? {};
  return {
    tools,
    instructions,
    intent,
    text,
    machine,
    isNewMachine,
    days,
    items,
    allItems: messages
      .toReversed()
      .flatMap((of) => (of.role === 'tool' ? itemsIn(parseJson(textOf(of))) : [])),
    quantity,
    details: { ...details, ...(code === undefined ? {} : { code }) },
    message,
  };
}

const isOpenEnded = (intent: Intent) =>
  intent === 'unclear' || intent === 'availability' || intent === 'greeting';

const YES =
  /^(?:(?:uh|um|oh|well) )*(?:yes|yeah|yep|yup|sure|please|ok|okay|correct|right|sounds good)\b/;
const NO = /^(?:(?:uh|um|oh|well) )*(?:no|nope|nah|not really)\b/;
/** What the agent offers, and then does when the caller says yes. */
const OFFERS: readonly Intent[] = ['price', 'book', 'cancel', 'message', 'extend', 'off-rent'];
const ASK_MESSAGE = /\bpass on\?/i;

/** What words mean in the light of what the agent had asked. */
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
    const offer = offerIn(asked);
    const couldBeAnswer = isOpenEnded(intent) || intent === 'book' || intent === 'goodbye';
    if (ASK_MESSAGE.test(asked) && intent !== 'goodbye') return 'message';
    if (YES.test(text) && offer !== null && couldBeAnswer && intent !== 'goodbye') return offer;
    if (NO.test(text) && offer !== null && couldBeAnswer && !/bye/.test(text)) return 'declined';
    if (offer === 'message' && isOpenEnded(intent) && saysWhat(text, asked)) return offer;
    if (!isOpenEnded(intent)) return intent;
    if (NO.test(text) && /\b(?:else|more|help)\b/i.test(asked)) return 'goodbye';
    // An answer to our own question goes on with what the question was for.
    if (GOES_ON.includes(before)) return before;
    if (saidDays && before === 'price') return before;
  }
  if (!isOpenEnded(intent)) return intent;
  return intent !== 'availability' && saidDays && machine !== null ? 'availability' : intent;
}

const GOES_ON: readonly Intent[] = [
  'book',
  'find-booking',
  'cancel',
  'message',
  'extend',
  'off-rent',
];

/** What a yes to the question would be a yes to: its last sentence says it, or what comes before. */
function offerIn(asked: string): Intent | null {
  const lastSentence = asked.split(/(?<=[.!?])\s+/).at(-1) ?? '';
  if (/\banything else\b/i.test(lastSentence)) return null;
  const intents = [lastSentence, asked].map((words) => intentOf(normaliseSpeech(words), null));
  return intents.find((intent) => OFFERS.includes(intent)) ?? null;
}

/** Whether the words are a message already, rather than the wish to leave one. */
function saysWhat(text: string, asked: string | null): boolean {
  if (asked !== null && ASK_MESSAGE.test(asked)) return true;
  return (
    /\b(?:tell|let|say|that|about|because|regarding)\b/.test(text) && text.split(' ').length > 6
  );
}

/** True for what the agent was told, rather than what was said. */
export function isInstruction({ role }: ChatMessage): boolean {
  return role === 'system' || role === 'developer';
}

/** What was asked before is still open after it. */
const ASK_AGAIN = /\bsay (?:it|that) (?:once more|again)\?$/i;

/** What the caller said between two answers, and whether the answer before was a question. */
function callerTurns(messages: readonly ChatMessage[]) {
  const turns: { said: string; text: string; asked: string | null }[] = [];
  let asked: string | null = null;
  for (const [i, message] of messages.entries()) {
    if (message.role === 'assistant' && textOf(message) !== '') {
      const text = textOf(message).trim();
      if (!ASK_AGAIN.test(text)) asked = text.endsWith('?') ? text : null;
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

/** The other machines that the caller names in the same breath; undefined when there is none. */
export function alsoChosen(call: Call): readonly string[] | undefined {
  const chosen = chosenItem(call);
  const said = ` ${call.text} `;
  const others = call.allItems.filter(
    ({ name }, at) =>
      name !== '' &&
      name !== chosen?.name &&
      said.includes(` ${normaliseSpeech(name)} `) &&
      call.allItems.findIndex((item) => item.name === name) === at,
  );
  return others.length > 0 ? others.map(({ itemId }) => itemId) : undefined;
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

/** The code of the booking that a tool named last. */
function knownCode(messages: readonly ChatMessage[]): string | undefined {
  for (const message of messages.toReversed()) {
    if (message.role !== 'tool') continue;
    const result = parseJson(textOf(message));
    const bookings = field(result, 'bookings');
    const [first] = Array.isArray(bookings) ? (bookings as unknown[]) : [field(result, 'booking')];
    const code = field(first, 'code');
    if (typeof code === 'string') return code;
  }
  return undefined;
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

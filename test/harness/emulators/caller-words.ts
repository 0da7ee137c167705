import { mendWord, normaliseSpeech } from './spoken-words.ts';

/** What a caller wants of the receptionist, as far as words alone can tell. */
export type Intent =
  | 'goodbye'
  | 'book'
  | 'declined'
  | 'find-booking'
  | 'cancel'
  | 'extend'
  | 'off-rent'
  | 'message'
  | 'human'
  | 'deposit'
  | 'delivery'
  | 'identification'
  | 'hours'
  | 'address'
  | 'recall'
  | 'price'
  | 'availability'
  | 'greeting'
  | 'unclear';

const ENDING =
  /\b(?:good ?bye|bye|that(?:'s| is|'ll be| will be)? (?:all|it|everything)\b(?! (?:the|you))|thats (?:all|it|everything)|nothing (?:else|more)|i'?m (?:all set|done|good now)|all set|talk (?:to you )?later|see you|have a (?:good|nice|great)|hang up|no (?:thanks|thank you)|be (?:it|all) for (?:now|today))\b/;
const THANKS = /\b(?:thanks|thank you|thank u|cheers|appreciate it)\b/;

/** The first that fits decides. What is asked goes before what is only mentioned. */
const patterns: readonly (readonly [Intent, RegExp])[] = [
  [
    'recall',
    /\b(?:what|which) .*\b(?:(?:were|was) (?:we|i) (?:talking|asking)|did i (?:ask|tell))\b/,
  ],
  [
    'human',
    /\b(?:(?:real|actual|live) person|human|someone (?:there|else)|manager|operator|representative|(?:put|patch) me through|transfer me|(?:speak|talk) (?:to|with) (?:an?|the|some\w*|your|people)|get me (?:a|some) ?(?:person|1|one|body))\b/,
  ],
  ['message', /\b(?:leave|take) (?:a|my) message\b|\b(?:call|ring|phone) me back\b/],
  ['off-rent', /\b(?:off rent|off-rent|done with (?:it|the|my))\b/],
  ['extend', /\b(?:extend|keep (?:it|the|my) .*(?:longer|until|through))\b/],
  ['cancel', /\b(?:cancel|call (?:it|that) off)\b/],
  [
    'find-booking',
    /\b(?:(?:my|our|existing) (?:booking|reservation|rental)|(?:do|did|have) (?:i|we) .*\b(?:booked|reserved|book|reserve)|have (?:a|any) (?:booking|reservation|rental)s?|under my name|look (?:me|it) up)\b/,
  ],
  [
    'book',
    /\b(?:book|reserve|reservation|i'?ll take (?:it|that|1|the)|we'?ll take (?:it|that|1|the)|put me down|sign me up|go ahead)\b/,
  ],
  ['deposit', /\b(?:deposit|down ?payment|money down)\b/],
  ['delivery', /\b(?:deliver(?:y|ed|s|ing)?|drop (?:it|that|1) off|bring it (?:out|over|to))\b/],
  [
    'identification',
    /\b(?:identification|driver'?s? licen[sc]e|licen[sc]e|id\b(?! (?:like|love|need|want|prefer|be)\b)|paperwork|insurance)\b/,
  ],
  [
    'price',
    /\b(?:how much|price|pricing|cost|costs|rates?|quote|charge|charges|total|expensive|cheap|set (?:me|us) back|what'?s the damage|run (?:me|us)|come (?:to|out to)|pay)\b/,
  ],
  [
    'hours',
    /\b(?:hours|(?:are|when|what time|how (?:late|early)|do) .*\b(?:open|close|closed|opening|closing)|(?:you|y'all|you guys) (?:open|closed)|open (?:on|today|tomorrow|now|late|early)|what time)\b/,
  ],
  [
    'address',
    /\b(?:where (?:are|is|do i|can i|abouts|'re)|where'?s|address|located|location|directions|find you|how do i get (?:to|there))\b/,
  ],
];
const WANTING =
  /\b(?:available|availability|free|in stock|on hand|have|got|rent|rental|renting|hire|need|needs|want|looking for|after|get|use|borrow|carry|check|any)\b/;
const GREETING =
  /^(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|there|yes|um|uh|is|anyone|anybody)\s*)+$/;

/** Why the caller speaks. `text` is normalised; `machine` is what `equipmentIn` found in it. */
export function intentOf(text: string, machine: string | null): Intent {
  const asked = patterns.find(([, pattern]) => pattern.test(text))?.[0];
  if (ENDING.test(text) && (asked === undefined || asked === 'book')) return 'goodbye';
  if (asked !== undefined) return asked;
  if (THANKS.test(text) && machine === null && !WANTING.test(text)) return 'goodbye';
  if (machine !== null || WANTING.test(text)) return 'availability';
  return GREETING.test(text) ? 'greeting' : 'unclear';
}

/** Machines as yards and callers call them; the last word of a name tells what it is. */
const machines =
  'excavator digger backhoe loader steer skidsteer bobcat dozer bulldozer lift scissorlift boom cherrypicker forklift telehandler trencher compactor roller tamper plate generator compressor trailer auger mixer saw pump heater chipper grinder washer breaker jackhammer hammer cutter dumper dump truck tower light lights tiller aerator splitter crane scaffold scaffolding ladder fan blower dehumidifier sander drill buggy stumper mower sprayer welder tractor'.split(
    ' ',
  );
/** Words that only describe: they belong to a machine's name beside one of the above. */
const describing =
  'mini small large big compact micro skid scissor boom light tower plate power pressure stump wood concrete floor cement electric diesel gas tracked wheeled towable towed walk behind ride on rough terrain post hole air dump stand concrete tile log sod rototiller portable heavy duty hydraulic single double man articulated telescopic vibratory'.split(
    ' ',
  );

/** The caller's name for a machine, mended where it was misspelt; null when none is named. */
export function equipmentIn(text: string): string | null {
  const words = text.split(' ').map((word) => mendWord(singular(word), machines));
  // Of two machines in a sentence the later is meant: "not the loader, the excavator".
  const end = words.findLastIndex((word) => machines.includes(word));
  if (end < 0) return null;
  let start = end;
  while (start > 0 && belongsToName(words[start - 1] ?? '', words[start] ?? '')) start -= 1;
  return words.slice(start, end + 1).join(' ');
}

const UNIT = /^(?:tons?|tonne|foot|feet|ft|inch|kw|kilowatt|yard|lb|pound|psi|cfm)$/;

function belongsToName(word: string, next: string): boolean {
  if (describing.includes(word) || machines.includes(word)) return true;
  const isSize = /^\d+(?:\.\d+)?(?:k|kw|ft|t)?$/.test(word);
  return UNIT.test(word) || (isSize && UNIT.test(next));
}

function singular(word: string): string {
  if (machines.includes(word)) return word;
  return word.endsWith('s') && machines.includes(word.slice(0, -1)) ? word.slice(0, -1) : word;
}

/** What a caller says of themselves and of a booking, in whatever turn. */
export type CallerDetails = {
  readonly name?: string;
  readonly phone?: string;
  /** The code of a booking, as it was said. */
  readonly code?: string;
  /** Where a machine stands. */
  readonly address?: string;
  /** Where a machine is to be brought. */
  readonly deliverTo?: string;
};

const NAME = String.raw`([\p{L}'-]+(?:\s+(?!and\b|my\b|at\b|on\b|from\b|for\b|please\b)[\p{L}'-]+)?)`;
const named = new RegExp(String.raw`\b(?:my name is|my name's|the name is|name's)\s+${NAME}`, 'iu');
/** These begin many sentences: a name is known by its capital. */
const maybeNamed = /\b(?:[Tt]his is|[Ii]t's|under)\s+(\p{Lu}[\p{L}'-]+(?:\s+\p{Lu}[\p{L}'-]+)?)/u;
const bareName = new RegExp(
  String.raw`^(?:(?:sure|yes|okay|uh|um|it's|that's),?\s+)*${NAME}[.!]?$`,
  'iu',
);
const spokenCode = /\bcode(?: is|'s|:)?\s+((?:[a-z0-9][\s,.-]*){4,12})/iu;

/** What the caller tells here; `asked` is the agent's question before, if it was one. */
export function callerDetails(said: string, asked: string | null): CallerDetails {
  const askedName = asked !== null && /\bname\b/i.test(asked);
  const name = (named.exec(said) ??
    maybeNamed.exec(said) ??
    (askedName ? bareName.exec(said) : null))?.[1];
  const askedCode = asked !== null && /\bcode\b/i.test(asked) && /\d/.test(said) ? said : undefined;
  const code = (spokenCode.exec(said)?.[1] ?? askedCode)
    ?.replaceAll(/[^a-z0-9]/gi, '')
    .toUpperCase();
  const digits = normaliseSpeech(said)
    .replaceAll(/(?<=\d)[\s.-]+(?=\d)/g, '')
    .match(/\d{7,15}/)?.[0];
  const address = /\b(?:it is|it's|stands|standing) at (.+?)[.?!]?$/i.exec(said)?.[1];
  const deliverTo = /\bdeliver(?:ed|y)?(?: it| them)? to (.+?)[.?!]?$/i.exec(said)?.[1];
  return {
    ...(address ? { address } : {}),
    ...(deliverTo ? { deliverTo } : {}),
    ...(name ? { name } : {}),
    ...(digits && !code ? { phone: digits } : {}),
    ...(code ? { code } : {}),
  };
}

import { isNumberWord, plainWords } from '../../tools/dialogue/repetition.ts';

/** The silence after which a turn is over, in milliseconds, by how whole it is. */
export const endpointingMs = {
  /** A question that is whole: nobody says half of one and stops. */
  whole: 500,
  /** Nothing tells either way. No answer is ready sooner, so that the wait costs nothing. */
  usual: 700,
  /** A bare yes to a read-back, after which a "but" may follow; or a no with more than that. */
  assent: 1_000,
  /** More is to come: pauses in numbers, names and addresses last up to 1.1 s. */
  unfinished: 1_300,
} as const;

/** A turn so far. */
export type TurnSoFar = {
  /** The agent's last words as the caller heard them; empty when they are not known. */
  readonly asked: string;
  /** The caller broke them off. */
  readonly isBrokenOff: boolean;
  /** The caller's words since. */
  readonly heard: string;
};

/**
 * Reckons from the words the silence that ends a turn, in milliseconds. What may answer a read-back
 * never ends sooner than a turn of which nothing is known.
 */
export function endOfTurnMs({ asked, isBrokenOff, heard }: TurnSoFar): number {
  const turn = { said: heard.trim(), words: plainWords(heard).split(' ').filter(Boolean) };
  const { usual, whole, unfinished } = endpointingMs;
  if (turn.words.length === 0) return usual;
  const question = lastQuestion(asked);
  if (readsBack.test(question)) return afterReadBackMs(turn);
  if (isBroken(turn) || isOpening(turn, question)) return unfinished;
  const isPart = answers.find(({ to }) => to.test(question))?.isPart;
  if (isPart?.(turn) || isPartNumber(turn, 3) || isOpenTerm(turn)) return unfinished;
  return asked !== '' && !isBrokenOff && isWholeQuestion(turn) ? whole : usual;
}

type Turn = { readonly said: string; readonly words: readonly string[] };

/** The answers of which a part is often taken for the whole, by the question. */
const answers: readonly { readonly to: RegExp; readonly isPart: (turn: Turn) => boolean }[] = [
  { to: /\bwhere\b|\baddress\b|\bdeliver|\bsite\b|\bstreet\b/, isPart: isPartAddress },
  {
    to: /\b(?:number|reach you|phone|call you|code|zip)\b/,
    isPart: (turn) => isPartNumber(turn, 1),
  },
  { to: /\bnames?\b|\bwho\b/, isPart: isPartName },
  { to: /\b(?:days?|dates?|when|how long)\b/, isPart: isLoneDay },
  { to: /\b(?:help you|i help|i do for you|what do you need)\b/, isPart: isBareRequest },
];

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** Of these alone nothing can be answered: the thing itself comes next. */
const openers = set(
  'actually well so um uh umm uhh er erm ah oh hmm hm let me see think hold on hang one sec second a ' +
    'moment just minute hi hello hey there good morning afternoon evening and also but i ' +
    'mean you know like look listen wait sorry to be honest',
);
/** No sentence ends with these. */
const leadsOn = set(
  'a an the and or but nor so because if when while unless until till through thru from for of with at ' +
    'by in on to into onto about around between than as my our your his her their its some every another ' +
    'um uh er erm hmm umm uhh i we is are was were am be been being has have had do does did can could ' +
    'would will should may might must need needs want wants looking trying gonna maybe probably ' +
    'actually basically also very per plus name named called mister mr mrs ms doctor dr saint double ' +
    'area dash think guess',
);
/** ... but here: `we do`, `yes it is`. */
const endsAllTheSame =
  /^(?:(?:yes|yeah|no|sure|well|i think|i guess) )*(?:i|we|it|that|they|you|he|she) (?:is|are|was|were|am|do|does|did|can|could|would|will|have|has|should)$|\b(?:come|go|carry|log|move|hand|later) (?:on|in)$/;

/** The sentence stops in its middle. The recogniser writes a comma, a dash, or no question mark. */
function isBroken({ said, words }: Turn): boolean {
  if (/(?:[,;:–—-]|\.\.\.|…)$/.test(said)) return true;
  if (said.endsWith('?')) return false;
  if (words.length < leastOfQuestion && asks.test(words.join(' '))) return true;
  return leadsOn.has(words.at(-1) ?? '') && !endsAllTheSame.test(words.join(' '));
}

const agreement = set('yes yeah yep yup sure');
const asksYesOrNo =
  /^\W*(?:(?:and|so|okay|or) )?(?:do|does|did|is|are|was|were|would|will|can|could|should|shall|has|have) /;

/** No more than the words before the thing itself; a yes is one where more is asked for than that. */
function isOpening({ words }: Turn, question: string): boolean {
  const mayBeYes = asksYesOrNo.test(question) && !/\b(?:else|help)\b/.test(question);
  return words.every((word) => openers.has(word) || (!mayBeYes && agreement.has(word)));
}

const readsBack = /\bshall i (?:book|cancel|change|extend|call it off|ask|put)\b/;
const denials = set('no nope nah not');
const shortReplies = set(
  'yes yeah yep yup ya sure ok okay alright all right correct fine good great please do it that is uh huh ' +
    'mm hmm absolutely definitely exactly perfect no nope nah not quite really thanks thank you',
);

/** Who says no to a read-back says next what is to be otherwise. */
function afterReadBackMs(turn: Turn): number {
  const { words } = turn;
  if (isBroken(turn) || words.every((word) => openers.has(word))) return endpointingMs.unfinished;
  const isNo = words.some((word) => denials.has(word));
  const { assent, usual } = endpointingMs;
  if (words.some((word) => !shortReplies.has(word))) return isNo ? assent : usual;
  return isNo ? endpointingMs.unfinished : endpointingMs.assent;
}

/** The last question of the agent's words, or all of them. */
function lastQuestion(asked: string): string {
  return (/[^.?!]*\?[^?]*$/.exec(asked)?.[0] ?? asked).toLowerCase();
}

const isDigit = (word: string) =>
  /^(?:oh|o|\d|zero|one|two|three|four|five|six|seven|eight|nine)$/.test(word);
/** Those of a telephone number in North America. */
const wholeNumberDigits = 10;

/** The last words are the first groups of a long number: at least `least` digits, one after another. */
function isPartNumber({ words }: Turn, least: number): boolean {
  const from = words.findLastIndex((word) => !isNumberWord(word) && !isDigit(word)) + 1;
  const last = words.slice(from);
  const digits = last.reduce((sum, word) => sum + digitsIn(word), 0);
  // `For three`, `in twenty twenty six`: a count, and not the beginning of a number.
  if (least > 1 && !last.every(isDigit)) return false;
  return digits >= least && digits < wholeNumberDigits;
}

function digitsIn(word: string): number {
  const written = word.replaceAll(/\D/g, '').length;
  return written > 0 ? written : isDigit(word) ? 1 : 2;
}

const beforeName =
  /^(?:(?:yes|yeah|sure|okay|ok|um|uh|oh|hi|please|so|well|it is|it's|that is|that's|that would be|this is|i am|i'm|my name is|my name's|the name is|name is|put it under|make it|under|for|the)\b[\s,.]*)+/i;

/** One half of a name, or letters that spell it. */
function isPartName({ said }: Turn): boolean {
  const parts = said
    .replace(beforeName, '')
    .replace(/[.!?\s]+$/, '')
    .split(/[\s.-]+/);
  return parts.length < 2 || parts.slice(-2).every((part) => part.length === 1);
}

const street = set(
  'street st road rd avenue ave drive dr lane ln boulevard blvd way court ct place pl highway hwy route ' +
    'parkway circle trail terrace pike loop unit suite apartment apt building lot',
);

/** A number or a street, and neither town nor ZIP code. */
function isPartAddress({ words }: Turn): boolean {
  const streetAt = words.findLastIndex((word) => street.has(word));
  const isFigure = (word: string) => isNumberWord(word) || isDigit(word);
  if (!words.some(isFigure) && streetAt < 0) return false;
  if (/\b(?:in|near|outside) [a-z]+(?: [a-z]+)?$|\b\d{5}$/.test(words.join(' '))) return false;
  return words.slice(streetAt + 1).every(isFigure) || streetAt < 0;
}

const weekdays = '(?:mon|tues|wednes|thurs|fri|satur|sun)day';
const months =
  '(?:january|february|march|april|may|june|july|august|september|october|november|december)';
const ordinal =
  '(?:\\d{1,2}(?:st|nd|rd|th)?|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\\w+teenth|twentieth|thirtieth|(?:twenty|thirty) \\w+)';
const aDay = `(?:(?:this|next|the|on|coming|following) )*(?:today|tomorrow|tonight|now|the day after tomorrow|weekend|week|${weekdays}|${months}|${ordinal})(?: (?:morning|afternoon|evening|night|noon|the|of|${months}|${ordinal}))*`;
const openTerm = new RegExp(`\\b(?:from|between|starting|beginning) ${aDay}$`);
const loneDay = new RegExp(
  `^(?:(?:on|maybe|like|yes|yeah|um|uh|so|it is|that is|probably) )*${aDay}$`,
);

const aTerm = /\b(?:days?|weeks?|weekend|months?|hours?) (?:from|starting|beginning)\b/;

/** `From Tuesday`, and neither until when nor, before it, for how long. */
function isOpenTerm({ words }: Turn): boolean {
  const all = words.join(' ');
  return openTerm.test(all) && !aTerm.test(all);
}

/** The first day, of which the last may follow. */
function isLoneDay({ words }: Turn): boolean {
  return loneDay.test(words.join(' '));
}

const aTime = new RegExp(
  `\\b(?:today|tomorrow|tonight|now|weeks?|weekends?|days?|months?|hours?|morning|afternoon|${weekdays}s?|${months})\\b`,
);

/** A machine is wanted, and it is not said when. */
function isBareRequest({ words }: Turn): boolean {
  const all = words.join(' ');
  const isRequest =
    /\b(?:i|we)(?: (?:am|are|would|will|just|really))* (?:need|want|like|look|looking|get|rent|after)\b/;
  return isRequest.test(all) && !aTime.test(all);
}

const asks =
  /^(?:(?:hi|hello|hey|yes|yeah|okay|ok|so|and|great|thanks|well|um|uh|oh|good|morning|afternoon|there|also|actually|sure|no) )*(?:do|does|did|is|are|was|were|can|could|would|will|have|has|may|what|where|when|which|who|why|how) /;

const leastOfQuestion = 4;

/** The verb comes first, and what it is about follows. */
function isWholeQuestion({ said, words }: Turn): boolean {
  return words.length >= leastOfQuestion && (said.endsWith('?') || asks.test(words.join(' ')));
}

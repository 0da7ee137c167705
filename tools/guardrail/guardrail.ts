import type { IsoDate } from '../yard/equipment.ts';
import { amountsIn, isSameAmount } from './amounts.ts';
import { daysIn, isAmong, isInCalendar, rangesIn, type Day } from './days.ts';
import { hoursIn, isWithin } from './hours.ts';
import { inDigits } from './numbers.ts';
import { isOfRow, rowVerdict } from './yard-rows.ts';

/** All that code knows to have been said or written in this call; each in order, oldest first. */
export type KnownFacts = {
  /** The sentences that tools of this call worded; one entry a use. */
  readonly tools: readonly string[];
  /** Rows of the `Yard` tab, and what else staff wrote: true of prices and rules, never of a result. */
  readonly yard: readonly (readonly [key: string, text: string])[];
  /** The caller's words, turn by turn. */
  readonly caller: readonly string[];
  /** The names of the yard's machines: a name that reads like a claim proves none. */
  readonly machines?: readonly string[];
  /** The date at the yard; null when it is not known. */
  readonly today?: IsoDate | null;
};

/** The reasons to keep a sentence of the model's own from the caller. */
export type Withheld =
  | 'no-speech'
  | 'price'
  | 'availability'
  | 'result'
  | 'code'
  | 'phone'
  | 'name'
  | 'hours'
  | 'rule'
  | 'date'
  | 'payment';

/**
 * Checks one sentence that a model says by itself. Null when it may be spoken: it claims nothing, or
 * only what `facts` hold. A claim is a price, an availability, a result, a code, a number, a name,
 * an opening hour, a rule or a day; what the caller said proves none of the first three.
 */
export function withheldAs(spoken: string, facts: KnownFacts): Withheld | null {
  // The number of help is nobody's to vouch for, and no amount.
  const sentence = spoken.replaceAll(/\b(call|dial) (?:911|nine[- ]one[- ]one)\b/gi, '$1 for help');
  const known = knowledgeOf(facts);
  if (isNoSpeech(sentence, known)) return 'no-speech';
  const text = inDigits(sentence).replaceAll(/\s+/g, ' ').trim();
  if (known.toolSentences.some(({ text: said }) => same(said) === same(text))) return null;
  // A rule in the sheet's own words; one that reads like a claim proves none.
  const isRow = facts.yard.some(([, row]) =>
    sentencesOf(inDigits(row)).some((by) => same(by) === same(text)),
  );
  // Its amounts are the yard's own.
  if (isRow && !readsAsClaim(sentence.replaceAll(/[\d$£€%]+/g, ''))) return null;
  const said: Said = { sentence, text, ...partsOf(text) };
  if (refusesCards(said)) return null;
  const checks: readonly (readonly [Withheld, (said: Said, known: Knowledge) => boolean])[] = [
    ['payment', asksForPayment],
    ['result', promisesWriting],
    ['code', hasUnknownCode],
    ['phone', hasUnknownPhone],
    ['price', hasUnknownPrice],
    ['result', hasUnknownResult],
    ['hours', hasWrongHours],
    ['availability', hasUnknownAvailability],
    ['name', hasUnknownName],
    ['rule', hasUnknownRule],
    ['rule', hasUnknownProperty],
    ['availability', hasUnknownOffer],
    ['result', hasUnknownRecord],
    ['date', hasUnknownDate],
    ['rule', hasUnknownMatter],
  ];
  const verdict = rowVerdict(text, facts.yard, known.tools);
  // Where a row says just that, its own words are the rule.
  const isProven = (kind: Withheld) => verdict === 'said' && ofRows.includes(kind);
  const kind = checks.find(([name, fails]) => !isProven(name) && fails(said, known))?.[0];
  return kind ?? (verdict === 'denied' ? 'rule' : null);
}

const inWriting = /\b(?:text(?:ed|ing|s)?|sms|e-?mail(?:ed|ing|s)?)\b/;
const noWriting =
  /\b(?:no|not|never|without|can't|cannot|won't|don't|stop|instead of) (?:\w+ ){0,3}(?:text|sms|e-?mail)/;

const comes =
  /\b(?:get|receive|expect|see|have|send|sending|sent|by|via|coming|way|shortly|soon|text you|texting|texted|e-?mail you)\b/;
const byRow = /\be-?mail/i;

/** Says that the customer gets something in writing: a text only after the tool has said so. */
function promisesWriting({ stated }: Said, { toolSentences, yard }: Knowledge): boolean {
  const isClaim = (clause: string) => inWriting.test(clause) && comes.test(clause);
  const claims = stated.filter((clause) => isClaim(clause) && !noWriting.test(clause));
  const isSaid = toolSentences.some(({ text }) => /\byou'll get a text\b/.test(text));
  const isTheirs = (clause: string) => /\be-?mail/.test(clause) && byRow.test(yard);
  return claims.some((clause) => (!isSaid || /\be-?mail/.test(clause)) && !isTheirs(clause));
}

/** The claims that a row of the sheet can prove. */
const ofRows: readonly Withheld[] = ['price', 'hours', 'rule', 'date'];

type Said = {
  readonly sentence: string;
  /** Lower case, numbers in digits. */
  readonly text: string;
  /** The clauses that state something, and those that ask. */
  readonly stated: readonly string[];
  readonly asked: readonly string[];
};

type ToolSentence = { readonly text: string; readonly original: string; readonly use: number };

type Knowledge = {
  readonly facts: KnownFacts;
  readonly toolSentences: readonly ToolSentence[];
  readonly tools: string;
  readonly yard: string;
  readonly caller: string;
  /** Tools and yard; and those with the caller's words. */
  readonly told: string;
  readonly all: string;
  readonly today: IsoDate | null;
};

const cache = new WeakMap<KnownFacts, Knowledge>();

function knowledgeOf(facts: KnownFacts): Knowledge {
  const cached = cache.get(facts);
  if (cached) return cached;
  const tools = facts.tools.join('\n');
  const yard = facts.yard.map(([key, text]) => `${key}: ${text}`).join('\n');
  const caller = facts.caller.join('\n');
  const names = (facts.machines ?? [])
    .filter((name) => name.trim() !== '' && readsAsClaim(name))
    .map(inDigits)
    .toSorted((a, b) => b.length - a.length);
  const toolSentences = facts.tools.flatMap((saying, use) =>
    sentencesOf(saying).map((original) => ({
      original,
      text: withoutNames(inDigits(original), names),
      use,
    })),
  );
  const [toolText, yardText, callerText] = [inDigits(tools), inDigits(yard), inDigits(caller)];
  const known = {
    facts,
    toolSentences,
    tools: toolText,
    yard: yardText,
    caller: callerText,
    told: `${toolText}\n${yardText}`,
    all: `${toolText}\n${yardText}\n${callerText}`,
    today: facts.today ?? null,
  };
  cache.set(facts, known);
  return known;
}

/** A name such as "You're booked" must not be read as what the tool said of it. */
function withoutNames(text: string, claims: readonly string[]): string {
  return claims.reduce((rest, name) => rest.replaceAll(name, 'machine'), text);
}

/** True of a name that, spoken by itself, would tell a caller that something is done, free or had for a price. */
export function readsAsClaim(name: string): boolean {
  const text = inDigits(name);
  if (amountsIn(text).length > 0) return true;
  // "Extended Reach Excavator" and "Free Standing Ladder" are machines.
  const isSentence =
    /\b(?:you|it|i|we|that|they|this)(?:'(?:re|s|ve|m|ll)| (?:are|is|have|has|am|will))\b/.test(
      text,
    );
  const isBare =
    /^(?:all set|booked|reserved|confirmed|cancell?ed|available|free|done|yours)\W*$/.test(text);
  return isBare || (isSentence && (resultsIn(text).length > 0 || claimsAvailability(text)));
}

/** A text's sentences as the caller hears them; a decimal point or an abbreviation ends none. */
function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?]["')\]]?)\s+(?=\S)|\n+/).filter((part) => part.trim() !== '');
}

const same = (text: string) => text.replaceAll(/[^a-z0-9$%]+/g, ' ').trim();

// ---- What no person should hear ----

const toolTalk =
  /\b(?:find_equipment|quote_rental|book_equipment|find_booking|cancel_booking|take_message|transfer_to_human|end_call)\b|\b[a-z]+_[a-z_]+\b|\b[a-z]+[A-Z]\w*\s*[(=:]|\w\(\w*\)|\w\(\w+\s*[=:]|[{}]|"\s*:|\bfunctions?\.\w|=>|==|\bnull\b|\bundefined\b|\bNaN\b/;
const markup =
  /[*_`#|~^\\<>[\]]|^\s*[-•–]\s+\S|^\s*\d+[.)]\s*(?:$|[A-Z])|&\w+;|#(?:REF|N\/A|VALUE|NAME|DIV)/;
const directions =
  /^\s*\([^)]*\)\s*\.?$|\((?:[^)]*\b)?(?:paus|laugh|sigh|check|typ|wait|smil|silen|beep|music|look|think|whisper|clear|chuckl|nod|hold|search|process|breath)\w*[^)]*\)/i;
const address =
  /https?:|\bwww\b|\b[\w-]+\s?\.\s?(?:com|net|org|io|co|us|ai|info|biz|shop|store|app|dev|uk|ca|de)\b|\bdot (?:com|net|org|io|co|us)\b|\S+@\S+|\w+ at \w+ dot \w+/i;
const machineDates = /\b\d{4}[-/]\d{1,2}[-/]\d{1,2}\b|\b\d{1,2}\/\d{1,2}\/\d{2,4}\b|\bT\d{2}:\d{2}/;
const promptTalk =
  /\b(?:language model|system prompt|(?:the|my|this) prompt|openai|chatgpt|gpt|llm|developer (?:message|mode)|(?:tool|function|api)[ -]calls?|(?:call|calling|use|using|invoke|invoking|run|running) (?:the |a |my )?(?:\w+ )?(?:function|api)\b|(?:tool|function|query) (?:returned|responded|failed|says|said|errored)|tool (?:output|result|response)s?|json|parameters?\b|arguments?\b|database|backend|(?:training|knowledge) (?:data|cutoff)|(?:the|my) training|trained (?:on|to|by)|the (?:user|assistant)\b|internal (?:note|instruction|id))\b/i;
const instructionTalk =
  /^\s*(?:user|assistant|system|tool|agent|caller|customer|ai|bot)\s*:|\b(?:my|the|these|following) (?:\w+ )?(?:instructions|guidelines|rules|programming)\b|\b(?:instructed|programmed|prompted) (?:to|not)\b|\bi was told to\b|\bas (?:instructed|programmed|prompted)\b/i;
const refusal =
  /\b(?:can't|cannot|can not|won't|not able|unable|not allowed|don't|not going to|am not|i'm not)\b/;
const itemId =
  /\b[A-Za-z]{1,6}[-_]\d{1,6}[A-Za-z]?\b|\b(?:item|unit|asset|machine) (?:id|number|no\.?)\b/gi;

function isNoSpeech(sentence: string, { all }: Knowledge): boolean {
  const lower = sentence.replaceAll('’', "'").toLowerCase();
  if (
    [toolTalk, markup, directions, address, machineDates, promptTalk].some((p) => p.test(sentence))
  )
    return true;
  if (
    instructionTalk.test(lower) &&
    (!refusal.test(lower) || /\bsay\b|\b(?:per|to|on|by|of|under) my\b/.test(lower))
  )
    return true;
  return [...sentence.matchAll(itemId)].some(([id]) =>
    /\d/.test(id) ? !all.includes(id.toLowerCase()) : !lower.includes('?'),
  );
}

// ---- How a sentence states or asks ----

const pronoun =
  "(?:it|it's|that|that's|this|these|those|we|we're|we've|we'll|i|i'm|i've|i'll|you|you're|you've|you'll|they|they're|there|there's|the|your|our|my|he|she|someone|somebody|nobody|delivery|is|was|has|not|both|all|another)";
const breaks = new RegExp(
  `[,;:—–]\\s+|\\s-+\\s|[.!?…]+\\s+|\\s+(?:and|but|so|because|since|now that|as|then|which|who|though|although|while)\\s+(?=${pronoun}\\b)`,
);
const lead =
  /^(?:(?:so|and|or|but|okay|ok|great|sure|well|then|also|now|sorry|alright|all right|right|perfect|thanks|thank you|good|got it|yes|no|yeah|of course|oh|hi|hello|again|otherwise|in that case)\b[ ,]*)*/;
const interrogative =
  /^(?:shall|would|could|can|do|does|did|don't|didn't|is|isn't|are|aren't|was|were|will|won't|have|haven't|has|should|shouldn't|may|might|which|what|what's|when|when's|where|who|who's|whose|how|how's|why|anything|anyone|any|something|want|need|ready|for which|for how|for what|from when|until when|at what|on which|on what|by when|under (?:what|which)|in (?:what|which)|to (?:what|which|whom))\b/;

function partsOf(text: string): Pick<Said, 'stated' | 'asked'> {
  const clauses = text
    .split(breaks)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (!/\?["')]*$/.test(text)) return { stated: clauses, asked: [] };
  const from = clauses.findIndex((clause) => interrogative.test(clause.replace(lead, '')));
  if (from < 0) return { stated: clauses, asked: [] };
  return { stated: clauses.slice(0, from), asked: clauses.slice(from) };
}

/** Under these a clause claims nothing of what comes after them. */
const supposing =
  /\b(?:if|whether|once|when|whenever|before|unless|as soon as|in case|to see|find out|depends|what|what's|which|how|where|who)\b/;
const looking =
  /\b(?:check(?:ing)?|look(?:ing)?|see(?:ing)?|find(?:ing)?|wonder\w*|ask(?:ing)?|sure|know|verify|tell you|say|promise|confirm|guarantee)\b[^,]*$/;
const unsure =
  /\b(?:not|don't|can't|cannot|couldn't|won't|unable|let me|i'll|i will|i can|we can|i need to|i have to|i'd have to)\b/;
const attributed =
  /^(?:(?:so|okay|ok|and|right|sure|well|yes|got it|i understand|i see|i heard)[ ,]*)*(?:that )?you(?:'re| are|'d| would|'ve| have| also| just| only)* (?:said|say|saying|mentioned|asked|asking|told|want|wanted|wanting|need|needed|like|prefer|gave|looking|hoping|calling|thinking|wondering|were)\b/;

/** Repeats the caller, in so many words. */
const quoted = /\byou(?:'ve| have| also| just)* (?:said|mentioned|asked|told)\b/;

function isSupposed(before: string): boolean {
  if (supposing.test(before)) return true;
  return (
    looking.test(before) &&
    unsure.test(before) &&
    !/\bi can (?:confirm|tell you|promise|guarantee|say|see)\b/.test(before)
  );
}

// ---- Payment ----

const cardWords =
  /\b(?:card number|credit card|debit card|card details|cvv|cvc|security code|expir\w+|social security|account number|routing number|bank details|pin)\b/;

function asksForPayment({ text }: Said): boolean {
  if (
    !cardWords.test(text) ||
    /\b(?:don't|do not|never|no need|can't|cannot|won't|not)\b/.test(text)
  )
    return false;
  return (
    /\b(?:what(?:'s| is| are)|give|read|tell|share|provide|repeat|get|take|have|need|enter|say)\b/.test(
      text,
    ) && !/\byou(?:'ll| will)? need\b/.test(text)
  );
}

/** Says that no card number is taken, and nothing else. */
function refusesCards({ text, stated }: Said): boolean {
  return (
    stated.length === 1 &&
    /\b(?:don't|do not|never|can't|cannot|won't)\b.{0,30}\bcard (?:numbers?|details)\b/.test(
      text,
    ) &&
    amountsIn(text).length === 0
  );
}

// ---- Codes and numbers ----

function compact(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Single signs in a row, as a code is read out, and codes in one piece. */
const alphabet =
  'alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey x-ray xray yankee zulu'.split(
    ' ',
  );

function codesIn(said: string): string[] {
  const text = codeWord.test(said)
    ? said.replaceAll(/\b[a-z][a-z-]+\b/g, (word) =>
        alphabet.includes(word) ? word.charAt(0) : word,
      )
    : said;
  const plain = text.replaceAll(/\b([a-z0-9]) (?:as in|for|like) [a-z]+\b/g, '$1');
  const spelled = [
    ...plain.matchAll(/(?<![a-z0-9'$.])[a-z0-9](?:[\s,.-]+[a-z0-9](?![a-z0-9'%])){3,}/g),
  ].map(([run]) => run);
  const whole = [
    ...plain.matchAll(
      /\b(?=[a-z0-9-]*\d)(?=[a-z0-9-]*[a-z])[a-z0-9]{2,}(?:[- ](?=[a-z0-9]*\d)[a-z0-9]{2,})*\b/g,
    ),
  ].map(([run]) => run);
  const named = [
    ...plain.matchAll(
      /\b(?:code|reference|confirmation|booking|reservation|order|ticket)(?: (?:code|number|id))? (?:is|was|will be|would be)(?: going to be)?:? ([a-z0-9][a-z0-9 ,-]{2,})/g,
    ),
  ].flatMap(([, value = '']) =>
    /\d/.test(value) || /^[a-z]( [a-z]){2,}/.test(value) ? [value] : [],
  );
  return [
    ...spelled.filter((run) => /[a-z]/.test(run) && (/\d/.test(run) || compact(run).length >= 4)),
    ...whole.filter(
      (run) =>
        !/^\d+(?:st|nd|rd|th|am|pm|ft|lbs?|kw|hp|in|x\d+|s|k|m|v|w|a)$/.test(run) &&
        compact(run).length >= 4,
    ),
    ...named,
  ];
}

const codeWord = /\b(?:code|confirmation|reference|booking number|reservation number)\b/;
const codeNamed =
  /\b(?:code|confirmation|confirmation number|booking number|reference(?: number)?|reservation number|(?:call-off|order|account|contract|rental|ticket|invoice) number)\b(?:'s| is| will be| was|:)?(?= \d)/;

function hasUnknownCode({ text, stated }: Said, { all, tools, caller }: Knowledge): boolean {
  const known = compact(all);
  if (
    codesIn(text)
      .map(compactCode)
      .some((code) => code.length >= 3 && !known.includes(code))
  )
    return true;
  // Digits alone may be a code too, when they are called one.
  return stated.some((clause) => {
    const digits = codeNamed.test(clause)
      ? compact(clause.slice(clause.search(codeNamed))).replaceAll(/\D/g, '')
      : '';
    return digits.length >= 3 && !compact(tools + caller).includes(digits);
  });
}

function compactCode(code: string): string {
  return compact(code.replaceAll(/\b(?:and|then|dash|it|is|the)\b/g, ' '));
}

function phonesIn(text: string): string[] {
  return [...text.matchAll(/\+?\(?\d(?:[\s().,-]{0,3}\d){6,}/g)].map(([run]) =>
    run.replaceAll(/\D/g, ''),
  );
}

function hasUnknownPhone({ text }: Said, { all }: Knowledge): boolean {
  const known = phonesIn(all.replaceAll('\n', ' | '));
  const isKnown = (number: string) =>
    known.some((digits) => digits.endsWith(number) || number.endsWith(digits));
  if (phonesIn(text).some((number) => !isKnown(number))) return true;
  const ending = /\b(?:ending|ends) (?:in|with) ([\d ,-]{2,})/
    .exec(text)?.[1]
    ?.replaceAll(/\D/g, '');
  return ending !== undefined && !known.some((digits) => digits.endsWith(ending));
}

// ---- Prices ----

const bargain =
  /\b\d+(?:\.\d+)? ?(?:%|percent)|\bhalf (?:off|price)\b|\bdiscount\w*|\bspecial (?:offer|price|rate|deal)|\b(?:good|great|better|best|sweet|cut you a|give you a|make you a) deal\b|\bpromo\w*|\bcoupon|\bcheaper\b|\b(?:lower|reduced?|better|special|best) (?:the )?(?:price|rate)|\b(?:prices?|rates?) (?:drops?|goes down|comes down|went down|is down|are down|is lower)|\bknock\b.*\boff\b|\b(?:take|took|get) (?:\S+ ){1,3}off\b|\bon sale\b|\bbeat (?:any|that|their|the|everyone)\b|\bbest (?:price|rate|deal)\b|\bbargain|\b(?:price match|match (?:that|their|the|any) (?:price|rate|quote|offer))|\bthrow(?:ing|n)? in\b|\bwaiv(?:e|es|er|ing)\b|\b(?:skip|forget(?: about)?) the deposit\b|\bon special\b|\bspecials?\b(?! (?:order|request|training|license))|\bpromotion|\bbonus\b|\bextra day\b|\bonly pay\b|\bfor half\b|\blet you have\b|\bloyalty\b|\b(?:cost|pay|charge)\w* (?:less|nothing|extra)\b/;
/** A price by another price. */
const relative =
  /\b(?:costs?|prices?|priced|rates?|rents?(?= for)|charges?|pays?)\b[^,;]*\b(?:same\b(?! (?:each|every|per|all)\b)|more|less|twice|double|half|triple|higher|lower)\b|\b(?:twice|double|half|triple) the (?:price|rate|cost|day|daily|money|amount)\b|\bit's (?:about |only |just )?half\b|\b(?:same|lower|higher) (?:price|rate)s?\b/;
const ofNobody = /\b(?:nobody|no one|most people|hardly anyone) (?:ever )?(?:pays?|leaves?)\b/;
const cannot =
  /\b(?:can't|cannot|can not|couldn't|won't|unable|not able|not allowed|don't (?:have|offer|give|do|know|see)|do not|isn't any|aren't any|no|not|wouldn't|nobody|never)\b/;

function hasUnknownPrice(said: Said, known: Knowledge): boolean {
  const { text, stated, asked } = said;
  const amounts = amountsIn(text);
  const isQuote =
    attributed.test(text) &&
    stated.every((clause, i) => i === 0 || !/\b(?:it's|that's|we|is|costs?)\b/.test(clause));
  const cannotBe = cannot.test(text);
  const unknown = amounts.filter((amount) => !isKnownAmount(amount, said, known));
  const heard = amountsIn(known.caller);
  if (
    unknown.some(
      ({ value }) =>
        !(isQuote && heard.some((by) => by.value === value)) &&
        !(value === 0 && (isOnlyAsked(said) || /\bcan't|cannot|nothing is\b/.test(text))),
    )
  )
    return true;
  const values = amounts.map(({ value }) => value);
  if (values.length > 0 && countsIn(text).some((count) => !isKnownCount(count, known, values)))
    return true;
  if (isQuote) return false;
  const isRelative = stated.some((clause) => {
    if (ofNobody.test(clause)) return true;
    const at = clause.search(relative);
    return at >= 0 && !isSupposed(clause.slice(0, at)) && !cannot.test(clause);
  });
  const worded = (relative.exec(text) ?? ofNobody.exec(text))?.[0] ?? '';
  if (isRelative && !same(known.told).includes(same(worded))) return true;
  const offer = bargain.exec(text)?.[0];
  if (offer === undefined) return false;
  const told = same(known.told);
  if (/\d/.test(offer)) return !told.includes(same(offer));
  const asks =
    stated.every((clause) => !bargain.test(clause)) && asked.some((clause) => bargain.test(clause));
  if (asks)
    return !/\b(?:are|were|did|do|have|is) (?:you|that|there|it)\b|\blike me to (?:ask|check|find)\b/.test(
      asked.join(' '),
    );
  if (cannotBe) return false;
  const governed = stated.every(
    (clause) => !bargain.test(clause) || isSupposed(clause.slice(0, clause.search(bargain))),
  );
  return !governed && !told.includes(same(offer));
}

const isOnlyAsked = ({ stated, asked }: Said) =>
  asked.length > 0 && stated.every((clause) => amountsIn(clause).length === 0);

/** A tool or the yard said the same amount of the same thing. */
function isKnownAmount(
  amount: ReturnType<typeof amountsIn>[number],
  said: Said,
  { toolSentences, facts }: Knowledge,
): boolean {
  const subject = subjectsOf(said.text);
  const fromYard = facts.yard.some(([key, row]) => {
    if (!isOfRow(said.text, [key, row])) return false;
    const text = inDigits(`${key}: ${row}`);
    if (amount.value === 0 && isFreeBy(text, said.text)) return true;
    return (
      amountsIn(text).some((known) => isSameAmount(amount, known)) && !contradicts(amount, text)
    );
  });
  if (fromYard) return true;
  return toolSentences.some((sentence) => {
    const { text } = sentence;
    const amounts = amountsIn(text);
    return amounts.some((known) => {
      if (!isSameAmount(amount, known)) return false;
      const rivals = amounts.filter(({ role, at }) => role === known.role && at < known.at);
      const from = rivals.at(-1)?.at ?? 0;
      const several = amounts.filter(({ role }) => role === known.role).length > 1;
      const about = several ? text.slice(from, known.at) : aboutOf(sentence, toolSentences);
      return subject.every((word) => hasWord(about, word));
    });
  });
}

/** A row such as "Free within city limits" proves that, on its own terms. */
function isFreeBy(row: string, said: string): boolean {
  if (!/\bfree\b|\bno charge\b/.test(row)) return false;
  const terms = /\b(?:within|inside|over|above|under|up to)\b/;
  const words = said.match(/[a-z]{4,}|\d+/g) ?? [];
  return (
    terms.test(row) === terms.test(said) &&
    words.every((word) => neutral.has(word) || hasWord(row, word))
  );
}

/** A row that names a price does not make something free. */
function contradicts({ value }: { readonly value: number }, row: string): boolean {
  return value === 0 && amountsIn(row).some((amount) => amount.value > 0);
}

/** The whole saying that a sentence is a part of. */
function contextOf({ use }: ToolSentence, all: readonly ToolSentence[]): string {
  return all
    .filter((other) => other.use === use)
    .map(({ text }) => text)
    .join(' ');
}

const countPattern =
  /\b(\d+)[ -](?:days?|weeks?|months?|miles?|hours?|weekends?|machines?|units?)\b/g;

function countsIn(text: string): { readonly count: number; readonly words: string }[] {
  return [...text.matchAll(countPattern)].map(([words, count]) => ({
    count: Number(count),
    words,
  }));
}

/** True for a count that was told, or that a tool's sentence about these `values` comes to. */
function isKnownCount(
  { count, words }: { readonly count: number; readonly words: string },
  { told, toolSentences }: Knowledge,
  values: readonly number[],
): boolean {
  if (count <= 1) return true;
  if (hasPhrase(told, words) || hasPhrase(told, words.replace(/s$/, ''))) return true;
  if (!/day/.test(words)) return false;
  return toolSentences.some((sentence) => {
    const about = contextOf(sentence, toolSentences);
    const amounts = amountsIn(about);
    if (!values.every((value) => amounts.some((amount) => amount.value === value))) return false;
    const daily = amounts.find(({ role }) => role === 'day')?.value;
    const isTotal = amounts.some(
      ({ role, value }) => role === 'total' && daily !== undefined && value === daily * count,
    );
    return isTotal || rangesIn(sentence.text).includes(count);
  });
}

function hasPhrase(text: string, phrase: string): boolean {
  return new RegExp(`(?<![\\w-])${phrase.replaceAll(/[^a-z0-9 -]/g, '.')}(?![\\w])`).test(text);
}

// ---- What a sentence is about ----

const neutral = new Set(
  (
    "the a an our your my another this that these those both any some all each every one two it that's it's i we you " +
    'price prices total totals deposit deposits rate rates cost costs charge fee fees amount machine machines unit units delivery pickup rental rentals rent ' +
    'booking bookings reservation code number name day days week weeks weekend month months hour hours time times date dates daily weekly monthly ' +
    'good great best news same whole full first last next only just also then there here thing way each yes no okay right well so and or of for to from on at in is are ' +
    'refundable security security upfront overall entire usual standard regular normal current caller customer person people someone answer question ' +
    'moment minute second morning afternoon evening today tomorrow tonight monday tuesday wednesday thursday friday saturday sunday ' +
    'january february march april may june july august september october november december order request plan lot bit couple few kind type size model ' +
    'rest start end return period range list dollar dollars bucks buck pounds quid euros cents percent soonest earliest latest list sheet system yard shop store office place address door line phone call calls message note help per with plus by about around through until till before after which what when where who how ' +
    'sure thanks please sorry sir certainly absolutely currently still already now indeed actually too afraid long short big small new free available back up out off down over it not never than as if but be been being was were will would can could should do does did has have had get got goes go comes come runs run costs said tool flat under below above within between'
  ).split(' '),
);
const determined =
  /\b(?:the|a|an|our|your|another|that|this|those|these|both|any|\d+)\s+(?=([a-z][a-z0-9'-]*(?:\s+[a-z0-9][a-z0-9'-]*){0,3}))/g;
const bareSubject =
  /^(?:(?:yes|no|okay|ok|sure|so|well|and|but|also|actually|unfortunately|fortunately|sorry|great|good news|currently)[ ,]+)*((?:[a-z0-9][a-z0-9'-]*\s+){1,4}?)(?:is|are|isn't|aren't|was|were|runs?|costs?|comes?|rents?|goes|will|won't|would|has|have)\b/;
const stops = new Set(
  "is are isn't aren't was were will won't would can can't could has have had runs run costs cost comes come rents goes go for from on at in to and or but until through till with by if that which who you we i it of per as so than plus each because when where be being been under within does do did doesn't don't didn't can't hasn't haven't wasn't weren't include includes".split(
    ' ',
  ),
);

/** The content words of what a sentence speaks about; empty when it says "it". */
function subjectsOf(text: string): string[] {
  const phrases = [...text.matchAll(determined)].map(([, words = '']) => words);
  for (const clause of text.split(breaks)) {
    const bare = bareSubject.exec(clause)?.[1];
    if (bare !== undefined) phrases.push(bare);
  }
  const words = phrases.flatMap((phrase) => {
    const all = phrase.trim().split(/\s+/);
    const end = all.findIndex((word) => stops.has(word));
    return end < 0 ? all : all.slice(0, end);
  });
  return [...new Set(words.map((word) => word.replace(/'s$/, '')))].filter(
    (word) =>
      !neutral.has(word) &&
      !/^\d/.test(word) &&
      !/'(?:re|ve|ll|d|m|t)$/.test(word) &&
      !/^(?:mon|tues|wednes|thurs|fri|satur|sun)days?$/.test(word) &&
      !word.endsWith('ly'),
  );
}

/** True when all that a sentence speaks about is named in `text`, and of one that says "it". */
export function isAbout(sentence: string, text: string): boolean {
  const known = inDigits(text);
  return subjectsOf(inDigits(sentence)).every((word) => hasWord(known, word));
}

function hasWord(text: string, word: string): boolean {
  const stem = stemOf(word);
  return text.split(/[^a-z0-9']+/).some((other) => stemOf(other) === stem);
}

function stemOf(word: string): string {
  return word
    .replace(/'s$/, '')
    .replace(/ce$/, 'se')
    .replace(/ies$/, 'y')
    .replace(/(?<=[^s])s$/, '')
    .replace(/(?:ed|ing)$/, '')
    .replace(/e$/, '');
}

// ---- Results ----

type Group =
  'book' | 'cancel' | 'change' | 'off-rent' | 'money' | 'message' | 'transfer' | 'send' | 'done';

const perfect =
  "(?:'ve|'s|'re| have| has| had| is| are| was| were| got|'m| am| be| been| being|get|gets|getting)";
const adverbs =
  '(?: (?:just|now|already|all|also|officially|successfully|gone ahead and|went ahead and|been|being|your|it|that|them|this|everything|one|you|the|a|both|there|here|then|fully|hereby|indeed|completely|still|actually|safely|well))*';
const participles: readonly (readonly [Group, string])[] = [
  [
    'book',
    'booked|rebooked|reserved|held|confirmed|reconfirmed|secured|locked|scheduled|set aside|put aside|penciled|pencilled|put on hold|on hold|arranged|guaranteed|rented|blocked off|approved|signed up|assigned|allocated|registered|claimed',
  ],
  ['cancel', 'cancelled|canceled|called off|deleted|voided'],
  [
    'change',
    'moved|changed|switched|rescheduled|pushed|extended|shortened|updated|swapped|adjusted|corrected|amended|modified|upgraded|renewed|fixed|postponed|bumped|shifted|transferred the|edited|prolonged|lengthened',
  ],
  [
    'money',
    'waived|removed|dropped|reduced|lowered|discounted|applied|credited|refunded|charged|billed|paid|processed|taken off|knocked|comped|halved|forgiven|returned your deposit|authorized|authorised|cut',
  ],
  [
    'message',
    'noted|written|passed|told|notified|recorded|logged|saved|left (?:a|the|your) message|let (?:them|him|her|the)|taken (?:down|your|a|the)|made a note|made the note|put in a (?:note|request|word)|flagged|alerted|informed|spoken|asked|added|filed|submitted|entered|escalated|marked|checked with|talked',
  ],
  ['off-rent', 'picked (?:it|that|them|the \\w+) up|picked up|collected|fetched'],
  ['transfer', 'transferred|connected|put you through|forwarded|patched'],
  [
    'send',
    'sent|texted|emailed|e-mailed|mailed|dispatched|delivered|shipped|ordered|loaded|dropped off',
  ],
  [
    'done',
    'done|taken care of|sorted|handled|completed|finalized|finalised|finished|settled|set up|placed|made (?:the|your|that|a) (?:booking|reservation|change)|made it|created|dealt with|closed out|cleared|put (?:it|that|you|your|the|them)',
  ],
];
const setAside =
  /\b(?:i|we)(?:'ve| have)?(?: just| already| also)* (?:(?:set|put|kept|saved)\b(?: \w+){0,2} (?:aside|by|for you)|(?:saved|kept) (?:you|it|one))\b(?! (?:waiting|on hold|on the line))/;
const inTheBook =
  /\b(?:it|that|everything)(?:'s| is)(?: all| now| already)* (?:in|on) the (?:books?|calendar|schedule|system|list)\b|\b(?:you(?:'re| are)|we(?:'re| are)) on (?:for|the books)\b|\b(?:has|have|got) your name on (?:it|one)\b|\bgot you (?:in |covered )?for (?:\w+day|tomorrow|today|the \d)/;
const hasPaid = /\byou(?:'ve| have)?(?: already| just)* paid\b/;
/** A machine whose rental is over for the caller, though the yard has yet to fetch it. */
const offRent =
  /(?:(?:'s|'re|\bis|\bare|\bbeen)(?: all| now| already| officially)* (?:called |taken |marked )?off[- ](?:rent|hire)(?:ed)?|\b(?:called|taken|took|put|marked|got) (?:it|that|them|you|the \w+(?: \w+)?) off(?:[- ](?:rent|hire))?\b|\b(?:rental|rent|billing|clock|meter|charges?)(?:'s| is| has| have| are)?(?: now| been| just)* (?:stopped|stops|ended|ends|over)\b)/;
const fetching =
  /\b(?:pick-?up|collection)(?:'s| is| has been)(?: all| now)* (?:scheduled|arranged|set|booked|on)\b|\b(?:they|we|someone|the (?:driver|crew|yard|truck))(?:'ll| will| is coming to|'s coming to|'re coming to| are coming to) (?:come (?:and )?)?(?:pick|fetch|collect|get|grab) (?:it|that|them|the)\b/;
const idioms: readonly (readonly [Group, RegExp])[] = [
  ['off-rent', offRent],
  ['off-rent', fetching],
  ['book', setAside],
  ['book', inTheBook],
  ['money', hasPaid],
  ['book', /\byour name(?:'s| is)(?: now| already)? on (?:it|one|that|the)\b/],
  ['money', /\byou(?:'ll| will)? get (?:it|that|your (?:money|deposit))(?: all)? back\b/],
  ['book', /\b(?:i|we)(?:'ve| have)(?: just| already)? blocked\b/],
  [
    'send',
    /\b(?:they|it|he|she|driver|truck|crew|machine)(?:'ve|'s| have| has)(?: just| already)? left (?:the yard|already|now|a while|an hour|\d+ minutes)\b/,
  ],
  ['book', /\b(?:reservation|booking|order)'s (?:all |now )?(?:in|made|done|set|through|there)\b/],
  ['book', /(?:'s|'re| is| are)(?: all| now| officially)* yours\b/],
  [
    'book',
    /^(?:(?:the|your|that|this|okay|great|so) )*(?!(?:anything|nothing|something|what|want|need|get|it|you|i|we|not|no|once|if|be|been)\b)[a-z]+(?: (?!(?:is|are|was|were|has|have|been|not|be|get|already|so)\b)[a-z]+)? (?:booked|reserved|confirmed|delivered|extended)(?: (?:for|to|on|until|from|through)\b|$|[.!])/,
  ],
  [
    'send',
    /\b(?:i'm|i am|we're|we are)(?: now| just| currently)* (?:sending|texting|emailing|mailing|dispatching|delivering|telling (?:the|them|him|her)|notifying|letting (?:the|them|him|her)|passing (?:it|that|this) on)\b/,
  ],
  [
    'send',
    /\b(?:arrives?|arriving|gets? there|shows? up|gets? delivered)\b(?=.*(?:day|\d|tomorrow|tonight|noon|morning|afternoon|soon))/,
  ],
  [
    'book',
    /^(?:(?:your|the|and|okay|great|so) )*(?:reservation|booking|rental|order|delivery|hold|request|pick-?up) (?:all )?(?:complete|completed|confirmed|made|set|done|approved|scheduled|placed|secured|guaranteed|accepted)\b/,
  ],
  [
    'money',
    /^(?:(?:your|the|and|okay|great|so) )*(?:deposit|payment|fee|charge|refund) (?:all )?(?:complete|waived|approved|received|processed|issued|refunded|accepted|removed|dropped)\b/,
  ],
  [
    'cancel',
    /^(?:(?:your|the|and|okay) )*(?:cancellation|cancelling|booking cancell?ed|reservation cancell?ed)(?: is)? ?(?:complete|done|confirmed)?$/,
  ],
  [
    'message',
    /\b(?:manager|owner|boss|office|they|staff|team|guys|crew|people|folks|yard|driver|mechanic|he|she|someone|supervisor) (?:has |have |just |already |also )*(?:approved|agreed|okayed|ok'd|said|says|confirmed|booked|waived|held|put|set|moved|changed|knows?|got your)\b/,
  ],
  [
    'book',
    /\b(?:you(?:'re| are)|we(?:'re| are)|everything(?:'s| is)|that(?:'s| is)|it(?:'s| is)|all|now) (?:all )?(?:set|good to go|squared away|taken care of|locked in|confirmed|good|in)(?: (?:for|now|then|on|from|with)\b|[.!,]|$)/,
  ],
  ['book', /^(?:you're |we're )?(?:all )?(?:set|good to go|booked|confirmed|reserved|locked in)\b/],
  [
    'book',
    /\b(?:it|that|that one|the \w+(?: \w+)?|they)(?:'s| is|'re| are|'ll be| will be)(?: all| now| officially)? yours\b|\ball yours\b/,
  ],
  [
    'book',
    /\b(?:got|have|had|has|put|putting|see|wrote) (?:you|it|that|them|your name|the \w+(?: \w+)?|a \w+(?: \w+)?)(?: all)?(?: \w+ \w+)? (?:down|booked|reserved|in the (?:system|book|books|calendar|schedule)|on the (?:list|schedule|calendar|books?)|confirmed|set aside|held|scheduled|set up)\b/,
  ],
  [
    'book',
    /\byou(?:'re| are)(?: all| now)? (?:down for|down on|on the (?:list|schedule|calendar|books)|in the (?:system|book|calendar)|scheduled)\b/,
  ],
  [
    'book',
    /\b(?:you|we|i)(?: already| do| now|'ve)* (?:have|has|got) (?:a|an|your|the|that|this|one) (?:confirmed |existing |current |valid |new )?(?:booking|reservation|hold)\b/,
  ],
  [
    'book',
    /\byour (?:booking|reservation|rental|order|request|machine|hold|spot|slot)(?: \w+){0,3}?(?:'s| is| has| went| goes| was| stands)(?: all| now| been| gone)*(?: (?:confirmed|through|in|set|good|complete|active|live|secure|ready|fine|there|approved|on file|official))/,
  ],
  [
    'book',
    /\b(?:went|gone|goes|going) through\b|\b(?:deal|done deal)\b(?=[.!]|$)|\bit's official\b|\bconsider it\b|\byou(?:'ve| have) got (?:it|the \w+)\b|\bsee you (?:on |at |this |next |bright )?(?:\w+day|tomorrow|then|the \d|at \d|\d|in the morning|early)/,
  ],
  [
    'done',
    /^(?:all |it's |that's |there, |and )?done\b|\b(?:that|it|this|everything)(?:'s| is)(?: all| now| already)? (?:done|sorted|handled|settled|fixed|updated|complete|completed|taken care of)\b|\bconsider it done\b|^(?:fixed|sorted|handled)\b/,
  ],
  [
    'cancel',
    /\b(?:it|that|booking|reservation|rental)(?:'s| is)(?: all| now)? (?:off(?![- ](?:rent|hire))|gone)\b|\byou(?:'re| are) off the (?:hook|schedule|list)\b|\b(?:took|taken) (?:you|it|that|the booking) off\b|\bno longer (?:have|booked|reserved|on)\b/,
  ],
  [
    'money',
    /\b(?:card|deposit|payment|account)(?: \w+){0,2} (?:on file|went through|charged|cleared|received)\b|\b(?:receipt|invoice|refund|payment)\b.*\b(?:sent|issued|on its way|received|processed|emailed|is coming)\b|\b(?:i|we) (?:have|'ve|got|see) (?:your|the|a) (?:card|payment)\b|\b(?:taken|took|processed|received|charged|ran|collected) (?:the |your |a |full )*(?:payment|card|deposit|money)\b/,
  ],
  [
    'send',
    /\b(?:(?:loaded )?on the (?:truck|trailer|road)|loaded up|on (?:its|the|their|his|her) way|en route|out for delivery)\b/,
  ],
  [
    'transfer',
    /\b(?:i'm|i am|we're|you're being|you are being|now) (?:now )?(?:transferring|connecting|putting you through|forwarding|transferred|connected|patching)\b/,
  ],
  [
    'book',
    /\b(?:i'm|i am|we're|we are)(?: now| just| currently| going ahead and)* (?:booking|reserving|holding|confirming|locking|scheduling|setting aside|putting you)\b/,
  ],
  ['cancel', /\b(?:i'm|i am|we're|we are)(?: now| just| currently)* (?:cancell?ing|deleting)\b/],
  [
    'change',
    /\b(?:i'm|i am|we're|we are)(?: now| just| currently)* (?:changing|moving|switching|extending|rescheduling|updating|adjusting|upgrading)\b/,
  ],
  [
    'money',
    /\b(?:i'm|i am|we're|we are)(?: now| just| currently)* (?:waiving|removing|refunding|reducing|lowering|crediting|discounting|charging|applying|taking off|dropping the)\b/,
  ],
];
const simplePast =
  /\b(?:i|we)(?: just| already| also| did| went ahead and| now)* (booked|knocked|reserved|held|confirmed|secured|scheduled|cancelled|canceled|moved|changed|switched|rescheduled|pushed|extended|shortened|updated|swapped|adjusted|corrected|waived|removed|dropped|reduced|lowered|discounted|applied|credited|refunded|charged|billed|processed|noted|wrote|passed|told|notified|recorded|logged|saved|sent|texted|emailed|dispatched|ordered|placed|finalized|arranged|upgraded|called|spoke|let|added|made|put|took|gave|set|locked|asked|checked with|talked|left (?:a|the|your|him|her|them) |rang|phoned|emailed|reported|got (?:you|it|that|one) )/;
const pastGroups: Readonly<Record<string, Group>> = {
  knocked: 'money',
  wrote: 'message',
  called: 'message',
  spoke: 'message',
  let: 'message',
  gave: 'money',
  made: 'book',
  put: 'book',
  took: 'message',
  set: 'book',
  locked: 'book',
  added: 'message',
  asked: 'message',
  talked: 'message',
  rang: 'message',
  phoned: 'message',
  reported: 'message',
};
const promise =
  /\b(?:someone will|somebody will|someone'll|somebody'll|he'll|she'll|i'll|we'll|i will|we will|i'm going to|we're going to|i am going to|i'm gonna|you'll|you will|it'll|it will|that'll|that will|they'll|they will|the \w+(?: \w+)? will|(?:\w+ ){0,2}(?:driver|crew|truck|machine|delivery|guys) will)\b(?: \w+){0,3}? (hold|have (?:it|that|them|one|the \w+) \w+ed|reserve|book|cancel|waive|extend|reduce|lower|refund|credit|deliver|delivered|drop|bring|waiting|ready|there|set (?:it|one|that|this) aside|put (?:you|it|that|your name|one|this) (?:down|aside|on|in)|let (?:the|them|him|her|my|our|someone)|tell (?:the|them|him|her|my|our)|pass (?:it|that|this|your)|text|email|e-mail|mail|send|guarantee|throw|knock|match|arrive|receive|held|booked|reserved|cancelled|canceled|waived|refunded|charged|moved|changed|dispatch|save (?:it|one|that)|block|lock|keep (?:it|one|that|the)|schedule|arrange|move (?:it|that|your|the|you)|change (?:it|that|your|the)|switch (?:it|that|your|the|you)|push (?:it|that|your|the)|upgrade|give you|get (?:it|that|you|one) (?:booked|reserved|cancelled|moved|delivered|set|scheduled|out|there|sorted))\b/;
const promiseGroups: Readonly<Record<string, Group>> = {
  cancel: 'cancel',
  cancelled: 'cancel',
  canceled: 'cancel',
};
const notYet =
  /\b(?:can|could|would|may|might|must|should|shall|need|needs|needed|to be|want|wants|like|has to|have to|had to|needs to|going to need|nothing|nobody|no one|none|isn't|aren't|wasn't|weren't|haven't|hasn't|hadn't|not|never|can't|cannot|couldn't|won't|wouldn't|don't|doesn't|didn't|without|no|let me|to get|i'd|ready to|happy to|able to|how to|try to|before)\b/;

const participlePatterns = participles.map(
  ([group, words]) =>
    [
      group,
      new RegExp(
        `(?:\\b(?:\\w+)?${perfect}${adverbs}|^(?:all |and |okay |great |perfect |now |just |already |it |that )*(?=\\w+(?: \\w+)?(?:$|[.!,]| (?:for|to|by|on|until|with|it|that|you|your|the|as|and|now|from|in|under|off)\\b))) ?\\b(?:${words})\\b`,
      ),
    ] as const,
);

type ResultClaim = { readonly group: Group; readonly at: number };

/** The results that a clause claims. */
function resultsIn(clause: string): ResultClaim[] {
  const claims: ResultClaim[] = [];
  const add = (group: Group, at: number, isIdiom = false) => {
    const beforeIt = clause.slice(0, at);
    if (isSupposed(beforeIt) || attributed.test(clause)) return;
    if (notYet.test(isIdiom ? beforeIt : clause.slice(0, at + 12))) {
      const denied = notYet.exec(isIdiom ? beforeIt : clause)?.index ?? -1;
      if (denied >= 0 && denied <= at + 12) return;
    }
    claims.push({ group, at });
  };
  for (const [group, pattern] of participlePatterns) {
    const match = pattern.exec(clause);
    if (match && !isOther(group, match[0], clause.slice(match.index + match[0].length))) {
      const at = match.index + match[0].length - (/\S+$/.exec(match[0])?.[0].length ?? 0);
      add(group, at);
    }
  }
  for (const [group, pattern] of idioms) {
    const match = pattern.exec(clause);
    if (match) add(group, match.index, true);
  }
  const past = simplePast.exec(clause);
  if (
    past &&
    !/\b(?:i|we) (?:let you|put you through$|asked (?:if|you|which|what|when|whether|about)|told you|called you|made (?:a mistake|an error)|set up shop|gave you|took (?:too|so)|saved you|noted (?:that )?you|checked with you)\b/.test(
      clause,
    )
  ) {
    const verb = past[1] ?? '';
    add(pastGroups[verb] ?? groupOf(verb) ?? 'done', past.index + past[0].length - verb.length);
  }
  const will = promise.exec(clause);
  if (
    will &&
    !isSupposed(clause.slice(0, will.index)) &&
    !/\b(?:once|when|if|as soon as|after|until)\b(?! (?:\w+day|\d|noon))/.test(
      clause.slice(will.index),
    ) &&
    !/\b(?:not|won't|nobody|no one|need to|have to|want to|be able to)\b/.test(will[0]) &&
    !/\bsend (?:you )?(?:to|over to)\b|\bmove on\b|\bgive you (?:a (?:moment|minute|second|call)|some time|time|that|the (?:number|address|details))\b|\btext me\b/.test(
      clause,
    )
  ) {
    claims.push({ group: promiseGroups[will[1] ?? ''] ?? 'book', at: will.index });
  }
  return claims;
}

/** Participles that say something else: "it's booked through Friday", "we're all done talking". */
function isOther(group: Group, matched: string, rest: string): boolean {
  if (group === 'book' && /\bdeposit\b.*\bheld$/.test(matched)) return true;
  if (group === 'book' && /\b(?:booked|rented|reserved)$/.test(matched))
    return /^ (?:through|until|till|up|out|solid|by (?:someone|another|somebody))\b/.test(rest);
  if (group === 'message' && /\b(?:asked|told)$/.test(matched))
    return /^ (?:me|you|about|for|if)\b/.test(rest) || /\byou/.test(matched);
  if (group === 'message' && /\b(?:added|written)$/.test(matched))
    return /^ (?:cost|charge|fee)/.test(rest);
  // What becomes of a deposit is a rule.
  if (group === 'money')
    return /^ (?:when|once|if|after|as soon as|at the end|on return)\b/.test(rest);
  if (group === 'cancel' && /\bcalled off$/.test(matched)) return /^[- ](?:rent|hire)\b/.test(rest);
  if (group === 'change') return /\b(?:that|nothing) changed\b/.test(matched);
  return false;
}

function groupOf(verb: string): Group | undefined {
  return participles.find(([, words]) => words.split('|').includes(verb))?.[0];
}

/** "Once you say yes, I'll book it." */
const uponYes = /\b(?:once|when|if|as soon as|after) you (?:say|confirm|agree|tell me)\b/;
const bareOffer =
  /^(?:then )?(?:i'll|i will|we'll|we will) (?:book|reserve|cancel|move|change) (?:it|that|them)(?: for you| right away)?\W*$/;

function hasUnknownResult({ text, stated, asked }: Said, known: Knowledge): boolean {
  const presumed = asked.filter((clause) =>
    /\b(?:i|we)(?:'ve| have)?(?: just| already)* (?:booked|made|reserved|cancelled|canceled|moved|changed|waived|held|extended)\b/.test(
      clause,
    ),
  );
  const claims = stated.filter((clause) => !(uponYes.test(text) && bareOffer.test(clause)));
  const claimed = [...claims, ...presumed].flatMap((clause) =>
    resultsIn(clause).map(({ group }) => ({ group, clause })),
  );
  return claimed.some(({ group, clause }) => !isKnownResult(group, clause, text, known));
}

/** A tool's own sentence has the result, and names the machine and the days that are named here. */
function isKnownResult(
  group: Group,
  clause: string,
  text: string,
  { toolSentences, facts, today }: Knowledge,
): boolean {
  if (group === 'message' && isEcho(clause, facts)) return true;
  const results = toolSentences.flatMap((sentence) =>
    sentence.text
      .split(breaks)
      .flatMap((part) => resultsIn(part).map((claim) => ({ ...claim, sentence }))),
  );
  const subject = subjectsOf(clause);
  const days = daysIn(text, today);
  return results.some(({ group: by, sentence }) => {
    const isAll =
      group === 'done' && sentence.use === (toolSentences.at(-1)?.use ?? -1) && by !== 'message';
    if (by !== group && !isAll) return false;
    // "You're booked" is the answer to what was read back before; other results name their machine.
    const isWhole = subjectsOf(sentence.text).length > 0;
    const about = toolSentences
      .filter(
        ({ use, text: other }) =>
          use === sentence.use ||
          (!isWhole && use === sentence.use - 1 && !other.split(breaks).some(claimsAvailability)),
      )
      .map((other) => other.text)
      .join(' ');
    const isUndone =
      group === 'book' &&
      results.some((later) => later.group === 'cancel' && later.sentence.use > sentence.use);
    return (
      !isUndone &&
      subject.every((word) => hasWord(about, word)) &&
      days.every((day) => isAmong(day, daysIn(about, today)))
    );
  });
}

/** "I've got it down as Maria" is said of words just heard, which is no writing down. */
function isEcho(clause: string, { caller }: KnownFacts): boolean {
  return /^(?:i've|i have|i|we've) noted that (?:you|it)\b/.test(clause) && caller.length > 0;
}

// ---- Opening hours ----

const afterHours = /\bafter[- ]hours\b/;
const openWords = /\b(?:open|opens|opening|close|closes|closed|closing|hours)\b/;
const staffed =
  /\b(?:we|we're|yard|office|shop|store|our|us|gate|doors?|hours|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|today|tomorrow|weekends?|weekdays?|they|it)\b/;

function claimsHours({ stated, text }: Said): boolean {
  const claims = stated.some((clause) => {
    const at = clause.search(openWords);
    return (
      at >= 0 &&
      staffed.test(clause) &&
      !isSupposed(clause.slice(0, at)) &&
      !quoted.test(clause) &&
      !/\b(?:don't|do not|can't) (?:have|know|see|say|tell)\b/.test(clause.slice(0, at))
    );
  });
  const isTimetable =
    stated.length > 0 &&
    /day\b|weekends?\b/.test(text) &&
    /\d ?(?:am|pm)?(?: to | until | till |-)\d|\bfrom \d+(?::\d\d)?(?: ?[ap]m)? (?:to|until|till) (?:\d|noon)/.test(
      text,
    ) &&
    !/\d(?:st|nd|rd|th) (?:to|until)/.test(text);
  const isShort =
    /^(?:on )?[a-z]+days?(?: and [a-z]+days?)? (?:till|until|from) (?:noon|\d+(?!\d|st|nd|rd|th))/.test(
      text,
    );
  return (
    isTimetable ||
    isShort ||
    (claims && !/\bopen (?:slot|spot|question|a|an|the|up|to)\b/.test(text))
  );
}

function hasWrongHours(said: Said, { facts, today, told }: Knowledge): boolean {
  const isLate = said.stated.some((clause) => afterHours.test(clause) && !cannot.test(clause));
  if (isLate && !afterHours.test(told)) return true;
  if (!claimsHours(said)) return false;
  const { stated, text } = said;
  const row = facts.yard
    .filter(([key]) => /hour|open/i.test(key))
    .map(([, value]) => inDigits(value))
    .join('; ');
  const known = hoursIn(row);
  if (known.length === 0) return !same(told).includes(same(text));
  const change = /\b(?:early|earlier|late|later|longer|extended)\b/.exec(text)?.[0];
  if (change !== undefined && !row.includes(change)) return true;
  const statedText = stated
    .join(', ')
    .replaceAll(/\b(?:today|tomorrow|tonight)\b/g, (word) => dayNameOf(word, today));
  const spans = hoursIn(statedText);
  const isBroad =
    /\b(?:holidays?|all day|24 hours|24\/7|around the clock|all night|every ?day|7 days|all week)\b/.exec(
      statedText,
    )?.[0];
  if (
    isBroad !== undefined &&
    /holiday|night|all day/.test(isBroad) &&
    !row.includes(isBroad.replace(/s$/, ''))
  )
    return true;
  const meaningful = spans.filter(
    ({ days, opens, closes, isClosed }) =>
      days.length > 0 || opens !== null || closes !== null || isClosed,
  );
  if (meaningful.length === 0) return /\bclosed\b/.test(text) && !/\bclosed\b/.test(row);
  return !meaningful.every((hours) =>
    hours.isClosed && hours.days.length === 0 ? false : isWithin(hours, known),
  );
}

function dayNameOf(word: string, today: IsoDate | null): string {
  const [day] = daysIn(word, today);
  const names = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
  return day?.weekday === undefined ? word : (names[day.weekday] ?? word);
}

// ---- Availability ----

const canHave =
  /\b(?:you|they) (?:can|could|may)(?: definitely| certainly| also| still)* (?:have|get|pick (?:it|that|one|them|this) up|pick up|collect|take|grab|come (?:get|pick|grab|by|in)|swing by|start|keep)\b/;
const availabilityWords: readonly RegExp[] = [
  /(?<!\b(?:i|we|someone|somebody|they) ?)(?: will|'ll| should) be (?:back|in|here|available|free|ready|fixed|out|repaired)\b/,
  /\bthe (?:last|only) one\b/,
  /\b(?:squeeze|fit|slot) you in\b/,
  /\b(?:down|in) for (?:repairs?|maintenance|service)\b|\bout of (?:service|order|commission)\b/,
  /(?:\b(?:is|are)|'s)(?: still| all| now| currently| already)* (?:out|gone|taken)\b(?! (?:of (?:town|range|reach|order)|loud))/,
  /(?<!\b(?:feel|toll|hands|smoke|risk|debt|trouble|hassle|stress)[ -])\bfree\b(?! to (?:call|ask|stop|come|reach|contact|tell|say|let|take)\b)/,
  /\b(?:available|unavailable|availability|in stock|out of stock|sold out|spoken for|rented out|all rented|on rent|out on (?:rent|a job|hire)|in the shop|under (?:repair|maintenance)|in maintenance|being (?:repaired|serviced)|on the lot|in the yard)\b/,
  /\bbooked (?:out|up|solid|through|(?:until|till)(?! (?:you|i|we)\b)|by (?:someone|another|somebody))\b/,
  /\b(?:your|the) (?:[a-z-]+ ){1,3}?(?:is|are)(?: now| all| already)? (?:ready\b(?! to (?:help|take|talk|hear|answer))|waiting for you\b|waiting(?=[.!]|$))/,
  /\b(?:keep|bring) (?:it|them|that|the \w+)(?: back)? (?:as long as|whenever|any ?time|for as long)\b/,
  /\bready (?:to go|for (?:you|pick-?up|collection|delivery)|and waiting|right now|now|by|on|at|tomorrow|today)\b/,
  /\b(?:we|i)(?:'ve| do| still| also| only| currently| actually| always| just)* (?:have|got|'ve|carry|stock|don't have|haven't got|have got)(?: got)?(?: still| only| just| also| currently| exactly| at least| about)*(?: (?:it|them|those|that|one|two|three|both|\d+|a|an|some|several|plenty|lots|no|none|nothing|another|the|any|availability|more|enough|all|multiple|your|openings?|everything)\b|$)/,
  /\bthere(?:'s| is| are|'re|'ll be| will be)(?: still| only| just| also| currently)* (?:one|two|\d+|a|an|some|several|plenty|no|none|nothing|another|availability|openings?|lots)\b/,
  /\b(?:left|remaining)\b(?! (?:a|the|your|side|turn|hand|off|at|on|message|you))/,
  canHave,
  /\b(?:we|i) (?:can|could) (?:get|find|source|order|bring in) (?:you (?:one|it|another|a)|one|another|it)\b(?=.*\b(?:from|by|at|tomorrow|today|yard|store|branch|location)\b)/,
  /\b(?:it|that|this|that one|this one|they|which|one|machine|unit)(?:'s| is| are|'re| was)(?: still| all| now| currently| already)* (?:gone|taken|out|back|ready|here|in\b(?! (?:the|a|our|good|great|all|total|your))|open|sitting|parked|waiting(?! (?:for|on) (?:your|an?|the) (?:answer|reply|response|call|word|name|confirmation|okay|decision)\b)|rented|clear|not (?:free|available|in|here|out))\b/,
  /\b(?:\w+day|tomorrow|today|the \d+(?:st|nd|rd|th)|that day|those (?:days|dates)|that week|next week|that date|weekend)(?:'s| is| are| also| should| will| looks| look| would| all)* (?:be )?(?:works?|fine|good|open|clear|okay|ok|no problem|perfect|wide open|doable|possible|booked|full|taken|out)\b(?! for you)/,
  /\b(?:can|could|can definitely|can certainly) do (?:\w+day|tomorrow|today|the \d|that day|those|that week|next)\b/,
  /\b(?:due back|comes? back|coming back|back (?:on|by|in|this|next|tomorrow|today|from)\b|opens? up|frees? up|becomes? available|comes? available|comes? in\b|(?:opened|freed) up\b|cancellation (?:on|for) the\b|returns? (?:on|by|tomorrow|today|next|this))/,
  /\b(?:(?:just|already|now) (?:came|come|got|in)|(?:came|got) (?:back|in))\b/,
  /\b(?:earliest|soonest|next available|first available|next opening)\b/,
  /\b(?:someone|somebody|nobody|no one|another (?:customer|caller|person|guy|company|crew|contractor|client|party)|(?:a|other|our) (?:customer|client|contractor|crew)s?|the (?:previous|last|other|next|current) (?:customer|caller|renter|guy|person)|he|she)(?:'s|'ve)?(?: else| already| just| currently| also)* (?:has|have|had|got|is|are|was|were|booked|rented|reserved|took|using|returned|returns|picked|wants?|asked|called)\b|\b(?!(?:you|we|i|you've|we've|i've|to|please|must|should|just|always|never|not|don't|and|or|then|can|could)\b)[\w']+ (?:has|had|took|booked|reserved|rented|is using|are using|returns?|returned|is renting) (?:it|that one|this one|them)\b/,
  /\b(?:plenty|lots|tons|a few|several|one|two|\d+) (?:of (?:them|those|these) )?(?:on hand|in stock|left|to (?:choose|pick) from|ready|sitting|here)\b/,
];
const [ofOthers] = availabilityWords.filter(({ source }) => source.includes('nobody'));
const notThings =
  /\bthere(?:'s| is| are)\b.*\b(?:deposit|fee|charge|discount|minimum|problem|note|question|number|code|booking|delivery|way|reason|rush|need|limit|tax|noise|static|echo|background|smoking|pets|refunds?|parking|warranty)\b/;
const notMachines =
  /\b(?:we|i)(?:'ve| do| still| also| only| currently| actually| always| just|'d)* (?:have|got|don't have|haven't got)(?: got)?(?: still| only| just| also)* (?:a|an|the|your|any|no|some|one|that|it|more|all|another|two|everything)? ?(?:more |other |last |quick |few |couple (?:of )?)?(?:questions?|notes?|record|numbers?|names?|moment|problem|trouble|idea|information|info|date|code|details?|address|access|way|price|figure|answer|down|right|as|here|for|to|you|of|policy|delivery|deposit|minimum|control|say|authority|wrong|yet|anyone|anybody|someone|person|message|i need|hard time|listing|phone|email|booking|reservation|that information|opening|hours|schedule|that (?:here|number|price|detail|right|down)|it (?:as|here|right|down|wrong|in front)|all (?:i|the|of|your)|what)\b/;
const negative =
  /n't\b|\bnot\b|\bno\b|\bnone\b|\bnothing\b|\bunavailable\b|\btaken\b|\bgone\b|\b(?:sold|rented|booked|all) out\b|\bbooked\b|\bspoken for\b|\bin the shop\b|\b(?:maintenance|repaired|serviced|repair)\b|\bfull\b|\bon rent\b|\bout until\b|\bis out\b|'s out\b|\bdue back\b/;

function claimsAvailability(clause: string): boolean {
  return availabilityClaim(clause) !== null;
}

function availabilityClaim(clause: string): RegExp | null {
  if (attributed.test(clause)) return null;
  return (
    availabilityWords.find((pattern) => {
      const at = clause.search(pattern);
      if (at < 0 || isSupposed(clause.slice(0, at))) return false;
      if (/\bwhat(?:ever)?\b|\bwhich\b/.test(clause.slice(0, at))) return false;
      return true;
    }) ?? null
  );
}

const ofPeople =
  /\b(?:someone|somebody|nobody|no one|anyone|everyone|staff|manager|owner|person|colleague|i'm|i am|me|help)\b.*\b(?:available|free|in the yard|in the office|here)\b/;
const abilities = /\b(?:you|they) (?:can|could|may)\b/;
/** Duties of the caller with a machine say nothing of when it is there. */
const duties = [
  /^(?:(?:so|and|or|but|then|also|just|please|always|kindly|simply|remember|make sure|be sure|you|to|you'll|need|have|must|should|if|when)[ ,]+)*(?:bring|return|drop|leave)(?:ing)? (?:it|them|that|this|the machine|the unit)\b/,
  /(?:^|\b(?:it|they|the machine|the unit|machines?|and) )(?:has to|have to|needs? to|must|should|is to) (?:come back|be back|be returned|be brought back)\b/,
  /^(?:if|when|unless|should) (?:it|they|the machine) (?:comes?|is|isn't|doesn't come|gets) (?:back|returned)\b/,
];
const undatedReturn = /\b(?:whenever|any ?time|as long as|for as long|extra|longer|another|more)\b/;

/** An order to the caller, or a condition of it, that names no day: the other checks know its rest. */
function isDuty(clause: string, { today }: Knowledge): boolean {
  return (
    duties.some((pattern) => pattern.test(clause)) &&
    !/\b(?:free|available|booked|ready|reserved|in stock)\b/.test(clause) &&
    !undatedReturn.test(clause) &&
    daysIn(clause, today).length === 0
  );
}
const spans =
  /\b(?:both|everything|all of (?:them|those|our)|left|remaining|the last one|ready|waiting|sitting)\b|\b(?:this|next|all|any|every|that|the whole|the rest of the|the following|later this) (?:week|weekend|month|day|time|year|morning|afternoon|evening)\b|\banytime\b|\bwhenever\b|\bright (?:now|away)\b|\bimmediately\b|\bindefinitely\b|\bas long as\b|\b(?:in|within|for|after) (?:a|an|\d+|one|two|a few|a couple of) (?:hours?|days?|weeks?|months?|minutes?)\b|\bmornings?\b|\bafternoons?\b|\btonight\b|\bnow\b|\bthe (?:week|month) after\b|\bweekends?\b/g;

function hasUnknownAvailability(said: Said, known: Knowledge): boolean {
  return said.stated.some((clause) => {
    const pattern = availabilityClaim(clause);
    if (
      pattern === null ||
      /\bi (?:don't|do not) (?:have|see) (?:it|that|this|one|them|those|any|anything|a|an|the)\b(?!.*\b(?:free|available|in stock|left)\b)/.test(
        clause,
      ) ||
      notMachines.test(clause) ||
      notThings.test(clause) ||
      phonesIn(clause).length > 0 ||
      (/\bdeposits?\b/.test(clause) && !/\b(?:free|available)\b/.test(clause)) ||
      ofPeople.test(clause) ||
      isDuty(clause, known)
    )
      return false;
    // "You can have it delivered" and the like say nothing of a day.
    if (abilities.test(clause) && pattern === canHave && !isTimed(said, known))
      return /\b(?:it|that|one|them|machine)\b.*\b(?:now|any ?time|whenever)\b|\bkeep\b.*\b(?:another|extra|longer|more)\b/.test(
        clause,
      );
    if (amountsIn(clause).some(({ value }) => value === 0)) return false;
    // That something is free tells nobody where it was.
    if (comesBack.test(clause) && !/\bback\b|\breturn/.test(known.tools)) return true;
    if (pattern === ofOthers && /\b(?:it|that|this|one|them)\b/.test(clause)) return true;
    if (isOfNewMachine(clause, known)) return true;
    return !isKnownAvailability(clause, said, known);
  });
}

const comesBack = /\b(?:came|come|comes|got|gets) (?:back|in)\b|\breturned\b/;

function isTimed({ text }: Said, { today }: Knowledge): boolean {
  return daysIn(text, today).length > 0 || text.match(spans) !== null || clocksIn(text).length > 0;
}

function isKnownAvailability(clause: string, { text, stated }: Said, known: Knowledge): boolean {
  const { toolSentences, today, caller } = known;
  const isNo = negative.test(clause);
  const subject = subjectsOf(clause);
  const days = daysIn(stated.join(', '), today);
  const machines = machinesIn(clause);
  const last = toolSentences.findLast(({ text: by }) =>
    by.split(breaks).some(claimsAvailability),
  )?.use;
  const isDenied = (named: readonly Day[], isNoSaid: boolean, { use }: ToolSentence) =>
    toolSentences.some(
      (later) =>
        later.use > use &&
        later.text
          .split(breaks)
          .some((part) => claimsAvailability(part) && negative.test(part) !== isNoSaid) &&
        named.some((day) => isAmong(day, daysIn(later.text, today))),
    );
  return toolSentences.some((sentence) => {
    const claims = sentence.text.split(breaks).filter(claimsAvailability);
    if (!claims.some((by) => negative.test(by) === isNo)) return false;
    if (!isNo && days.length === 0 && isRefusedBefore(sentence, toolSentences)) return false;
    // "It" is what was spoken of last, unless that is not about these days.
    const isLater = sentence.use !== last;
    if (subject.length === 0 && isLater && (days.length === 0 || isDenied(days, isNo, sentence)))
      return false;
    const about =
      subject.length > 0 && !/\buntil\b/.test(clause)
        ? aboutOf(sentence, toolSentences)
        : contextOf(sentence, toolSentences);
    const ownDays = daysIn(sentence.text, today);
    const knownDays =
      ownDays.length > 0 && !/\buntil\b/.test(clause) ? ownDays : daysIn(about, today);
    return (
      subject.every((word) => hasWord(about, word)) &&
      days.every((day) => isAmong(day, knownDays)) &&
      modifiersOf(text).every(
        (words) => sentence.text.includes(words) || (caller.includes(words) && days.length > 0),
      ) &&
      [...text.matchAll(spans)].every(
        ([words]) => isSpanKnown(words, about) || (days.length > 0 && words.startsWith('that ')),
      ) &&
      machines.every((words) => hasPhrase(about, words)) &&
      clocksIn(text).every((time) => about.includes(time)) &&
      countsIn(text).every((count) => isKnownCount(count, known, []))
    );
  });
}

/** The same answer began with "it isn't free": what is free later has its day. */
function isRefusedBefore({ use }: ToolSentence, all: readonly ToolSentence[]): boolean {
  const first = all.find(
    (other) => other.use === use && other.text.split(breaks).some(claimsAvailability),
  );
  return (
    first !== undefined &&
    first.text.split(breaks).some((part) => claimsAvailability(part) && negative.test(part))
  );
}

/** The numbers of machines in a clause: `2 of`, `3 scissor`. */
function machinesIn(clause: string): string[] {
  const count =
    /(?<![\d:$.£/])\b(\d+)(?!\d| ?(?:st|nd|rd|th|am|pm|a\.m|p\.m|o'clock|days?|weeks?|hours?|months?|miles?|minutes?|feet|foot|inch|by \d+|psi|cfm|cubic|pounds?|lbs?|horsepower|hp|kilowatts?|kw|gallons?|btu|amps?|volts?|man|tons?|tonnes?|years?|%|percent)\b|[.:]\d)(?: ([a-z]+))?/g;
  return [...clause.matchAll(count)].flatMap(({ 1: number = '', 2: noun, index }) => {
    const isDate =
      /(?:january|february|march|april|may|june|july|august|september|october|november|december|at|by|until|till|from|to|before|after|around) $/.test(
        clause.slice(0, index),
      );
    if (isDate) return [];
    return [
      noun === undefined || /^(?:left|free|available|of|on|in|for|and|ready)$/.test(noun)
        ? `${number} of`
        : `${number} of`,
    ];
  });
}

/** A sentence with what "it" and "then" in it refer to. */
function aboutOf(sentence: ToolSentence, all: readonly ToolSentence[]): string {
  const before = all[all.indexOf(sentence) - 1];
  const isAlone = subjectsOf(sentence.text).length === 0 && before?.use === sentence.use;
  return isAlone && before ? `${aboutOf(before, all)} ${sentence.text}` : sentence.text;
}

const asksFor =
  /\b(?:do you (?:have|rent|carry|do)|have you got|you got|is there|are there|i(?:'m| am|'d)? ?(?:need|want|like|looking for|after)|what about|how about|and(?= (?:a|an|some|the) )) (?:a|an|the|any|some|your|one of those)? ?([a-z]+(?: [a-z]+)?)/;

/** "It" is what the caller asked for last, and no tool has spoken of that. */
function isOfNewMachine(clause: string, { facts, tools }: Knowledge): boolean {
  if (subjectsOf(clause).length > 0) return false;
  const wanted = asksFor.exec(inDigits(facts.caller.at(-1) ?? ''));
  const words = subjectsOf(`the ${wanted?.[1] ?? ''}`).filter(
    (word) => !/^(?:delivery|somebody|someone|person)$/.test(word),
  );
  return words.length > 0 && words.every((word) => !hasWord(tools, word));
}

/** "Next Monday" is not the Monday that a tool spoke of, unless it was called that. */
function modifiersOf(text: string): string[] {
  return [
    ...text.matchAll(/\b(?:next|following|last) (?:sun|mon|tues|wednes|thurs|fri|satur)day/g),
  ].map(([words]) => words);
}

function isSpanKnown(words: string, about: string): boolean {
  if (about.includes(words)) return true;
  return /\bnow\b|right away|immediately/.test(words) && /\b(?:now|today)\b/.test(about);
}

function clocksIn(text: string): string[] {
  return [
    ...text.matchAll(
      /\b(\d{1,2}(?::\d\d)?) ?(?:am\b|pm\b|a\.m|p\.m|o'clock)|\b(noon|midnight)\b|\b(?:at|by|before|after|until|around) (\d{1,2}(?::\d\d)?)(?=[.,!?]|$| (?:in the|on|sharp|today|tomorrow))/g,
    ),
  ].map(([whole, a, b, c]) => b ?? a ?? c ?? whole);
}

// ---- Names ----

const months =
  'January|February|March|April|May|June|July|August|September|October|November|December';
const noName = new RegExp(
  `^(?:I|I'm|I've|I'll|I'd|OK|Okay|AM|PM|ID|US|USA|Mr|Mrs|Ms|Dr|GPS|DOT|PTO|HP|English|Spanish|French|American|Google|Christmas|Thanksgiving|Easter|Memorial|Labor|Independence|Day|Eve|Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sundays|Mondays|Tuesdays|Wednesdays|Thursdays|Fridays|Saturdays|${months}|Hi|Hello|Hey|Thanks|Thank|You|Yes|No|Sure|Great|Good|Sorry|Please|Welcome|Bye|Goodbye|Bobcat|Kubota|Caterpillar|Cat|Deere|John Deere|Komatsu|JLG|Genie|Honda|Toro|Ditch|Witch|Vermeer|Case|Takeuchi|Yanmar|Volvo|Hitachi|Stihl|Husqvarna|Wacker|Skyjack|The|A|An|It|We|They|That|This|What|Which|When|Where|How|Who|Is|Are|Do|Does|Did|Can|Could|Would|Will|Shall|Should|May|And|But|So|Or|If|For|From|To|With|In|On|At|By|Of|Under|Your|Our|My|Just|Let|Lets|Got|Right|Perfect|Well|Alright|Absolutely|Certainly|Congratulations)$`,
);
const business =
  /^(?:Rentals?|Equipment|Yard|Supply|Plant|Hire|Tools?|Inc|LLC|Ltd|Company|Co|Street|St|Road|Rd|Avenue|Ave|Lane|Drive|Highway|Boulevard|Excavators?|Loaders?|Steers?|Lifts?|Generators?|Compactors?|Trenchers?|Mixers?|Saws?|Trailers?|Trucks?|Dumpers?|Rollers?|Compressors?|Hammers?|Drills?|Pumps?|Washers?|Heaters?|Lights?|Towers?|Forklifts?|Telehandlers?|Augers?|Breakers?|Tractors?|Mowers?|Chippers?|Grinders?|Tillers?|Scaffolds?|Ladders?|Backhoes?|Dozers?|Skid|Mini|Boom|Scissor|Plate|Customer|Service|Center|Desk|Team|Department|Days?|Weeks?)$/;
const cap = "[A-Z][a-zA-Z'’-]*[a-z]";
const called = new RegExp(
  `\\b(?:Mr|Mrs|Ms|Miss|Dr)\\.? (${cap})|\\b(?:[Nn]ame is|[Nn]ame's|[Nn]amed|[Cc]alled|[Cc]ustomer|[Cc]aller|[Uu]nder(?: the name)?(?: of)?|[Bb]y|[Ff]or|[Tt]o|[Ww]ith|[Ff]rom|[Ii]s|[Aa]sk for|[Mm]eet|[Tt]ell|[Cc]all|[Ww]as|[Ss]poke (?:to|with)|[Aa]nd|[Mm]anager|[Oo]wner|[Dd]river|[Cc]olleague|[Aa]s|[Tt]his is|[Ii]t's|[Ii]'m|[Tt]old|[Ll]et|[Bb]ehind|[Aa]bout) (${cap})(?= |[.,!?;:]|$|'s|’s)`,
  'g',
);
const vocative = new RegExp(
  `(?:^|[,!.] ?)(?:[Tt]hanks|[Tt]hank you|[Hh]i|[Hh]ello|[Hh]ey|[Oo]kay|[Ss]ure|[Gg]reat|[Ss]orry|[Gg]oodbye|[Bb]ye|[Ww]elcome(?: back)?|[Gg]ood (?:morning|afternoon|evening)|[Rr]ight|[Pp]erfect|[Yy]es|[Nn]o|[Aa]lright|[Gg]ot it),? (${cap})(?=[.,!?]|$)`,
  'g',
);
const address2 = new RegExp(
  `, (${cap}(?: ${cap})?)(?=, )|, (${cap}(?: ${cap})?)[.!?]?$|^(${cap}), `,
  'g',
);
const possessive = new RegExp(
  `\\b(${cap})['’]s (?:booking|reservation|rental|number|phone|account|machine|order|name|card|code|job|crew|site|deposit|order|invoice|project|excavator|lift|trailer|truck|place|house|yard|company|team|message|details|address)\\b`,
  'g',
);
const opening = new RegExp(
  `^(${cap})(?: (${cap}))? (?:has|had|booked|reserved|rented|took|picked|returned|called|lives|paid|owes|cancelled|canceled|will|is renting|is using|is coming|is picking|is bringing|wants|wanted|asked|from|said|says|told|in|from|at|over|already|also|just|can|could|might|would|should|usually|dropped|owns|runs|works|needs|gets)\\b`,
);
const pair = new RegExp(`(?<![A-Za-z'’-])(${cap}) ((?:[A-Z]\\.? )?${cap})(?![A-Za-z])`, 'g');
const determinerBefore =
  /\b(?:[Tt]he|[Aa]|[Aa]n|[Oo]ur|[Yy]our|[Tt]his|[Tt]hat|[Oo]ne|[Tt]wo|[Aa]nother|[Ee]ach|[Aa]ny|\d+)\s+(?:[A-Z0-9]\S*\s+)*$/;

function hasUnknownName({ sentence }: Said, { all }: Knowledge): boolean {
  const text = sentence.replaceAll('’', "'");
  const isKnown = (name: string) =>
    name.split(/[\s-]+/).every((part) => {
      const word = part.replace(/'s$/, '').replace(/\.$/, '');
      return (
        word === '' ||
        noName.test(word) ||
        new RegExp(`(?<![a-z])${word.toLowerCase().replaceAll(/[^a-z0-9']/g, '.')}(?![a-z])`).test(
          all,
        )
      );
    });
  const unknown = (name: string, at: number) => {
    if (noName.test(name) || business.test(name) || isKnown(name)) return false;
    return !determinerBefore.test(text.slice(0, at));
  };
  for (const match of text.matchAll(pair)) {
    const [, first = '', second = ''] = match;
    const at = match.index;
    if (noName.test(first) || noName.test(second) || business.test(first) || business.test(second))
      continue;
    if (
      new RegExp(`^ (?:${business.source.slice(1, -1)})\\b`).test(text.slice(at + match[0].length))
    )
      continue;
    if (unknown(`${first} ${second}`, at)) return true;
  }
  for (const pattern of [called, vocative, possessive, address2]) {
    for (const match of text.matchAll(pattern)) {
      const name = match.slice(1).find((group) => group !== undefined) ?? '';
      const at = match.index + match[0].lastIndexOf(name);
      const next = /^ ([A-Z][a-z]+)/.exec(text.slice(at + name.length))?.[1];
      if (next !== undefined && business.test(next)) continue;
      if (pattern === address2 && match[3] !== undefined && !/^[A-Z][a-z]+$/.test(name)) continue;
      if (pattern === address2 && match[3] !== undefined && isOpeningWord(name)) continue;
      if (unknown(name, at)) return true;
    }
  }
  const start = opening.exec(text);
  if (!start) return false;
  const [, name = '', last = ''] = start;
  return !isOpeningWord(name) && unknown(last === '' ? name : `${name} ${last}`, 0);
}

/** Words that begin a sentence with a capital and are nobody's name. */
function isOpeningWord(word: string): boolean {
  return (
    neutral.has(word.toLowerCase()) ||
    /(?:'(?:re|s|ve|ll|d|m|t)|ly|ing|day|days|tion|ment|ness|s)$/.test(word) ||
    /^(?:Someone|Somebody|Nobody|Everyone|Everything|Nothing|Something|Anyone|She|He|Another|Payment|Staff|Delivery|Insurance|Fuel|Licence|License|Unfortunately|Understood|Excellent|Wonderful|Awesome|Fine|Indeed|Correct|Exactly|Noted|However|Otherwise|Meanwhile|Instead|Sure|Still|Once|Before|After|Because|Since|While|Though|Although|Nice|Cool|Oh|Ah|Um|Mm|Hmm|True|Fair|Apologies|Maybe|Perhaps|Probably|Hold|Wait|Speaking|Done|Ready|Booked|Confirmed|Reserved|Cancelled)$/.test(
      word,
    )
  );
}

// ---- Rules of the yard, and days ----

const documents =
  /\b(?:licen[cs]e|photo id|\bid\b|identification|passport|insurance|certificate|(?:credit |debit )?cards?|cash|che(?:ck|que)s?|visa|mastercard|amex|american express|paypal|venmo|proof of \w+|permit|(?:\d+|eighteen) (?:years old|or older|or over)|signature|utility bill|cosigner|training|safety course|account|contract)\b/g;
const requires =
  /\b(?:you(?:'ll| will|'d)? (?:need|have to|must|want to bring)|you (?:don't|won't|do not) (?:need|have to)|(?:we|they|it)(?:'ll)? (?:need|require|accept|take|ask for|only take|only accept|don't (?:take|accept|need|require))|bring|requires?|required|must (?:be|have|bring|show)|is enough|will do|(?:can|could|may) pay (?:by|with|in)|(?:can't|cannot) \w+ (?:it |one |anything )?without|no need (?:for|of)|no \w+ (?:needed|required|necessary)|(?:isn't|aren't|not) (?:needed|required|necessary)|(?:is|are) (?:fine|okay|ok|accepted|good|welcome|no problem))\b/;
const age =
  /\b(?:(?:must|have to|need to|has to|can) be (?:at least |over )?(\d+)|(\d+) (?:and|or) (?:older|over|up)|at least (\d+) years|minimum age \w+ (\d+)|(\d+) years old)\b/;
const delivering =
  /\b(?:we|they|i)(?:'ll| will| can| do| also| always| only|'d| could|n't| don't| can't| cannot)* (?:deliver|drop (?:it|them|that) off|bring (?:it|them|that)|haul|pick (?:it|them|that) up from)\b|\bdelivery\b.*\b(?:is|are|takes?|comes?|includes?|included|available|possible|happens?|costs?|within|same|next|free|will)\b|\bdelivery (?:times?|windows?|slots?)\b|\b(?:deliveries|delivered)\b/;
const deposits =
  /\bdeposits?\b.*\b(?:refundable|refunded|returned|back|required|optional|due|cash|card|held|non-refundable|nonrefundable|goes|kept|needed|necessary|covers?|depends|pickup|pick-up|delivery|waivable|at)\b|\brefundable deposit\b/;
const locations =
  /\b(?:our|the yard's) address is\b|\b(?:we(?:'re| are)(?: located| based| right| over| just)*|the yard(?:'s| is)(?: located)?|you(?:'ll)? (?:can )?find us|located) (?:at|on|off|in|near|next to|by|across|behind|just|right|over)\b/;
const inclusions =
  /\b(?:insured|comes? with|includes?|including|included|operator|full tank|fuel)\b/;

function hasUnknownRule(
  { stated, text, sentence }: Said,
  { told, yard, all, facts }: Knowledge,
): boolean {
  return stated.some((clause) => {
    if (
      quoted.test(clause) ||
      /\b(?:i (?:can't|cannot|don't|couldn't)|not sure|let me|i'm not)\b/.test(clause) ||
      isSupposed(clause.slice(0, 14))
    )
      return false;
    if (requires.test(clause)) {
      const named = [...clause.matchAll(documents)].map(([word]) => word);
      const isNo = /\b(?:don't|won't|do not|isn't|aren't|no|not|never)\b/.test(clause);
      if (
        named.some(
          (word) =>
            !hasDocument(told, word) ||
            (isNo &&
              !yard
                .split('\n')
                .some(
                  (row) => hasDocument(row, word) && /\b(?:no|not|don't|isn't|without)\b/.test(row),
                )),
        )
      )
        return true;
    }
    const forms = /\b(\d+) (?:forms?|pieces?|kinds?|proofs?) of\b/.exec(clause)?.[0];
    if (forms !== undefined && !told.includes(forms)) return true;
    const both = /\b(?:round trip|both ways|there and back)\b/.exec(clause)?.[0];
    if (both !== undefined && !told.includes(both)) return true;
    // A result was looked at by itself.
    if (resultsIn(clause).length === 0 && isMatterUnknown(clause, told)) return true;
    const fee = /\b(?:fee|surcharge|penalty|minimum (?:rental|charge|of))s?\b/.exec(clause)?.[0];
    if (fee !== undefined && !/\b(?:no|not|any)\b|n't\b/.test(clause) && !told.includes(fee)) {
      return true;
    }
    const years = age
      .exec(clause)
      ?.slice(1)
      .find((number) => number !== undefined);
    if (years !== undefined && !hasPhrase(told, years)) return true;
    if (delivering.test(clause)) {
      const row = facts.yard
        .filter(([key, value]) => /deliver/i.test(`${key} ${value}`))
        .map(([, value]) => inDigits(value))
        .join(' ');
      const about = `${row} ${toolsAbout(told)}`;
      if (!/deliver/.test(yard) && !/deliver/.test(told)) return true;
      const refuses = /\b(?:no delivery|don't deliver|not deliver|pick-?up only|no deliveries)\b/;
      if (
        refuses.test(clause) !== refuses.test(row) &&
        /\bdeliver\b|\bdelivery\b/.test(clause) &&
        (refuses.test(row) || /\b(?:we|they) (?:don't|do not|can't|cannot) deliver\b/.test(clause))
      )
        return true;
      const numbers = clause.match(/\d+/g) ?? [];
      if (numbers.some((number) => !new RegExp(`\\b${number}\\b`).test(about))) return true;
      if (countsIn(clause).some(({ words }) => !hasPhrase(about, words))) return true;
      const extra =
        /\b(?:\w+days|same[- ]day|next[- ]day|included|free|complimentary|anywhere|guaranteed|today|tomorrow|tonight|morning|afternoon|any ?time|weekends?|overnight|within the hour|in (?:an|half an|\d+|a few) (?:hours?|minutes?)|\w+day)\b/g;
      if ([...clause.matchAll(extra)].some(([word]) => !about.includes(word))) return true;
    }
    if (deposits.test(clause)) {
      const words =
        /\b(?:non-?refundable|refundable|refunded|returned|back|required|optional|cash|card|held|kept|covers?|right away|immediately|same day|on the spot)\b/g;
      const row = `${facts.yard
        .filter(([key, value]) => /deposit/i.test(`${key} ${value}`))
        .map(([, value]) => value.toLowerCase())
        .join(' ')} ${told.match(/[^.\n]*deposit[^.\n]*/g)?.join(' ') ?? ''}`;
      const isNever = /\bnot (?:refund|return)|n't (?:be )?(?:refund|return|get)/.test(clause);
      if (
        [...clause.matchAll(words)].some(
          ([word]) =>
            !hasMeaning(/cash|card/.test(word) ? told : row, isNever ? `non${word}` : word),
        )
      )
        return true;
    }
    if (locations.test(clause)) {
      const place = text.slice(text.search(locations));
      const caps = [...sentence.slice(1).matchAll(/\b[A-Z][a-z]+/g)].map(([word]) =>
        word.toLowerCase(),
      );
      const numbers = place.match(/\d+/g) ?? [];
      if (
        ![...caps, ...numbers].every((word) => all.includes(word)) ||
        (caps.length + numbers.length === 0 &&
          !/\b(?:here|phone|line|touch)\b/.test(place) &&
          /\b(?:located|address|find us)\b/.test(clause))
      )
        return true;
    }
    return (
      inclusions.test(clause) && !/\b(?:what|deposit)\b/.test(clause) && !isIncluded(clause, told)
    );
  });
}

/** Matters of the yard of which nothing is known but what was told. */
const matter =
  /^(?:(?:so|and|okay|great|well|yes|good news|alright)[ ,]+)*(?:the |your |our |this )?(?:[a-z]+ ){0,1}?(?:booking|reservation|rental|order|payment|card|deposit|refund|discount|insurance|paperwork|contract|invoice|receipt|delivery)(?:'s| is| was| has| will| went| goes| gets| got| just| already| all| now)\b(.*)/;

function isMatterUnknown(clause: string, told: string): boolean {
  const rest = matter.exec(clause)?.[1];
  if (rest === undefined || cannot.test(clause)) return false;
  const words = rest.match(/[a-z]{4,}/g) ?? [];
  return words.some((word) => !neutral.has(word) && !hasWord(told, word));
}

function toolsAbout(told: string): string {
  return told.match(/[^.\n]*deliver[^.\n]*/g)?.join(' ') ?? '';
}

function hasDocument(told: string, word: string): boolean {
  if (/licen[cs]e/.test(word)) return /licen[cs]e/.test(told);
  if (/^(?:id|photo id|identification)$/.test(word))
    return /\bid\b|licen[cs]e|identification: /.test(told);
  if (/card/.test(word)) return /\bcards?\b/.test(told);
  // Whether it is the right age is looked at by itself.
  if (/older|over$/.test(word)) return true;
  return told.includes(word.replace(/s$/, ''));
}

function hasMeaning(row: string, word: string): boolean {
  if (/non/.test(word)) return /non-?refundable|not refund/.test(row);
  if (/refund|return|back/.test(word))
    return /refund|return|back/.test(row) && !/non-?refundable|not refund/.test(row);
  return row.includes(word.replace(/s$/, ''));
}

function isIncluded(clause: string, told: string): boolean {
  const words = subjectsOf(clause);
  return /\binclud|\bcomes with/.test(told) && words.every((word) => hasWord(told, word));
}

// ---- What a machine is like, what is carried, what is on file ----

/** A measure of a machine or of a place for it. */
const figures =
  /(?<![\d$£€.,])(\d+(?:\.\d+)?)[ -]?(?:pounds?|lbs?|kilos?|kilograms?|kg|tons?|tonnes?|feet|foot|ft|inch(?:es)?|meters?|metres?|kilowatts?|kw|watts?|horsepower|hp|psi|cfm|gallons?|lit(?:er|re)s?|mph|amps?|volts?|degrees|cubic|people|persons|men|workers)\b|\b((?:19|20)\d\d) (?:model|machine)\b/g;
const properties =
  /\bweighs?\b|\bfits? (?:through|in|into|on|under|inside)\b|\b(?:runs|works) on (?:\w+ )?(?:gas|gasoline|diesel|propane|batter(?:y|ies)|electricity|power|mains)\b|\b(?:takes|uses|burns) (?:\w+ )?(?:gas|gasoline|diesel|propane|batter(?:y|ies))\b|\b(?:gas|diesel|battery|electric|propane)[- ](?:powered|engine|motor)\b|\b(?:engine|motor|hydraulics|bucket|blade|tracks?|tires?|boom|deck|tank|battery|auger|hitch|coupler|cab)(?:'s| is| are| has| comes)\b|\bmodel year\b|\bbrand new\b/;
const manners = new Set(
  'through into under inside runs works takes uses burns powered comes has are its regular model year brand new'.split(
    ' ',
  ),
);

/** What a machine weighs, reaches, runs on or is made of is the sheet's to say, and no guess. */
function hasUnknownProperty({ stated }: Said, { all, facts }: Knowledge): boolean {
  const known = `${all} ${inDigits((facts.machines ?? []).join(' '))}`;
  return stated.some((clause) => {
    if (attributed.test(clause)) return false;
    const isClaimed = (at: number) => at >= 0 && !isSupposed(clause.slice(0, at));
    const isUnknown = [...clause.matchAll(figures)].some(
      ({ 1: measure, 2: year, index }) =>
        isClaimed(index) && !hasPhrase(known, measure ?? year ?? ''),
    );
    if (isUnknown) return true;
    const found = properties.exec(clause);
    if (!found || !isClaimed(found.index) || cannot.test(clause)) return false;
    const words = (found[0].match(/[a-z]{3,}/g) ?? []).filter((word) => !manners.has(word));
    return words.length === 0 || !words.some((word) => hasWord(known, word));
  });
}

/** Begins a clause about this machine, this yard or what may be done; "a lift reaches up" is about none. */
const ofTheYard =
  /^(?:it|that|this|these|those|they|there|the|our|we|your|parking|loading|training|insurance|cleaning|cancell?ing|returns?|breakdowns?|you(?:'ll)? (?:can|could|may|must|only|have|need|get|just)|take|some|most|all|each|every|both)\b/;
/** Words of any talk, which claim nothing by themselves, or of which the other checks know. */
const ofTalk = new Set(
  (
    'them they him her she us me mine yours ours whom whose these those himself themselves talked spoken words word sentence while such same different whole maybe alone ahead along apart away around behind near next side middle end beginning half quarter pair set bit rest mine kids people folks everybody man men woman lady sir miss mister birthday wedding party family house home garden job project hole ground soil slope week morning noon evening night minute hour tomorrow today tonight ' +
    'confirmation message messages email emails must ought shall every anyway actually really just least older younger take takes taking half past ready pay paid might early late meet meets bring brings brought return returned works ' +
    'answer answers anyone anything ask asked asking asks bad best better book booked booking ' +
    'bother call called calls cancel cancelled card care careful carry change changed check ' +
    'checked choice choose clear clock close closed closes colleague colleagues come confirm ' +
    'confirmed congratulations connect connection continue correct couple crew deliver delivered ' +
    'delivers depends detail details difference different easier else english enough equipment ' +
    'everything exact explain extend fair favour few figure find fine first follow forget give ' +
    'given glad go going happen happens happy hard hear heard hello help helpful helps hesitate ' +
    'hold hope idea ideas important information instead interested issue job keep keeping kind ' +
    'know known language later leave left let like likely likes line listed listen little long ' +
    'look looking machine machinery main make makes manager matter maybe mean means mention mind ' +
    'missed mistake more most mostly much name names near necessary need needed needs nice noise ' +
    'noted nothing offer office once one ones only open opens option options order otherwise ' +
    'outside owner pass perhaps person personal phone pick picked place plan planning plenty ' +
    'point possible private problem process project promise proper purpose question questions ' +
    'quick quickly quiet rather reach read reason recommend record remember rent rented renting ' +
    'rents repeat reply request reserve reserved right said same save say saying says search see ' +
    'seems sell send sentence set share show similar simple since site situation something sooner ' +
    'sort sound sounds spanish speak spell spelled spelling staff stand start started stay step ' +
    'still stop story suggest suit suitable suits talk talking team tell tells thank thanks thing ' +
    'things think though thought tool tools top total touch tricky try trying turn type ' +
    'understand understood unless urgent use used useful usual value voice wait waiting want ' +
    'wanted wants web website wedding weekdays weekend weekends welcome while wish won wonder ' +
    'words work worker works worry worth wrong yard yet'
  ).split(' '),
);

/** The talk itself is spoken of, and whoever may be asked. */
const ofTheLine =
  /\b(?:line|phone|connection|signal|echo|static|noise|voice|computer|automated|assistant|recording|press|keypad|sense)\b|\b(?:this|the|your|our) call\b/;
const mayBeDone =
  /^(?:we|you|they|that|(?:the|our) (?:staff|people|team|yard|office|manager|guys)(?: at the yard)?)(?:'d| would)? (?:can|could|may|might|will|would|should)? ?(?:also |always |just |then |still )*(?:look|check|see|try|talk|say|ask|tell|press|choose|think|explain|help|answer|know|have to ask|need to ask)\b/;

const needless =
  /\b(?:no|without(?: an?| any)?|(?:don't|won't|do not) need(?: an?| any)?|doesn't (?:need|take)(?: an?| any)?) (training|experience|licen[cs]e|permit|operator|insurance|helmet)\b|\b(?:it|that|you)(?:'s|'re| is| are) (?:\w+ )?(covered|insured)\b/;
const grants = /\b(?:no|not|without|covers?|covered|insured|included|free)\b|n't\b/;
const anybody = /^(?:kids|children|anyone|anybody|everyone) can (?:run|use|drive|operate|handle)\b/;

/** Tells something of the machine or the yard in words that nobody in this call has used. */
function hasUnknownMatter({ stated }: Said, { all, facts }: Knowledge): boolean {
  const known = `${all} ${inDigits((facts.machines ?? []).join(' '))}`;
  return stated.some((clause) => {
    const bare = clause.replace(lead, '');
    const spared = needless.exec(clause);
    const isSpared = spared !== null && !isSupposed(clause.slice(0, spared.index));
    const isGranted = facts.yard.some((row) => {
      const text = inDigits(row.join(' '));
      return hasWord(text, spared?.[1] ?? spared?.[2] ?? '') && grants.test(text);
    });
    if (isSpared && !isGranted) return true;
    if (anybody.test(bare)) return true;
    if (!ofTheYard.test(bare) || attributed.test(clause) || cannot.test(clause)) return false;
    if (ofTheLine.test(clause) || mayBeDone.test(bare)) return false;
    const at = bare.search(supposing);
    const words = (at < 0 ? bare : bare.slice(0, at)).match(/[a-z][a-z']{2,}/g) ?? [];
    const isOpen = (word: string) =>
      neutral.has(word) || stops.has(word) || ofTalk.has(word) || /'|ly$|days?$/.test(word);
    return words.some((word) => !isOpen(word) && !hasWord(known, word));
  });
}

const carries =
  /\bwe(?:'ve| do| also| even| just| usually)*(?: got)? (?:rent|carry|stock|sell|offer|deal in)(?: out)? (.+)/;
const everything =
  /^(?:equipment|machines?|machinery|tools?|gear|construction|things?|items?|rental|rentals|everything|anything|range|selection|different|many|more|what|that|them|those|only|list)$/;

const elsewhere = /\b(?:another|other) (?:yards?|branch(?:es)?|locations?|stores?|shops?)\b/;

/** Things that the yard is said to rent or offer are in its list, or were told of. */
function hasUnknownOffer({ stated }: Said, { all, facts }: Knowledge): boolean {
  const known = `${all} ${inDigits((facts.machines ?? []).join(' '))}`;
  return stated.some((clause) => {
    if (elsewhere.test(clause) && !cannot.test(clause) && !elsewhere.test(known)) return true;
    const offered = carries.exec(clause)?.[1];
    if (offered === undefined || cannot.test(clause)) return false;
    const words = (offered.match(/[a-z]{4,}/g) ?? []).filter(
      (word) => !neutral.has(word) && !everything.test(word),
    );
    return words.some((word) => !hasWord(known, word));
  });
}

const records =
  /\byour (?:last|previous|first|earlier|other|old) (?:rental|booking|order|invoice|bill|machine)\b|\byou(?: still)? owe\b|\byou(?:'ve| have) rented\b|\byou (?:had|rented|took) (?:it|one|that|this)\b|\b(?:hello|hi|nice to hear from you) again\b|\bwelcome back\b|\b(?:i|we)(?: do| can)? (?:see|find|found) (?:you|your|a|an|one|\d+|several|no|the) ?(?:\w+ )?(?:bookings?|reservations?|rentals?|accounts?|file|orders?|profile)\b|\baccording to (?:our|my|the) (?:records?|system|files?)\b/;
const ofTheirs = /\b(?:you have|your (?:booking|rental|request|reservation))\b/;
const ofOtherCustomers =
  /\b(?:other|another|previous|last|next|current) (?:customers?|callers?|renters?|clients?|guys?|person|party|contractor|company)(?:'s)?\b.*\b(?:name|number|phone|address|e-?mail)\b/;

/** What is on file of this caller, a tool has said; of others nothing is told. */
function hasUnknownRecord({ stated }: Said, { tools }: Knowledge): boolean {
  return stated.some((clause) => {
    if (attributed.test(clause) || cannot.test(clause)) return false;
    if (ofOtherCustomers.test(clause)) return true;
    const at = clause.search(records);
    return at >= 0 && !isSupposed(clause.slice(0, at)) && !ofTheirs.test(tools);
  });
}

const ofCalls = /\b(?:call|ring|phone|get back to|reach|contact|text) you\b/;

function hasUnknownDate(said: Said, known: Knowledge): boolean {
  if (claimsHours(said) || said.text.endsWith('?')) return false;
  const { stated, text } = said;
  const { facts, tools, told, all, caller, today } = known;
  const claim = stated.filter((clause) => !isSupposed(clause)).join(', ');
  if (claim === '') return false;
  // When the yard is open says nothing of when a driver comes.
  const rows = facts.yard.flatMap(([key, row]) => (/hour|open/i.test(key) ? [] : [inDigits(row)]));
  const timed = [tools, ...rows, attributed.test(text) || isEchoed(text) ? caller : ''].join(' ');
  const times = clocksIn(claim);
  if (times.some((time) => !new RegExp(`(?<!\\d)${time}(?!\\d|st|nd|rd|th)`).test(timed)))
    return true;
  if (
    ofCalls.test(claim) &&
    /\b(?:within|in|by|at|before) (?:the |an? |\d)|\b(?:today|tomorrow|tonight|this (?:morning|afternoon|evening)|\w+day)\b/.test(
      claim.slice(claim.search(ofCalls)),
    ) &&
    !daysIn(claim, today).every((day) => isAmong(day, daysIn(told, today)))
  )
    return true;
  if (
    ofCalls.test(claim) &&
    /\b(?:within|in) (?:the hour|an hour|\d+ (?:minutes?|hours?))/.test(claim)
  )
    return true;
  const days = daysIn(claim, today).filter(
    ({ word }) =>
      word === undefined || !/today|tomorrow|tonight|yesterday/.test(word) || today === null,
  );
  const spoken = daysIn(`${tools}\n${caller}`.replaceAll('\n', ' | '), today);
  const unknown = days.filter(
    (day) =>
      !isAmong(day, spoken) &&
      !(day.word !== undefined && all.includes(day.word)) &&
      !(day.word !== undefined && /today|tomorrow|tonight|yesterday/.test(day.word)),
  );
  if (unknown.length === 0) return false;
  // Where a rental ends follows from where it begins, and from how long it is.
  const follows =
    unknown.length < days.length &&
    /\b\d+[ -](?:days?|weeks?)|\ba week\b|\bweekend\b/.test(caller) &&
    isEchoed(text);
  // "Next Tuesday would be December 8th" is a matter of the calendar.
  const [named] = days.flatMap(({ weekday, date }) => (date === undefined ? [weekday] : []));
  return (
    !follows &&
    !unknown.every(
      (day) => today !== null && isInCalendar({ ...day, weekday: day.weekday ?? named }, today),
    )
  );
}

/** Repeats what was heard, and says nothing of a machine. */
function isEchoed(text: string): boolean {
  return /^(?:(?:so|okay|ok|got it|great|right|perfect|all right|alright|sure|and|just to (?:confirm|check)|let me (?:repeat|read))\b[ ,:]*)+|^(?:that's|from|for|you)\b|\b(?:correct|right)\??$/.test(
    text,
  );
}

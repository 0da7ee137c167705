import { isNumberWord, isRepetition, plainWords, type ReadBack } from './repetition.ts';

/** A caller's answer to a question that asks for yes or no. */
export type Assent = 'yes' | 'no' | 'unclear';

/** The deed that the caller is asked to agree to. */
export type About =
  'booking' | 'cancelling' | 'changing' | 'extending' | 'off-rent' | 'asking' | 'address' | 'texts';

/** The deed, and all that was read back of it. */
export type Asked = ReadBack & { readonly about: About };

const yes =
  'y(?:es|e|eah|ep|up|ah|ea|eh|essir|essiree|uppers|essum)|ya|aye(?: aye)?|mm+ h+m+|m h+m+|m+h+m+|m+h+m+ h+m+|(?:uh|ah|um|a) h(?:uh|um|a)|uhhuh';
const praise =
  'right|correct|fine|good|great|perfect|excellent|wonderful|awesome|fantastic|super|terrific|' +
  'good enough|brilliant|lovely|cool|sweet|splendid|grand|ideal|superb|marvell?ous|beautiful|okay|ok|alright|' +
  'all right|spot on|right on|bang on';
const degree =
  '(?:very|so|really|just|absolutely|perfectly|totally|quite|pretty|completely|all|still|100 percent) ';
const toMe = '(?: (?:with|by|for|to|too|on) (?:me|us|my end))?';
const everything =
  '(?:that|it|this)(?: all)?|everything|all|all of (?:it|that)|which|they|those|the whole thing';
const them =
  'it|that|this|them|those|(?:that|this|the) one|the lot|everything|all of (?:it|them|that)';
const paper =
  '(?:the|that|this|my|our|a) (?:whole |equipment |machine )?(?:booking|reservation|rental|order)';

/** A caller agrees to a booking so; to its cancelling or changing these are no answer. */
const takingIt = [
  `(?:i|we) (?:will|would like to|want to|would love to) (?:take|have|grab|get|go with|go for) (?:${them})`,
  `(?:i|we) (?:(?:do )?(?:want|need)|would like|would love|will (?:take|need)) (?:${them})|let us (?:go with|get) (?:${them})|take (?:${them})|(?:i|we) love (?:${them})`,
  '(?:put|sign|count|book|set|mark|lock) (?:me|us) (?:down|up|in)(?: for (?:it|that|this))?|book (?:me|us)|get (?:me|us) booked(?: in)?|ring it up|ink it|book er',
  `(?:make|place) ${paper}|get (?:it|that|this) (?:all )?(?:booked|reserved|scheduled|locked)(?: in)?|(?:set|lock|nail|book) (?:it|that|this) (?:up|in|down)`,
].join('|');

/** A caller says these before a deed: `you can book it`, `I'd like you to cancel it`. */
const bidding =
  '(?:please|just|do|go(?: right| on)? ahead and|feel free to|let us|(?:you|we) (?:can|may)|' +
  '(?:i|we) (?:would like|would love|want|need|wish)(?: you| for you)? to|(?:i|we) will|i am (?:ready|happy|glad) (?:for you )?to|' +
  '(?:can|could|would|will) you(?: please| go ahead and)?|why do not (?:you|we)|i(?: already)? said) ';

/** `verbs nouns` agrees to the deed, and so do the phrases of its own. */
const deeds: Readonly<
  Record<About, { readonly own: string; readonly verbs: string; readonly nouns: string }>
> = {
  booking: {
    own: takingIt,
    verbs:
      '(?:book|reserve|rent|schedule|secure|confirm|finali[sz]e|complete|submit|process)(?: (?:me|us)(?: up)?)?',
    nouns: `${them}|${paper}`,
  },
  cancelling: {
    own: `(?:${bidding})*cancel`,
    verbs: '(?:cancel|call off|drop|scrap|scratch|kill|void|undo|remove|delete|get rid of|confirm)',
    nouns: `${them}|${paper}|the cancellation`,
  },
  changing: {
    own: 'make (?:the|that|this) (?:change|update|move)s?',
    verbs: '(?:change|move|switch|update|amend|adjust|modify|reschedule|confirm|save)',
    nouns: `${them}|${paper}|(?:the|that|this) (?:change|update)s?`,
  },
  extending: {
    own: 'make (?:the|that|this) (?:change|extension)|add (?:it|that|those|the days|the extra days)',
    verbs: '(?:extend|lengthen|prolong|confirm|save)',
    nouns: `${them}|${paper}|the extension`,
  },
  'off-rent': {
    own: 'call (?:it|them|that) off(?: rent)?|take (?:it|them|that) off rent|off rent (?:it|them)|(?:come )?(?:and )?(?:pick|fetch|get) (?:it|them|that)(?: up)?',
    verbs: '(?:confirm|end|stop|close out)',
    nouns: `${them}|${paper}|the pickup|the pick up`,
  },
  asking: {
    own: 'ask (?:them|the yard|away)|let them know|tell them|pass (?:it|that) on',
    verbs: '(?:ask|request|confirm|send)',
    nouns: `${them}|for (?:it|that|them)`,
  },
  address: {
    own: '(?:put|write|note|take) (?:it|that) down|deliver (?:it )?there',
    verbs: '(?:use|confirm|keep|note)',
    nouns: `${them}|the address|that address`,
  },
  texts: {
    own: '(?:text|send) (?:it|that|me|me (?:it|that|a text|the confirmation))(?: over)?|a text is (?:fine|good|great)',
    verbs: '(?:text|send|confirm)',
    nouns: `${them}|the confirmation|a text`,
  },
};

/** Each phrase agrees to any of the three deeds, and is a yes by itself. */
const agreeing = [
  yes,
  'sure(?: thing| does| do| is| enough)?|(?:it|that|this|everything) (?:sure|certainly|definitely|absolutely) (?:is|does)|surely|absolutely|definitely|certainly|indeed|totally',
  '(?:but )?of course|you bet(?:cha)?|ya betcha|exactly|precisely|by all means|fair enough|no doubt',
  'without (?:a )?(?:doubt|question)|(?:for|fer) sure|(?:a |one )?(?:hundred|100) percent|heck ye(?:s|ah)|hell ye(?:s|ah)',
  'affirm(?:ative)?|roger(?: that)?(?: wilco)?|(?:good |solid )?copy(?: that)?|ten ?four|10 ?(?:to )?4|wilco|hoo ?ah|oo ?rah',
  'ok(?:ay|ey)?|k|kay|o k|ok(?:e|ie|ey) do(?:k|ki|ke)(?:e|ie|ey|y)|alrighty|right ?o|righty ?o',
  '(?:it is a |that is a |done |(?:you|we) (?:have )?(?:got|have) a )?deal|sold|done|agreed|confirmed|approved|accepted|granted|(?:that|this) one',
  'i (?:agree|accept|confirm|approve|do|would|consent)(?:(?: to| with)? (?:that|it|everything|all of it))?|i am (?:in|game|sold|on board|all for it|(?:very |quite )?(?:sure|positive|certain))',
  'please(?: (?:do|proceed))?|(?:please )?(?:proceed|carry on|fire away|have at it|crack on|go for it)(?: with (?:it|that))?',
  '(?:go|let us go|(?:i|we) will go)(?: right| on| straight)? ?a?head(?: (?:and do|with) (?:it|that|so|this))?|on you go|do (?:it|that|so|this)',
  'let us (?:go|roll|rock(?: and roll)?|proceed|do (?:it|that|this)|make it happen|get (?:it|that) done|go for it)',
  'make it (?:so|happen|official)|get (?:her|er|it|that|this) done|git er done|do er|pull the trigger',
  `(?:i am|we are|you are) good to go|good to go|(?:it is|that is|we are) a go|all systems go|green light`,
  'you have (?:my|the|our) (?:green light|go ahead|okay|ok|blessing|permission|consent|approval)',
  `(?:${degree})*(?:${praise})${toMe}`,
  `(?:${everything}) (?:is|are|will be|would be) (?:${degree})*(?:${praise}|the one|true|accurate)${toMe}`,
  `(?:is|are|will be|would be) (?:${degree})*(?:${praise})${toMe}`,
  `(?:(?:${everything}) )?sounds? (?:${degree})*(?:${praise}|about right|like a (?:plan|deal|winner))${toMe}`,
  `(?:(?:${everything}) )?looks? (?:${degree})*(?:${praise})${toMe}`,
  '(?:that|it|everything)(?: all)? checks out|let us confirm|(?:i am|we are) ready to book',
  `(?:(?:${everything}) )?(?:works?|suits?)(?: (?:for )?(?:me|us))?(?: (?:${degree})*(?:${praise}|well|nicely))?${toMe}`,
  '(?:that|it|this) (?:will|would) (?:work|do|suit)(?: (?:for )?(?:me|us))?(?: (?:just )?(?:fine|great|nicely|perfectly))?',
  'very well|jolly good|rather good',
  'you(?: have)? (?:got|have) (?:it|that|everything)(?: all)?(?: (?:right|correct))?|you are (?:absolutely )?(?:right|correct)',
  '(?:i am|we are) (?:good|fine|okay|ok|happy|cool|comfortable|pleased|satisfied) with (?:it|that|this|everything|all of (?:it|that)|all that)',
  'that is (?:exactly |just )?(?:the one|what|the machine) (?:i|we) (?:want|wanted|need|needed|said|asked for|am looking for|are looking for|am after)',
  '(?:yes )?to (?:that|all|everything|all of (?:it|that))',
  '(?:it|that) (?:is|would be) a (?:big |definite |firm )?yes(?: from (?:me|us))?|a yes from me|(?:the|my) answer is yes',
  'i(?: have)?(?: already| just)? (?:said|say) (?:yes|yeah|yep|okay|ok|sure|go ahead)(?: already)?|sorry (?:yes|yeah)',
  '(?:no|not a|not any) problems?(?: (?:here|at all|with (?:that|it)))?',
  'why not|(?:i )?(?:can|do) not see why not',
].join('|');

/** Courtesy and sounds of thought, and words that point at what was read back: they add nothing. */
const filler = [
  'oh|ah|aw|um+|uh+|er+|erm|h+m+|mm+|well|so|then|and|just|now|here|right',
  'thanks?(?: you)?(?: (?:so|very) much| a lot| a bunch)?|many thanks|cheers|much (?:obliged|appreciated)|(?:i )?appreciate (?:it|that|you)',
  'please|sir|maam|madam|miss|man|dude|buddy|bud|pal|mate|boss|chief|captain|bro|dear|honey|friend|my (?:friend|man|dear)|yall',
  '(?:for|with|by|to) (?:me|us)|right away|straight away|right now|as soon as possible|very much',
  'if you (?:would|please|could|will|can|do not mind)|when(?:ever)? you are ready|i am ready|thank god',
  '(?:it|that|this|everything) (?:sure )?(?:is|does)|(?:i|we) (?:sure )?do|that is (?:all|it|everything)(?: (?:i|we) need)?|that will be all|that is me|let us',
  'no (?:changes?|worries|objections?|corrections?|questions?|issues?|complaints?|further questions|more questions|need to change (?:it|anything))(?: (?:here|needed|at all|from me))?|nothing (?:else|to (?:change|add))',
  'do not change (?:a thing|anything)|(?:i )?can not wait|(?:i am )?looking forward to (?:it|that)|(?:i|we) (?:love|like) it',
  '(?:exactly |just )?(?:as|like|what|everything|all|the (?:one|way|machine)|that one|the one)(?: that)? (?:you|we)(?: have| had)?(?: just)? (?:said|say|read|described|mentioned|stated|told me|quoted|named|listed|put|have|got|discussed|agreed)(?: (?:it|that))?(?: back)?(?: to me)?',
  'as (?:discussed|agreed|stated|read|described|is|you say)|(?:like|as) i said',
  '(?:the|my|that|those|these) (?:price|total|dates?|days|name|number|machine|deposit|rate) (?:(?:is|are|sounds?|looks?) (?:all )?(?:right|correct|fine|good|great|okay|ok|perfect)(?: with me)?|works?(?: for (?:me|us))?)',
  'that is (?:my|the (?:right|correct)) (?:name|number|machine|price|total)|those are the (?:right|correct) (?:dates|days)|(?:under|in|with) that name|all (?:of )?(?:it|that)',
].join('|');

const plainNo =
  /\b(?:no|nope|nah|naw|nay|nein|not|never|negative|wait|hold on|hang on|stop|forget it|instead|actually|wrong|incorrect|different|rather|change|but|except|uh uh|nuh uh|mm mm)\b/;
/** These phrases have the words of a no in them, and are none. */
const noNo = new RegExp(
  `\\b(?:no (?:problems?|changes?|worries|objections?|corrections?|questions?|issues?|doubt)|not a problem|why not|why do not|(?:can|do) not see why not|can not wait|do not change (?:a thing|anything)|without change)\\b`,
  'g',
);
/** A caller who asks for the opposite of a deed says no to it. */
const opposite: Readonly<Record<About, RegExp>> = {
  booking: /\b(?:cancel|call it off)\b/,
  cancelling: /\b(?:keep|leave it|stays?|book it)\b/,
  changing: /\b(?:keep|leave it|stays?|cancel)\b/,
  extending: /\b(?:leave it|bring it back|cancel)\b/,
  'off-rent': /\b(?:keep|leave it|stays?|extend)\b/,
  asking: /\b(?:leave it|cancel|forget it)\b/,
  address: /\b(?:cancel|pick it up)\b/,
  texts: /\b(?:no (?:more )?texts?|(?:stop|quit) texting|email)\b/,
};
/** "Don't book it" has the words of a yes in it. */
const negated =
  /\b(?:please )?(?:do not|not|never|will not) (?:book|reserve|rent|cancel|change|move|extend|call|pick|ask|put|do|go|text|send) \w+/g;

/** A caller who says no more than this doubts, or only begins, though each word agrees. */
const onlySeemsYes =
  /^(?:yeah right|oh (?:great|right|sure)|great just great|(?:(?:oh|no|um|uh|well) )*(?:that|it) is (?:okay|ok|alright|all (?:right|good))(?: (?:thanks?|thank you))?|(?:right|so|well|now|and|then)(?: (?:right|so|well|now|and|then))*)$/;
/** A caller whose last word is one of these is not done: the rest was not heard yet. */
const breaksOff =
  /\b(?:and|(?<!make it |do )so|but|or|well|just|for|um+|uh+|er+|erm|also|because|if|(?<!\b(?:m+|u+h|ah|um|a) )h+m+)$/;
/** A caller asks with these whether the deed is possible, unless something begs for it. */
const onlyAsks = /^(?!.*\b(?:please|go ahead|for me|for us)\b).*\b(?:can|could|would|will) you\b/;
/** A caller who takes one of several machines wants less than was read back. */
const oneOfThem = /\b(?:that|this|the) one\b/;
/** A caller who says `just Monday` wants fewer days than were read back. */
const onlyADay = /\bjust (?:for |on )?(?:the )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b/;
/** A caller who takes one weekday of a longer rental wants fewer days. */
const takesADay =
  /\b(?:take|have|go with|get|do|book|reserve|rent|want|like|need|cancel|drop|change|move) (?:the )?(?:mon|tues|wednes|thurs|fri|satur|sun)day$/;
const oneMore = /\b(?:and|plus) (?:that|this) one\b/;
const dissent = /\b(?:uh uh|nuh uh|mm mm|unh unh)\b/;

/** A consent is never longer; the bound keeps a radio that was heard as speech cheap. */
const mostWords = 60;
const longestPhrase = 14;

type Grammar = { readonly agrees: RegExp; readonly adds: RegExp; readonly leads: RegExp };

const grammars = {
  booking: grammar('booking'),
  cancelling: grammar('cancelling'),
  changing: grammar('changing'),
  extending: grammar('extending'),
  'off-rent': grammar('off-rent'),
  asking: grammar('asking'),
  address: grammar('address'),
  texts: grammar('texts'),
};
const inviting =
  /\b(?:why not|why do not|(?:can|could|would|will) you (?:please|go ahead)|would you|please)\b/;

function grammar(about: About): Grammar {
  const { own, verbs, nouns } = deeds[about];
  const taking =
    '(?:i|we) (?:will (?:take|have|go with)|want|would like|need)|get (?:me|us)|give me|let us (?:go with|get|take)';
  const anyway = `(?:${bidding})+(?:go(?: right)? ahead|proceed|do (?:it|that|so))`;
  return {
    agrees: new RegExp(
      `^(?:${agreeing}|(?:${bidding})*(?:${own})|(?:${bidding})*${verbs} (?:${nouns})|${anyway})$`,
    ),
    adds: new RegExp(`^(?:${filler})$`),
    leads: new RegExp(`^(?:(?:${bidding})*${verbs}${about === 'booking' ? `|${taking}` : ''}) `),
  };
}

/**
 * Reads the answer to a read-back. A wrong yes books, a wrong `unclear` only asks again: a yes is
 * what is left when agreement, courtesy and exact repetition are taken away and nothing remains.
 */
export function assentIn(words: string, asked: Asked): Assent {
  const text = plainWords(words);
  if (isConsent(words, text, asked)) return 'yes';
  const spoken = text.replaceAll(noNo, ' ');
  if (!plainNo.test(spoken) && !opposite[asked.about].test(spoken)) return 'unclear';
  return holdsAgreement(spoken.replaceAll(negated, ' ').split(' '), asked) ? 'unclear' : 'no';
}

function isConsent(words: string, text: string, asked: Asked): boolean {
  if (
    dissent.test(text) ||
    onlyAsks.test(text) ||
    onlyADay.test(text) ||
    onlySeemsYes.test(text) ||
    breaksOff.test(text)
  )
    return false;
  if (oneMore.test(text)) return false;
  if (takesADay.test(text) && asked.lines.some(({ start, end }) => start !== end)) return false;
  if (asked.lines.length > 1 && oneOfThem.test(text)) return false;
  const questions = words.match(/[^.!?;]*\?/g) ?? [];
  if (!questions.every((question) => inviting.test(plainWords(question)))) return false;
  return agreesThroughout(withoutStutter(text.split(' ')), asked);
}

/** A recogniser, like a caller, says words twice; a number said twice is another one. */
function withoutStutter(words: readonly string[]): string[] {
  return words.filter((word, at) => word !== words[at - 1] || isNumberWord(word));
}

/** Phrases that agree, add nothing or repeat cover the words from end to end, and one agrees. */
function agreesThroughout(words: readonly string[], asked: Asked): boolean {
  if (words.length > mostWords) return false;
  const { adds } = grammars[asked.about];
  /** Phrases cover so many words from the first on; true: with one of them that agrees. */
  const covered = new Map<number, Set<boolean>>([[0, new Set([false])]]);
  for (let from = 0; from < words.length; from += 1) {
    const before = covered.get(from);
    if (!before) continue;
    for (const [phrase, to] of phrasesAt(words, from)) {
      const agrees = isAgreement(phrase, asked);
      if (!agrees && !adds.test(phrase) && !isRepetition(phrase, asked)) continue;
      const after = covered.get(to) ?? new Set();
      covered.set(to, agrees ? after.add(true) : new Set([...after, ...before]));
    }
  }
  return covered.get(words.length)?.has(true) === true;
}

function holdsAgreement(words: readonly string[], asked: Asked): boolean {
  return words
    .slice(0, mostWords)
    .some((_, at) => phrasesAt(words, at).some(([phrase]) => isAgreement(phrase, asked)));
}

/** The phrases that begin at a word, each with where it ends. */
function phrasesAt(words: readonly string[], from: number): (readonly [string, number])[] {
  const most = Math.min(longestPhrase, words.length - from);
  return Array.from({ length: most }, (_, at) => {
    const to = from + at + 1;
    return [words.slice(from, to).join(' '), to] as const;
  });
}

/** A bid before a repetition agrees too: `book that excavator`, `I'll take the mini excavator`. */
function isAgreement(phrase: string, asked: Asked): boolean {
  const { agrees, leads } = grammars[asked.about];
  const lead = leads.exec(phrase)?.[0];
  return (
    agrees.test(phrase) || (lead !== undefined && isRepetition(phrase.slice(lead.length), asked))
  );
}

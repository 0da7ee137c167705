/** What a caller's words are to a question that asks for yes or no. */
export type Assent = 'yes' | 'no' | 'unclear';

/** What the question was about. */
type About = 'booking' | 'cancelling';

/** These alone open an answer that may go on in any words, or with a question. */
const plainYes = 'yes|yeah|yep|yup|ya|yea|uh huh|mm hmm';
const praise = 'right|correct|fine|good|great|perfect|excellent|wonderful|awesome|okay|ok';
/** A yes when nothing but such words is said: "okay", but not "okay, let me think". */
const agreeing = [
  plainYes,
  'sure(?: thing)?|absolutely|definitely|certainly|of course|you bet|exactly|confirm(?:ed)?',
  'all right|alright|all good|please(?: do)?|go ahead|go for it|do (?:it|that)',
  `(?:that|it|this)(?:'s| is|'ll be| will be|'d be| would be) (?:${praise}|it)`,
  `(?:(?:that|it|this) )?(?:sounds|looks|works) (?:${praise})|(?:that )?works`,
  `that(?:'ll| will) (?:work|do)|${praise}`,
  "(?:i|we)(?:'ll| will) take (?:it|that)|let's (?:go|do (?:it|that|this))",
].join('|');
const itself: Readonly<Record<About, string>> = {
  booking: "(?:let's )?(?:book|reserve|rent) (?:it|that|them|that one|this one)",
  cancelling: '(?:cancel|call off)(?: (?:it|that|them|(?:the|my|that) (?:booking|reservation)))?',
};
/** Means nothing of its own beside an agreeing word. */
const filler =
  "oh|ah|um|uh|hm+|well|so|then|and|just|too|very much|thanks|thank you|sir|ma'am|for (?:me|us)|" +
  "(?:with|by) me|now|i'd (?:like|love) to|i (?:would like|want) to|(?:i|we) do|it is";

const plainNo =
  /\b(?:no|nope|nah|not|\w+n't|cannot|wait|hold on|hang on|stop|never ?mind|forget it|instead|actually|wrong|incorrect|different|rather|change|but|except)\b/;
/** A no to the one is what a yes to the other would be. */
const opposite: Readonly<Record<About, RegExp>> = {
  booking: /\b(?:cancel|call it off)\b/,
  cancelling: /\b(?:keep|leave it|stays?|book it)\b/,
};
/** "Don't book it" has the words of a yes in it. */
const negated =
  /\b(?:please )?(?:don't|do not|not|never|won't) (?:book|reserve|rent|cancel|do|go) \w+/g;

/** Beside a yes: the caller has not made up their mind, or sets a condition. */
const hesitation = anyOf(
  'think|thinking|ask|check|maybe|perhaps|might|may|probably|guess|hope|suppose|depends',
  'call (?:you |me )?back|let me|make sure|boss|wife|husband|partner|need to|have to|should',
  'expensive|pricey|cheaper|less|discount|budget|too (?:much|high|long|short)',
  'first|later|earlier|again|if|unless|until|till|once|what|how|why|which',
);
/** Beside a yes: other days, or another machine, than were read back. */
const otherTerms = anyOf(
  '(?:mon|tues|wednes|thurs|fri|satur|sun)days?|today|tonight|tomorrow|days?|weeks?|weekends?|months?',
  'january|february|march|april|june|july|august|september|october|november|december',
  '\\d+\\w*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\\w+teen|half|couple|hundred',
  '(?:twen|thir|for|fif|six|seven|eigh|nine)ty|(?<!\\b(?:this|that|the) )one',
  'second|third|(?:four|fif|six|seven|eigh|nin|ten|eleven|twelf|\\w+teen|\\w+tie)th',
  'next|longer|shorter|sooner|bigger|smaller|larger|another|other|make it|move|switch|extend|only',
);

/**
 * Whether the caller agrees. A wrong yes books, a wrong `unclear` only asks again: a yes is one when
 * all that is said agrees, or when it comes first and nothing after it hesitates or changes what was
 * read back. A question is none, unless a plain yes stands before it.
 */
export function assentIn(words: string, to: About): Assent {
  const text = words.toLowerCase().replaceAll('’', "'").replaceAll('-', ' ').trim();
  const agreed = new RegExp(`\\b(?:${agreeing}|${itself[to]})\\b`, 'g');
  const isNo = plainNo.test(text) || opposite[to].test(text);
  if (isNo) return agreed.test(text.replaceAll(negated, '')) ? 'unclear' : 'no';
  const leadsWithYes = new RegExp(`^(?:(?:${filler})\\W+)*(?:${plainYes})\\b`).test(text);
  const isQuestion = text.includes('?');
  const answer = isQuestion ? beforeTheQuestion(text) : text;
  const isWhole = answer.search(agreed) !== -1 && isEmpty(answer, agreed);
  if (isQuestion && !(leadsWithYes && isWhole)) return 'unclear';
  const isOpen = hesitation.test(text) || otherTerms.test(text);
  return (isWhole || leadsWithYes) && !isOpen ? 'yes' : 'unclear';
}

/** What is said before the last words, which ask: "Yes, and do you deliver?" is a yes too. */
function beforeTheQuestion(text: string): string {
  return /^([^?]*?)(?:[.!;] |,? and )[^.!?]*\?$/.exec(text)?.[1] ?? '';
}

/** Whether nothing is left of an answer without its agreeing words and its fillers. */
function isEmpty(answer: string, agreed: RegExp): boolean {
  const rest = answer
    .replaceAll(agreed, ' ')
    .replaceAll(new RegExp(`\\b(?:${filler})\\b`, 'g'), ' ');
  return !/\w/.test(rest);
}

function anyOf(...words: readonly string[]): RegExp {
  return new RegExp(`\\b(?:${words.join('|')})\\b`);
}

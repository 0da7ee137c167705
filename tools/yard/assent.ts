/** What a caller's words are to a question that asks for yes or no. */
export type Assent = 'yes' | 'no' | 'unclear';

const plainYes =
  /\b(?:yes|yeah|yep|yup|ya|yea|sure|absolutely|definitely|certainly|of course|correct|confirm(?:ed)?|go ahead|go for it|do it|do that|let's do|sounds good|sounds great|you bet|uh[- ]?huh|mm[- ]?hmm|i'?ll take it|(?:book|reserve|cancel) (?:it|that|them|the|my))\b/;
/** Yes as an answer, but not within a question: "could you please ...?", "right, and what ...?" */
const softYes = /\b(?:ok|okay|please|right|fine|good|great|perfect|alright|works)\b/;
const plainNo =
  /\b(?:no|nope|nah|not|don'?t|won'?t|can'?t|didn'?t|isn'?t|wait|hold on|hang on|stop|never ?mind|forget it|instead|actually|wrong|incorrect|different|rather|change|but|except)\b/;
/** "Don't book it" has the words of a yes in it. */
const negated = /\b(?:don'?t|do not|not|won'?t) (?:book|reserve|cancel|do) \w+/g;
/** What would be a no to a booking is the yes to a cancelling. */
const cancelling = /\b(?:cancel|call it off)\b/;

/**
 * Whether the caller agrees. Only a plain yes is one: what holds both a yes and a no, or neither, is
 * unclear and asks for the question again. `to` is what the question was about.
 */
export function assentIn(words: string, to: 'booking' | 'cancelling'): Assent {
  const text = words.toLowerCase().replaceAll('’', "'");
  const isQuestion = text.trimEnd().endsWith('?');
  const takesBack = to === 'booking' && cancelling.test(text);
  const positive = text.replaceAll(negated, '');
  const yes = (plainYes.test(positive) && !takesBack) || (softYes.test(positive) && !isQuestion);
  const no = plainNo.test(text) || takesBack;
  if (yes === no) return 'unclear';
  return yes ? 'yes' : 'no';
}

const units = 'zero one two three four five six seven eight nine'.split(' ');
const teens =
  'ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ');
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const ordinals = (
  'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth ' +
  'fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth'
).split(' ');

const word = `(?:${[...units, ...teens, ...tens, 'hundred', 'thousand', 'oh'].join('|')})`;
const run = new RegExp(`\\b${word}(?:(?:(?<=hundred|thousand) and |[ -])${word})*\\b`, 'g');
/** An ordinal is a day only after these: "your name first" is none. */
const ordinal = new RegExp(
  `(?<=\\b(?:the|and|to|through|until|on|january|february|march|april|may|june|july|august|september|october|november|december|\\w+day,?) )(?:(twenty|thirty)[ -])?(${ordinals.join('|')}|thirtieth)\\b(?! (?:choice|thing|time|one|day|moment|week|option|and (?:the )?last)\\b)`,
  'g',
);
const abbreviated: Readonly<Record<string, string>> = {
  ft: 'foot',
  lb: 'pound',
  lbs: 'pound',
  hp: 'horsepower',
  kw: 'kilowatt',
};

/** Words that make a number of a lone "one" or "oh" before them. */
const counted = /^ (?:days?|weeks?|months?|dollars?|bucks|percent|miles?|hundred|am|pm|o'clock)\b/;

/**
 * Lower-case text with its numbers in digits, as a voice or a recogniser may have spelled them:
 * `two hundred and fifty` becomes `250`, `the third` `the 3rd`, `five five five` `5 5 5`.
 */
export function inDigits(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('’', "'")
    .replaceAll(/(\d),(?=\d{3}\b)/g, '$1')
    .replaceAll(/(?<![\w.])(\d{1,3}) ?x ?(\d{1,3})(?![\w.])/g, '$1 by $2')
    .replaceAll(/(?<=\d ?)\b(?:ft|lbs?|hp|kw)\b/g, (unit) => abbreviated[unit] ?? unit)
    .replaceAll(
      /(\d)-(?=(?:foot|feet|ft|inch|pound|lb|ton|kilowatt|kw|horsepower|hp|cubic|gallon)\b)/g,
      '$1 ',
    )
    .replaceAll(ordinal, (whole, ten: string | undefined, name: string) => {
      if (ten === undefined && name === 'second') return whole;
      const date = name === 'thirtieth' ? 30 : ordinals.indexOf(name) + 1;
      return withSuffix(date + (ten === 'twenty' ? 20 : ten === 'thirty' ? 30 : 0));
    })
    .replaceAll(/\b(?:a|one) (?=hundred\b|thousand\b|grand\b)/g, '')
    .replaceAll(/\bgrand\b/g, 'thousand')
    .replaceAll(run, (found, at: number, whole: string) => {
      const isAlone = found === 'one' || found === 'oh';
      return isAlone && !counted.test(whole.slice(at + found.length)) ? found : digitsOf(found);
    })
    .replaceAll(/(?<!\d )\b(\d) (\d\d)(?= (?:cfm|psi)\b)/g, '$1$2');
}

function withSuffix(date: number): string {
  const teen = date >= 11 && date <= 13;
  return `${date}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][date % 10] ?? 'th')}`;
}

/** Reads number words as far as they make one number, and begins anew where they do not. */
function digitsOf(words: string): string {
  const numbers: number[] = [];
  let done = 0;
  let open: number | null = null;
  let last = '';
  const close = () => {
    if (open !== null || done > 0) numbers.push(done + (open ?? 0));
    [done, open] = [0, null];
  };
  for (const name of words.replaceAll('-', ' ').replaceAll(' and ', ' ').split(' ')) {
    const unit: number = name === 'oh' ? 0 : units.indexOf(name);
    const teen = teens.indexOf(name);
    const ten = tens.indexOf(name);
    if (name === 'hundred' && (open ?? 1) < 100) {
      open = (open ?? 1) * 100;
    } else if (name === 'thousand') {
      [done, open] = [(open ?? 1) * 1_000, null];
    } else {
      const value = unit >= 0 ? unit : teen >= 0 ? teen + 10 : (ten + 2) * 10;
      const goesOn = last === 'hundred' || last === 'thousand' || (tens.includes(last) && unit > 0);
      if (!goesOn) close();
      open = (open ?? 0) + value;
    }
    last = name;
  }
  close();
  return numbers.join(' ');
}

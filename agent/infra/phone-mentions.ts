const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen';
/** Digits as people say them, one word for one or two. */
const words: Readonly<Record<string, string>> = {
  ...Object.fromEntries(ones.split(' ').map((word, digits) => [word, `${digits}`])),
  ...Object.fromEntries(['oh', 'o', 'nought', 'naught'].map((word) => [word, '0'])),
};
const tens: Readonly<Record<string, string>> = Object.fromEntries(
  'twenty thirty forty fifty sixty seventy eighty ninety'
    .split(' ')
    .map((word, nth) => [word, `${nth + 2}`]),
);
const zeros: Readonly<Record<string, string>> = { hundred: '00', thousand: '000' };
const repeats: Readonly<Record<string, number>> = { double: 2, triple: 3 };

/** Signs between two digits of one number, as written or as a recogniser writes it. */
const separator = /^(?:[\s().,;:/*#+_–—-]|\\[nrt])*$/;

/** A number has this many digits or more; fewer would be found where none is meant. */
export const fewestDigits = 7;

type Digit = { readonly digit: string; readonly from: number; readonly to: number };

/** The digits of `text` in runs, each with the place of the word or sign that it came from. */
function digitRuns(text: string): readonly (readonly Digit[])[] {
  const runs: Digit[][] = [];
  let run: Digit[] = [];
  let end = 0;
  let times = 1;
  let timesFrom: number | null = null;
  let isTens = false;
  const finish = () => {
    if (isTens) put('0', [end, end]);
    if (run.length > 0) runs.push(run);
    [run, times, timesFrom, isTens] = [[], 1, null, false];
  };
  const put = (digits: string, [from, to]: readonly [number, number]) => {
    for (const digit of digits) run.push({ digit, from, to });
  };
  for (const { 0: token, index: from } of text.matchAll(/\\[nrt]|\d|\p{L}+/gu)) {
    if (token.startsWith('\\')) continue;
    const to = from + token.length;
    if (!separator.test(text.slice(end, from))) finish();
    end = to;
    const word = token.toLowerCase();
    const value = /^\d$/.test(token) ? token : words[word];
    if (word in repeats) {
      times = repeats[word] ?? 1;
      timesFrom = from;
      continue;
    }
    if (isTens && !(value?.length === 1 && value !== '0')) put('0', [from, from]);
    isTens = false;
    if (value !== undefined) put(value.repeat(times), [timesFrom ?? from, to]);
    else if (word in tens) {
      put(tens[word] ?? '', [from, to]);
      isTens = true;
    } else if (word in zeros && run.length > 0) put(zeros[word] ?? '', [from, to]);
    else finish();
    [times, timesFrom] = [1, null];
  }
  finish();
  return runs;
}

/**
 * `text` without a phone number, given by its last digits (`phoneKeyOf`): as digits, as formatted, and
 * as spoken, with or without its country code. Null when the number is not in it.
 */
export function withoutNumber(text: string, phoneKey: string): string | null {
  const found: { from: number; to: number }[] = [];
  for (const run of digitRuns(text)) {
    const digits = run.map(({ digit }) => digit).join('');
    for (let at = digits.indexOf(phoneKey); at >= 0;) {
      // A country code goes with its number.
      const first = run[at <= 3 ? 0 : at];
      const last = run[at + phoneKey.length - 1];
      if (first && last) {
        const opening = /[+(]*$/.exec(text.slice(0, first.from))?.[0].length ?? 0;
        found.push({ from: first.from - opening, to: last.to });
      }
      at = digits.indexOf(phoneKey, at + phoneKey.length);
    }
  }
  if (found.length === 0) return null;
  let [kept, end] = ['', 0];
  for (const { from, to } of found) {
    kept += `${text.slice(end, Math.max(end, from))}[erased]`;
    end = to;
  }
  return kept + text.slice(end);
}

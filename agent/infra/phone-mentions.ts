/** Digits as people say them, one word for one or two. */
const words: Readonly<Record<string, string>> = {
  ...{ zero: '0', oh: '0', o: '0', nought: '0', naught: '0', one: '1', two: '2', three: '3' },
  ...{ four: '4', five: '5', six: '6', seven: '7', eight: '8', nine: '9', ten: '10' },
  ...{ eleven: '11', twelve: '12', thirteen: '13', fourteen: '14', fifteen: '15' },
  ...{ sixteen: '16', seventeen: '17', eighteen: '18', nineteen: '19' },
};
const tens: Readonly<Record<string, string>> = {
  ...{ twenty: '2', thirty: '3', forty: '4', fifty: '5', sixty: '6', seventy: '7' },
  ...{ eighty: '8', ninety: '9' },
};
const zeros: Readonly<Record<string, string>> = { hundred: '00', thousand: '000' };
const repeats: Readonly<Record<string, number>> = { double: 2, triple: 3 };

/** What may stand between two digits of one number, as written or as a recogniser writes it. */
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

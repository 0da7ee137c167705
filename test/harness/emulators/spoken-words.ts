const units = [
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen',
  'sixteen seventeen eighteen nineteen',
].flatMap((words) => words.split(' '));
const tens: Record<string, number> = { twenty: 20, thirty: 30, forty: 40, fifty: 50 };
const ordinals = [
  'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth',
  'fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth',
].flatMap((words) => words.split(' '));

/** Words that callers and recognisers spell in their own ways, and that carry a date. */
const dateWords = [
  'monday tuesday wednesday thursday friday saturday sunday january february march april june july',
  'august september october november december tomorrow weekend today through until',
].flatMap((words) => words.split(' '));

/**
 * The words of an utterance, however it was written down: lower case, no punctuation but within
 * numbers and dates, number words as digits (`twenty third` is `23rd`), misspelt date words mended.
 */
export function normaliseSpeech(text: string): string {
  const words = text
    .toLowerCase()
    .replaceAll(/[’`]/g, "'")
    .replaceAll(/[^\p{L}\p{N}'/.\s-]/gu, ' ')
    .replaceAll(/(?<!\d)[.]|[.](?!\d)/g, ' ')
    .replaceAll(/(?<=\p{L})-(?=\p{L})|[–—]|\s-\s/gu, ' ')
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => mendWord(word, dateWords));
  return toDigits(words).join(' ');
}

/** The known word that this one is or was meant to be; the word itself when there is none near. */
export function mendWord(word: string, known: readonly string[]): string {
  if (word.length < 5 || known.includes(word) || /\d/.test(word)) return word;
  const allowed = word.length >= 7 ? 2 : 1;
  let best = word;
  let bestDistance = allowed + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) > allowed || candidate[0] !== word[0]) continue;
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function toDigits(words: readonly string[]): string[] {
  const digits: string[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    const next = words[i + 1] ?? '';
    const ten = tens[word];
    const unit = units.indexOf(word);
    const nextUnit = units.indexOf(next);
    const nextOrdinal = ordinals.indexOf(next);
    if (ten !== undefined && nextOrdinal >= 0 && nextOrdinal < 9) {
      digits.push(ordinal(ten + nextOrdinal + 1));
      i += 1;
    } else if (ten !== undefined && nextUnit > 0 && nextUnit < 10) {
      digits.push(String(ten + nextUnit));
      i += 1;
    } else if (ten !== undefined) digits.push(String(ten));
    else if (unit >= 0) digits.push(String(unit));
    else if (word === 'thirtieth') digits.push('30th');
    else if (ordinals.includes(word)) digits.push(ordinal(ordinals.indexOf(word) + 1));
    else if (word === 'couple') digits.push('2');
    else digits.push(word);
  }
  return digits;
}

function ordinal(day: number): string {
  const suffix = day > 3 && day < 21 ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th');
  return `${day}${suffix}`;
}

/** Insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let twoBack: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + same,
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (twoBack[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [twoBack, previous] = [previous, row];
  }
  return previous[b.length] ?? 0;
}

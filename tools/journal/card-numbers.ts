/** Groups of digits as a caller's words put them: `4111 1111 1111 1111`, `4 1 1 1`, `4111-1111`. */
const digitGroups = /\d+(?:[ .-]{1,3}\d+)*/g;
const replacement = '[card number removed]';

/** What lengths there are, the common ones first: next to other numbers a rare one may seem to be. */
const lengths = [16, 15, 14, 19, 13, 18, 17];

/** The text without payment card numbers (ISO/IEC 7812): nobody here may keep them. */
export function withoutCardNumbers(text: string): string {
  return text.replaceAll(digitGroups, (run) => {
    const [start, end] = findCardNumber(run) ?? [];
    if (start === undefined) return run;
    return (
      withoutCardNumbers(run.slice(0, start)) + replacement + withoutCardNumbers(run.slice(end))
    );
  });
}

/** Where whole groups make up a card number, if they do. */
function findCardNumber(run: string): readonly [start: number, end: number] | null {
  const digits = run.replaceAll(/\D/g, '');
  // By how many digits come before: where the next group begins, and where the last one ended.
  const starts = new Map<number, number>();
  const ends = new Map<number, number>();
  let before = 0;
  for (const { 0: group, index } of run.matchAll(/\d+/g)) {
    starts.set(before, index);
    before += group.length;
    ends.set(before, index + group.length);
  }
  for (const length of lengths) {
    for (const [first, start] of starts) {
      const end = ends.get(first + length);
      if (end !== undefined && isCardNumber(digits.slice(first, first + length)))
        return [start, end];
    }
  }
  return null;
}

/** The first digit names the network. */
function isCardNumber(digits: string): boolean {
  return /^[2-6]/.test(digits) && passesLuhn(digits);
}

/** Every second digit from the right counts double, less 9 above 9; the sum must end in 0. */
function passesLuhn(digits: string): boolean {
  const sum = Array.from(digits, Number)
    .toReversed()
    .map((digit, place) => digit * (1 + (place % 2)))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return sum % 10 === 0;
}

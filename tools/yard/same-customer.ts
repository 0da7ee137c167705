/** Words that a model writes for a name it never asked for, or callers say instead of one. */
const noName =
  /^(?:the |my |an? |your |this |same )*(?:unknown|un(?:named|specified|available|identified)|caller|customer|client|guest|user|person|someone|somebody|anyone|nobody|name|names|full name|first name|last name|me|myself|self|i|us|same|n ?a|none|null|undefined|nil|nan|tbd|tba|anonymous|private|withheld|blocked|restricted|sir|ma ?am|mr|mrs|ms|miss|test|x+|placeholder|string|text|value|empty|blank|pending|missing|no one|no name|(?:is )?not (?:provided|given|known|stated|said|specified|available|yet|sure|applicable|mentioned|shared|disclosed)(?: yet)?|to be (?:provided|determined|confirmed|asked))(?: (?:name|caller|customer|user|here|unknown|not (?:provided|given|known)))*$/;

/** True for words that no booking can be put under: the caller is asked for the name again. */
export function isNoName(said: string): boolean {
  const text = said.trim();
  // `[name]`, `<customer>`, `{{name}}`, `"..."`.
  if (/^[[<{(*_].*[\]>})*_]$/.test(text)) return true;
  const plain = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  return !/\p{L}[\s\S]*\p{L}/u.test(text) || noName.test(plain);
}

/**
 * True when each word said is a word of the booking's name, in any case and order: "Lopez" is Maria
 * Lopez; "Maria Gomez" is not.
 */
export function sameCustomer(said: string, booked: string): boolean {
  const known = new Set(words(booked));
  const asked = words(said);
  return asked.length > 0 && asked.every((word) => known.has(word));
}

/**
 * True when the words fit the booking's name and are more than its first name, which is soon
 * guessed. Of a booking under one word only, its code is the proof.
 */
export function provesName(said: string, booked: string): boolean {
  const [first] = words(/^[^,]*,\s*(.+)$/.exec(booked)?.[1] ?? booked);
  return sameCustomer(said, booked) && words(said).some((word) => word !== first);
}

/**
 * The bookings that one customer may have made who says that name; `several` when it fits more than
 * one of them, as a family name does at one number.
 */
export function underName<T extends { readonly customer: string }>(
  said: string,
  bookings: readonly T[],
): { readonly theirs: readonly T[]; readonly several: boolean } {
  const fitting = bookings.filter(({ customer }) => provesName(said, customer));
  const exact = fitting.filter(({ customer }) => sameCustomer(customer, said));
  if (exact.length > 0) return { theirs: exact, several: false };
  const isOne = fitting.some((fullest) =>
    fitting.every(({ customer }) => sameCustomer(customer, fullest.customer)),
  );
  return isOne || fitting.length === 0
    ? { theirs: fitting, several: false }
    : { theirs: [], several: true };
}

/** Lower-case words of two letters at least, without accents. */
function words(name: string): string[] {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return plain.match(/[\p{L}\p{N}]{2,}/gu) ?? [];
}

/**
 * Whether a name as it was said now can be the name that a booking is under: each of its words is a
 * word of that name, in any case and order. "Lopez" is Maria Lopez; "Maria Gomez" is not.
 */
export function sameCustomer(said: string, booked: string): boolean {
  const known = new Set(words(booked));
  const asked = words(said);
  return asked.length > 0 && asked.every((word) => known.has(word));
}

/** Lower-case words of two letters at least, without accents. */
function words(name: string): string[] {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return plain.match(/[\p{L}\p{N}]{2,}/gu) ?? [];
}

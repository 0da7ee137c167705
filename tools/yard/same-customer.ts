/**
 * Whether a name as it was said now can be the name that a booking is under: each of its words is a
 * word of that name, in any case and order. "Lopez" is Maria Lopez; "Maria Gomez" is not.
 */
export function sameCustomer(said: string, booked: string): boolean {
  const known = new Set(words(booked));
  const asked = words(said);
  return asked.length > 0 && asked.every((word) => known.has(word));
}

/**
 * The bookings that one customer may have made who says that name. A name that several have, such
 * as one family name at one number, is nobody's unless one of them is written just so.
 */
export function underName<T extends { readonly customer: string }>(
  said: string,
  bookings: readonly T[],
): readonly T[] {
  const theirs = bookings.filter(({ customer }) => sameCustomer(said, customer));
  const exact = theirs.filter(({ customer }) => sameCustomer(customer, said));
  if (exact.length > 0) return exact;
  const isOne = theirs.some((fullest) =>
    theirs.every(({ customer }) => sameCustomer(customer, fullest.customer)),
  );
  return isOne ? theirs : [];
}

/** Lower-case words of two letters at least, without accents. */
function words(name: string): string[] {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return plain.match(/[\p{L}\p{N}]{2,}/gu) ?? [];
}

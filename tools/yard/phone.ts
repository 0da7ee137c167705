/**
 * A telephone number as it can be called back, from however it was said or written: `+` and digits,
 * US numbers with their country code. Null when it is no number. The yards are in the US.
 */
export function phoneNumber(text: string): string | null {
  const digits = text.replaceAll(/\D/g, '');
  if (/\p{L}/u.test(text) || digits.length < 7 || digits.length > 15) return null;
  if (text.trim().startsWith('+')) return `+${digits}`;
  if (digits.length === 10) return `+1${digits}`;
  return digits.length === 11 && digits.startsWith('1') ? `+${digits}` : digits;
}

/** A number as it is read back, digit by digit in groups: `5 5 5, 0 1 4, 2 2 3 3`. */
export function spokenPhone(number: string): string {
  const digits = number.replace(/^\+1(?=\d{10}$)/, '').replaceAll(/\D/g, '');
  const groups = digits.match(/^(\d{3})(\d{3})(\d{4})$/)?.slice(1) ?? digits.match(/\d{1,3}/g);
  return (groups ?? []).map(spaced).join(', ');
}

/** A code as it is read out, sign by sign in threes: `K 7 M, 2 Q X`. */
export function spokenCode(code: string): string {
  const signs = code.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  return (signs.match(/.{1,3}/g) ?? []).map(spaced).join(', ');
}

function spaced(signs: string): string {
  return signs.split('').join(' ');
}

/** A number as it is compared: with and without the country's `+1`, without an extension; empty for none. */
export function phoneKey(phone: string): string {
  return phone
    .replace(/;ext=.*$/, '')
    .replaceAll(/\D/g, '')
    .slice(-10);
}

/** The rows of a CSV file (RFC 4180), its cells as they stand. */
export function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  const cells = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/gy;
  const bare = text.replace(/^\ufeff/, '');
  for (const [, quoted, plain = '', end] of bare.matchAll(cells)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '') break;
    if (end !== ',') rows.push([]);
  }
  const last = rows.at(-1);
  return last?.every((cell) => cell === '') ? rows.slice(0, -1) : rows;
}

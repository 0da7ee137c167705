/** A rectangle of a tab, 0-based, ends excluded; Infinity where the range leaves the end open. */
export type GridRange = {
  readonly tab: string;
  readonly startRow: number;
  readonly endRow: number;
  readonly startColumn: number;
  readonly endColumn: number;
};

/**
 * Parses A1 notation: `Tab`, `'My Tab'`, `Tab!A1:C`, `'Tab'!A2`, `Tab!2:5`; without a tab it means
 * `firstTab`, as with Google. Null where Google says "Unable to parse range".
 */
export function parseA1(
  text: string,
  findTab: (name: string) => string | undefined,
  firstTab: string | undefined,
): GridRange | null {
  const { name, cells } = splitTab(text);
  if (cells === null) {
    const tab = findTab(name);
    if (tab !== undefined) return { tab, ...wholeTab };
    return firstTab === undefined || name.includes("'") ? null : withCells(firstTab, name);
  }
  const tab = findTab(name);
  return tab === undefined ? null : withCells(tab, cells);
}

const wholeTab = { startRow: 0, endRow: Infinity, startColumn: 0, endColumn: Infinity };

function splitTab(text: string): { name: string; cells: string | null } {
  const quoted = /^'((?:[^']|'')*)'(?:!(.*))?$/.exec(text);
  if (quoted) return { name: (quoted[1] ?? '').replaceAll("''", "'"), cells: quoted[2] ?? null };
  const bang = text.lastIndexOf('!');
  if (bang === -1) return { name: text, cells: null };
  return { name: text.slice(0, bang), cells: text.slice(bang + 1) };
}

function withCells(tab: string, cells: string): GridRange | null {
  const match = /^\$?([A-Z]{1,3})?\$?([1-9]\d*)?(?::\$?([A-Z]{1,3})?\$?([1-9]\d*)?)?$/i.exec(cells);
  if (!match || cells === '' || cells.endsWith(':') || cells.startsWith(':')) return null;
  const [, fromColumn, fromRow, toColumn, toRow] = match;
  if (!cells.includes(':')) {
    if (!fromColumn || !fromRow) return null;
    const startColumn = columnIndex(fromColumn);
    const startRow = Number(fromRow) - 1;
    return { tab, startRow, endRow: startRow + 1, startColumn, endColumn: startColumn + 1 };
  }
  return {
    tab,
    startRow: fromRow ? Number(fromRow) - 1 : 0,
    endRow: toRow ? Number(toRow) : Infinity,
    startColumn: fromColumn ? columnIndex(fromColumn) : 0,
    endColumn: toColumn ? columnIndex(toColumn) + 1 : Infinity,
  };
}

function columnIndex(letters: string): number {
  let index = 0;
  for (const letter of letters.toUpperCase()) index = index * 26 + letter.charCodeAt(0) - 64;
  return index - 1;
}

function columnLetters(index: number): string {
  const rest = Math.floor(index / 26);
  return (rest > 0 ? columnLetters(rest - 1) : '') + String.fromCharCode(65 + (index % 26));
}

/** A range as Google writes it in answers, such as `'Due soon'!A1:C1000`; its ends must be finite. */
export function formatA1(range: GridRange): string {
  const name = /^[A-Za-z_]\w*$/.test(range.tab)
    ? range.tab
    : `'${range.tab.replaceAll("'", "''")}'`;
  const from = `${columnLetters(range.startColumn)}${range.startRow + 1}`;
  const to = `${columnLetters(range.endColumn - 1)}${range.endRow}`;
  return `${name}!${from === to ? from : `${from}:${to}`}`;
}

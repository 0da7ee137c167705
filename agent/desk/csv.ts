type Cell = string | number | boolean | null;

/**
 * A line of a CSV file that no spreadsheet program executes: what begins as a formula does, or as
 * something that is read as one behind a blank, gets an apostrophe before it (OWASP: CSV injection).
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return `${cell}`;
  const text = /^\s*[=+\-@|%]/.test(cell) || /^[\t\r\n]/.test(cell) ? `'${cell}` : cell;
  return `"${text.replaceAll('"', '""')}"`;
}

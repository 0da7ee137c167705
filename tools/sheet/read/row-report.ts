import type { SheetProblem } from './sheet-problems.ts';
import { isErrorValue, readText } from './sheet-cells.ts';
import type { Table, TableRow } from './sheet-table.ts';

/** A tab's content, and the problems that its owner should see to. */
export type Parsed<T> = {
  readonly value: T;
  readonly problems: readonly SheetProblem[];
  /** The rows that say something and of which nothing could be used. */
  readonly leftOut: readonly number[];
};

/** The fault, its consequence until it is mended, and the owner's next step. */
export type Told = Pick<SheetProblem, 'what' | 'why' | 'remedy'> & Partial<SheetProblem>;

/** Reports what is wrong with a cell of one row. */
export type Report<Column extends string> = (column: Column | '', told: Told) => void;

/** Collects the problems of a tab. `title` is the tab's own name. */
export function reporter<Column extends string>(
  title: string,
  row: Pick<TableRow<Column>, 'number'>,
  problems: SheetProblem[],
): Report<Column> {
  return (column, told) => void problems.push({ tab: title, row: row.number, column, ...told });
}

/** The cell's text; null for an empty one, and for the error of a formula, which is reported. */
export function textOf<Column extends string>(
  row: TableRow<Column>,
  column: Column,
  report: Report<Column>,
): string | null {
  const cell = row.cell(column);
  if (!isErrorValue(cell)) return readText(cell);
  report(column, {
    what: 'shows the error of a formula',
    why: 'the cell counts as empty',
    remedy: 'mend the formula, or type the value',
  });
  return null;
}

/** Columns that yards keep for themselves, and that nobody would take for one of ours. */
const theirOwn =
  /^(?:make|model|year|serial|vin|hours|meter|photo|image|link|location|delivery|address|job|po|notes?|comments?|email|e-mail|deposit|paid|invoice|tax)\b/i;

/** Names each column that is ignored, with the names that ours would have. */
export function reportIgnored<Column extends string>(
  title: string,
  { headerRow, ignored, positions }: Table<Column>,
  columns: readonly Column[],
): readonly SheetProblem[] {
  const free = columns.filter((column) => !positions.has(column));
  return ignored.map((column) => {
    const isTheirs = theirOwn.test(column) || free.length === 0;
    return {
      tab: title,
      row: headerRow,
      column,
      what: 'a column that Pickup does not know',
      why: 'the column is ignored',
      remedy: isTheirs
        ? 'nothing, if it is for the yard alone'
        : `if it is meant as one of these, name it so: ${free.join(', ')}`,
      isNotice: true,
    };
  });
}

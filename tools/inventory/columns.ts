/**
 * Rows as one array for each field. As JSON it is less than half as long as an object for each row,
 * and read in a third of the time.
 */
export type Columns<T> = { readonly [Field in keyof T]: readonly T[Field][] };

/** What each field of a row may be. */
export type Cells<T> = { readonly [Field in keyof T]: (value: unknown) => value is T[Field] };

/** The fields of `cells`, of all rows. */
export function toColumns<T>(rows: readonly T[], cells: Cells<T>): Columns<T> {
  const column = (field: keyof T) => rows.map((row) => row[field]);
  const entries = fieldsOf(cells).map((field) => [field, column(field)]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one column for each field of T
  return Object.fromEntries(entries) as Columns<T>;
}

/** Whether `json` has a column for each field, all of one length and with nothing else in them. */
export function areColumns<T>(json: unknown, cells: Cells<T>): json is Columns<T> {
  if (typeof json !== 'object' || json === null) return false;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each is checked below
  const columns = json as { readonly [Field in keyof T]: unknown };
  const fields = fieldsOf(cells);
  const first = fields[0] && columns[fields[0]];
  return fields.every((field) => {
    const column = columns[field];
    return (
      Array.isArray(column) &&
      Array.isArray(first) &&
      column.length === first.length &&
      column.every(cells[field])
    );
  });
}

function fieldsOf<T>(cells: Cells<T>): readonly (keyof T)[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.keys forgets which keys
  return Object.keys(cells) as unknown as readonly (keyof T)[];
}

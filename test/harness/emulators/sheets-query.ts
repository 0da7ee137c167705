import type { Rendering, ValueInput } from './sheets-cell.ts';
import type { Dimension } from './sheets-document.ts';
import { invalid, unknownName } from './sheets-error.ts';

/** The query of a request, read as strictly as Google does. */
export class Query {
  readonly #parameters: URLSearchParams;

  constructor(parameters: URLSearchParams) {
    this.#parameters = parameters;
  }

  assertKnown(known: readonly string[]): void {
    for (const name of this.#parameters.keys()) {
      if (known.includes(name)) continue;
      const why = `Field '${name}' could not be found in request message.`;
      throw unknownName(name, `: Cannot bind query parameter. ${why}`);
    }
  }

  all(name: string): string[] {
    return this.#parameters.getAll(name);
  }

  one(name: string): string | null {
    return this.#parameters.get(name);
  }

  /** The first of `values` is the default. */
  oneOf<T extends string>(name: string, values: readonly [T, ...T[]]): T {
    const given = this.one(name);
    if (given === null) return values[0];
    const value = values.find((candidate) => candidate === given);
    if (value === undefined) throw invalid(`Invalid value at '${name}', "${given}"`);
    return value;
  }

  reading(): { dimension: Dimension; rendering: Rendering } {
    const dimension = this.oneOf('majorDimension', ['ROWS', 'COLUMNS']);
    const values = this.oneOf('valueRenderOption', [
      'FORMATTED_VALUE',
      'UNFORMATTED_VALUE',
      'FORMULA',
    ]);
    const dates = this.oneOf('dateTimeRenderOption', ['SERIAL_NUMBER', 'FORMATTED_STRING']);
    return { dimension, rendering: { values, dates } };
  }

  valueInput(): ValueInput {
    if (this.one('valueInputOption') === null) {
      throw invalid("'valueInputOption' is required but not specified");
    }
    return this.oneOf('valueInputOption', ['RAW', 'USER_ENTERED']);
  }
}

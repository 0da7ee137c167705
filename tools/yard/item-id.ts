import type { Unit } from './equipment.ts';

/**
 * An id as people mean it, for comparing: case, spaces, dashes of any kind, a leading `#` and the
 * leading zeros of its numbers do not count, so that `E-0131`, `e131` and `E 131` are one. What parts
 * two numbers stays: `1-11` is not `11-1`.
 */
export function itemKey(id: string): string {
  return id
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s\p{Pd}\u2212_]+/gu, ' ')
    .replace(/^ ?(?:#|no\.?(?= ?\d)) ?/, '')
    .replaceAll(/0*(\d+)/g, '$1')
    .replaceAll(/(?<!\d) | (?!\d)/g, '')
    .replaceAll(' ', '-');
}

/** A machine's name for comparing: letters and numbers alone, in one case. */
function nameKeyOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** The machines that a cell names, and whether all of its words were placed. */
export type NamedUnits = {
  readonly units: readonly Unit[];
  /** `several`: a name that more than one machine has; `unknown`: part of it fits nothing. */
  readonly fault: 'several' | 'unknown' | null;
};

/** Looks machines up by what staff write: an id, several ids, an id with its name, a unique name. */
export class UnitIndex {
  readonly #byText: ReadonlyMap<string, Unit>;
  readonly #byKey: ReadonlyMap<string, Unit>;
  readonly #byName: ReadonlyMap<string, readonly Unit[]>;

  constructor(units: readonly Unit[]) {
    // Of two with one key the first stands, as in the tab.
    this.#byText = new Map(units.toReversed().map((unit) => [unit.itemId, unit]));
    this.#byKey = new Map(units.toReversed().map((unit) => [itemKey(unit.itemId), unit]));
    this.#byName = Map.groupBy(units, ({ name }) => nameKeyOf(name));
  }

  /** The machines that `text` names. */
  find(text: string): NamedUnits {
    const whole = this.#one(text);
    if (whole) return { units: [whole], fault: null };
    const named = this.#byName.get(nameKeyOf(text)) ?? [];
    if (named.length > 0) {
      return named.length === 1 ? { units: named, fault: null } : { units: [], fault: 'several' };
    }
    const parts = text.split(/[,;/&+\n]|\band\b/i).filter((part) => part.trim() !== '');
    if (parts.length < 2) return { units: [], fault: 'unknown' };
    const found = parts.map((part) => this.find(part));
    const units = [...new Set(found.flatMap((part) => part.units))];
    return { units, fault: found.find(({ fault }) => fault !== null)?.fault ?? null };
  }

  /** The machine of an id, alone or with the machine's name beside it: `E131 - stump grinder`. */
  #one(text: string): Unit | undefined {
    const exact = this.#byText.get(text.trim()) ?? this.#byKey.get(itemKey(text));
    if (exact) return exact;
    const [, id = '', rest = ''] = /^\s*(\S+?)[\s:(\p{Pd}]+(.+)$/u.exec(text) ?? [];
    const unit = this.#byKey.get(itemKey(id));
    const words = nameKeyOf(rest);
    return unit && words !== '' && nameKeyOf(unit.name).includes(words) ? unit : undefined;
  }
}

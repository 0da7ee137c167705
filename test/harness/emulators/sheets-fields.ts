import { invalid } from './sheets-error.ts';

/**
 * Cuts an answer down to a field mask: dotted paths joined by commas, such as
 * `sheets.properties.title`. @throws {GoogleError} 400 for a field that the answer does not have.
 */
export function selectFields(answer: object, mask: string | null): object {
  if (mask === null || mask === '*') return answer;
  const selected = new Map<string, unknown>();
  for (const path of mask.split(',')) {
    const [name = '', ...rest] = path.split('.');
    selected.set(name, merge(selected.get(name), pick(field(answer, name, mask), rest, mask)));
  }
  return Object.fromEntries(selected);
}

function pick(value: unknown, path: readonly string[], mask: string): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => pick(item, path, mask));
  return { [name]: pick(field(value, name, mask), rest, mask) };
}

function field(value: unknown, name: string, mask: string): unknown {
  const found =
    typeof value === 'object' && value !== null
      ? Object.entries(value).find(([key]) => key === name)
      : undefined;
  if (!found) throw invalid(`Request contains an invalid argument: field mask "${mask}"`);
  return found[1];
}

/** Two cut-downs of the same value in one; lists pair up item by item. */
function merge(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b)) return a.map((item, index) => merge(item, b[index]));
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return b;
  const merged = new Map<string, unknown>(Object.entries(a));
  for (const [key, value] of Object.entries(b)) merged.set(key, merge(merged.get(key), value));
  return Object.fromEntries(merged);
}

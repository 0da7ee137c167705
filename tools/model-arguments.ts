import { z } from 'zod';

/** True for what a model writes in place of an argument that it does not have. */
export function isNothing(text: string): boolean {
  return /^\s*(?:|null|none|nil|undefined|n\/?a|-)\s*$/i.test(text);
}

const numberWords = 'zero one two three four five six seven eight nine ten'.split(' ');

/**
 * A tool's arguments as models send them: `"null"`, `"None"` and `""` for none, a number or a boolean
 * as text, a text as a number. Each is taken for what its field takes, and else stays as it was.
 */
export function modelArguments<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  const fields = Object.entries(shape).map(([name, field]) => {
    const parsed = z.preprocess((value) => meant(field, value), field);
    const { description } = z.globalRegistry.get(field as z.ZodType) ?? {};
    return [name, description === undefined ? parsed : parsed.describe(description)];
  });
  return z.object(Object.fromEntries(fields));
}

function meant(field: z.core.SomeType, value: unknown): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the core's own word for a field
  const takes = (of: unknown) => z.safeParse(field as z.core.$ZodType, of).success;
  const found = readings(value).find(({ of }) => takes(of));
  return found ? found.of : value;
}

function readings(value: unknown): readonly { readonly of: unknown }[] {
  if (typeof value === 'string' && isNothing(value)) {
    return [{ of: null }, { of: undefined }, { of: '' }];
  }
  if (value === null) return [{ of: null }, { of: undefined }, { of: '' }];
  if (typeof value === 'number') return [{ of: value }, { of: String(value) }];
  if (typeof value !== 'string') return [{ of: value }];
  const word = value.trim().toLowerCase();
  const at = numberWords.indexOf(word);
  return [
    { of: value },
    ...(/^\d{1,6}(?:\.0+)?$/.test(word) ? [{ of: Number(word) }] : []),
    ...(at >= 0 ? [{ of: at }] : []),
    ...(/^(?:true|yes)$/.test(word) ? [{ of: true }] : []),
    ...(/^(?:false|no)$/.test(word) ? [{ of: false }] : []),
    // One of a list that was to be a list.
    { of: [value] },
  ];
}

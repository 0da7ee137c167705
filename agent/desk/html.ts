/** Markup that this file's template made: everything that was put into it is escaped. */
class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** Markup, as `html` makes it; nothing else can. */
export type Html = Markup;

/** A value that a template takes; null, undefined and false leave nothing. */
export type Part = Html | string | number | null | undefined | false | readonly Part[];

/**
 * A template for HTML and SVG. Whatever is put into it is text and is escaped, in elements and in
 * quoted attributes alike; only markup that the template itself made stands as it is.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const filled = strings.map((text, at) => text + (at < parts.length ? textOf(parts[at]) : ''));
  return new Markup(filled.join(''));
}

function textOf(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Markup) return part.toString();
  if (typeof part === 'object') return part.map(textOf).join('');
  return escaped(String(part));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters and the marks that turn the direction of writing show as one sign. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/gu, '�')
    .replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '');
}

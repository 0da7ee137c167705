/** The longest name that is spoken or shown to the model; the rest is cut at a word. */
export const maxNameLength = 80;
/** The longest note that the model sees. */
export const maxNoteLength = 240;

/**
 * Text that staff typed into the sheet, made safe to speak and to hand to the model: on one line,
 * without control, format or bidirectional characters, and at most `maxLength` characters.
 */
export function sheetText(text: string, maxLength: number): string {
  const line = text
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    // Unicode category C: control, format (zero-width, bidirectional), private, lone surrogates.
    .replace(/\p{C}/gu, '')
    .trim();
  if (line.length <= maxLength) return line;
  const cut = line.slice(0, maxLength);
  const lastSpace = cut.lastIndexOf(' ');
  // A cut inside a surrogate pair leaves half a character.
  return (lastSpace > maxLength / 2 ? cut.slice(0, lastSpace) : cut).replace(
    /[\uD800-\uDBFF]$/,
    '',
  );
}

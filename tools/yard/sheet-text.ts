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

/** A failed formula's text, also within a text that was joined from cells. */
const errorValue =
  /#(?:REF!|N\/A|VALUE!|NAME\?|DIV\/0!|NUM!|NULL!|ERROR!|SPILL!|CALC!|GETTING_DATA)|^Loading\.\.\.$/i;
/** Text that gives the agent orders, or speaks in its place. */
const order =
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|rules?|prompts?|guidelines?|above|previous|prior)\b|\byou (?:are|must|will|should) (?:now|always|never|say|tell|act|pretend|answer|respond|reply|be an?)\b|(?:^|\s)(?:system|assistant|developer|user)\s*:|\b(?:system prompt|language model|as an ai)\b|\b(?:tell|inform|promise|offer) (?:the |every |all |any )*(?:callers?|customers?|clients?|users?)\b|^(?:say|respond|reply|answer)\b|<\/?[a-z|]+>|\b(?:book|cancel)_\w+/i;

/** True for a text that may be spoken, and shown to the model: no error value, and no orders. */
export function isSpeakable(text: string): boolean {
  return !errorValue.test(text) && !order.test(text);
}

import type { YardFact } from '../../yard/equipment.ts';
import { isSpeakable, sheetText } from '../../yard/sheet-text.ts';
import type { Told } from './row-report.ts';
import { isErrorValue, readText } from './sheet-cells.ts';
import type { Cell } from './sheet-table.ts';

const maxKeyLength = 40;
/** The longest that is worth saying on a telephone; the rest is cut at a word. */
const maxValueLength = 300;
/** All facts together: more would slow each answer of the model. */
const maxFacts = 40;
const maxTotalLength = 5_000;

/** Somebody's number or address, and what opens a door or a drawer. */
const personal =
  /[\w.+-]+@[\w-]+\.\w|(?<!\d)(?:\+?\d[\s().-]{0,2}){9,}\d(?!\d)|\b\d{3}[-. ]\d{4}\b|\b\d{3}-\d{2}-\d{4}\b/;
const secret =
  /\b(?:passwords?|passcode|passphrase|pin|wi-?fi|alarm|lock ?box|gate code|door code|key ?pad|login|user ?name|account (?:no|number)|routing|iban|ein|ssn|api key|token|internal|private|staff only|do not (?:say|tell)|confidential|margin|cost price)\b/i;
const headings = /^(?:value|values|what|setting|settings|answer|answers|details?|notes?|info)$/i;

/**
 * Collects rows of the `Yard` tab whose key no other reader has: each is a fact that callers may
 * hear, one line of bounded length, and none that holds a number of somebody, a secret or an order.
 */
export class YardFacts {
  readonly #facts: YardFact[] = [];
  #length = 0;

  get facts(): readonly YardFact[] {
    return this.#facts;
  }

  /** Takes a row, and returns what its owner should know of it; null for a heading. */
  add(key: Cell, value: Cell, row: number): Told | null {
    const [label, text] = [sheetText(String(key), maxKeyLength), textOf(value)];
    if (row === 1 && headings.test(text)) return null;
    const why = this.#whyNot(label, text, value);
    if (why !== null) {
      return {
        what: 'a key that Pickup does not know',
        why: `callers do not hear of it: ${why}`,
        remedy: 'nothing, if it is for the yard alone',
        isNotice: true,
      };
    }
    this.#facts.push([label, text]);
    this.#length += label.length + text.length;
    return {
      what: 'a key that Pickup does not know',
      why: 'callers who ask hear what it says',
      remedy: 'move it to another tab, if it is for the yard alone',
      isNotice: true,
    };
  }

  #whyNot(label: string, text: string, value: Cell): string | null {
    if (isErrorValue(value)) return 'it shows the error of a formula';
    if (secret.test(`${label} ${text}`)) return 'it looks like a secret of the yard';
    if (personal.test(`${label} ${text}`)) return 'it holds a number or an address of somebody';
    if (!isSpeakable(text) || !isSpeakable(label)) return 'it reads like an order';
    const isFull =
      this.#facts.length >= maxFacts || this.#length + label.length + text.length > maxTotalLength;
    return isFull ? 'the tab holds more than the agent keeps in mind' : null;
  }
}

/** A checkbox is a yes or a no. */
function textOf(value: Cell): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return sheetText(readText(value) ?? '', maxValueLength);
}

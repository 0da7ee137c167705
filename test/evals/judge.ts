import { isDeepStrictEqual } from 'node:util';
import type { HeldCall } from './text-call.ts';
import type { Scenario } from './scenario.ts';

/** What is wrong with a call, by what it left and what was said; empty when all is as it must be. */
export function judge({ expects }: Scenario, call: HeldCall): readonly string[] {
  const wrong: string[] = [];
  const said = call.turns.map(({ agent }) => agent).join('\n');
  const made = call.bookings.map(({ item, from, to, customer, state }) => {
    return { item, from, to, customer, state };
  });
  const wanted = expects.bookings.map(({ item, from, to, customer, state }) => {
    return { item, from, to, customer, state };
  });
  const inOrder = (of: readonly object[]) => of.map((one) => JSON.stringify(one)).toSorted();
  if (!isDeepStrictEqual(inOrder(made.map(ordered)), inOrder(wanted.map(ordered)))) {
    wrong.push(`the journal has ${JSON.stringify(made)}`);
  }
  for (const { item, total } of expects.bookings) {
    const own = call.bookings.find((of) => of.item === item);
    if (total !== undefined && own?.total !== total) wrong.push(`${item} costs $${own?.total}`);
  }
  for (const { item, state, inSheet } of call.bookings) {
    const status = expects.bookings.find((of) => of.item === item)?.status ?? state.toUpperCase();
    if (inSheet !== status) wrong.push(`the sheet has ${item} as ${inSheet}`);
  }
  if (call.strayRows > 0) wrong.push(`${call.strayRows} rows of the sheet are nobody's`);
  const isAsExpected =
    call.messages.length === expects.messages.length &&
    expects.messages.every((pattern, at) => new RegExp(pattern, 'i').test(call.messages[at] ?? ''));
  if (!isAsExpected) wrong.push(`the messages are ${JSON.stringify(call.messages)}`);
  if (!isDeepStrictEqual([...call.rings], expects.rings)) {
    wrong.push(`${call.rings.join(', ') || 'nobody'} was rung`);
  }
  for (const pattern of expects.said) {
    if (!new RegExp(pattern, 'i').test(said)) wrong.push(`never said: ${pattern}`);
  }
  for (const pattern of [...expects.never, ...falseClaims(expects)]) {
    const found = new RegExp(pattern, 'i').exec(said);
    if (found) wrong.push(`said: ${found[0]}`);
  }
  const silent = call.turns.findIndex(
    ({ agent }, at) => agent === '' && at < call.turns.length - 1,
  );
  if (silent >= 0) wrong.push(`no answer to "${call.turns[silent]?.caller}"`);
  wrong.push(
    ...call.turns
      .map(({ agent }) => agent)
      .filter(isTooLong)
      .map(tooLong),
  );
  return wrong;
}

const answerWords = 25;
const readBackWords = 35;
const furtherLineWords = 12;

/**
 * More than a caller keeps in mind: 25 words, 35 of a read-back, and 12 more for a further machine. A
 * code that is spelled is one; what is said before a read-back counts by itself.
 */
function isTooLong(said: string): boolean {
  const plain = said.replaceAll(/(?:\b[A-Z\d]\b[ ,]*){4,}/g, 'code ');
  const [, before = plain, readBack = ''] =
    /^(.*?)((?:That's|I'd|I could) .*\bshall I\b[^?]*\?)$/i.exec(plain) ?? [];
  const further = (readBack.match(/,? and (?:the|\d+ of the) /g) ?? []).length;
  return (
    count(before) > answerWords || count(readBack) > readBackWords + further * furtherLineWords
  );
}

function count(words: string): number {
  return words.split(/\s+/).filter(Boolean).length;
}

function tooLong(said: string): string {
  return `too long, ${said.split(/\s+/).length} words: ${said}`;
}

function ordered({ item, from, to, customer, state }: Record<string, unknown>): object {
  return { item, from, to, customer, state };
}

/** Nobody may hear of a deed that was not to be done. */
function falseClaims({ bookings }: Scenario['expects']): readonly string[] {
  return [
    ...(bookings.length === 0 ? ["\\byou(?:'re| are) booked\\b"] : []),
    ...(bookings.some(({ state }) => state === 'cancelled') ? [] : ['\\bis cancelled\\b']),
  ];
}

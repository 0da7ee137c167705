import { z } from 'zod';
import { isLive, type JournalBooking } from '../journal/booking.ts';
import { numbersOf, type ToolAnswer, type ToolDeps } from '../tool.ts';
import { toldPhone } from '../yard/phone.ts';
import type { BookingTalk } from './dialogue-memory.ts';

const anythingElse = 'Is there anything else?';

type Desk = NonNullable<ToolDeps['desk']>;
/** Whom texts are for, and with which booking they were asked about it. */
type Whom = { readonly code: string | null; readonly phone: string };

const keyed = z.tuple([z.string().nullable(), z.string()]);

/**
 * The words for a booking that was made, with what becomes of texts about it: that one comes, where
 * they are welcome; else the question, once for a number. A no that was given before is not asked again.
 */
export async function withTexts(
  {
    deps,
    desk,
    talk,
  }: { readonly deps: ToolDeps; readonly desk: Desk; readonly talk: BookingTalk },
  say: string,
  { code, phone }: JournalBooking,
): Promise<string> {
  if (!deps.sendsTexts || !say.endsWith(anythingElse)) return say;
  // The booking stands, whatever becomes of this.
  const word = await desk.texts(phone).catch(() => false);
  const made = say.slice(0, -anythingElse.length).trimEnd();
  if (word === true) return `${made} You'll get a text. ${anythingElse}`;
  if (word === false || talk.askedTexts) return say;
  return question(deps, talk, { whom: { code, phone }, before: `${made} ` });
}

function question(
  deps: ToolDeps,
  talk: BookingTalk,
  { whom, before = '' }: { readonly whom: Whom; readonly before?: string },
): string {
  talk.askedTexts = true;
  const key = JSON.stringify([whom.code, whom.phone]);
  const asked = `${before}Shall I text the confirmation to ${numberOf(deps, whom.phone)}?`;
  return talk.confirmation.put({ about: 'texts', key, lines: [] }, asked);
}

function numberOf(deps: ToolDeps, phone: string): string {
  return toldPhone(phone, numbersOf(deps).own === phone);
}

/** The caller's answer to the question, if it was the last one; `unclear` as long as it was none. */
function answerIn({ confirmation }: BookingTalk): {
  readonly whom: Whom | null;
  readonly answer: 'yes' | 'no' | 'unclear';
} {
  const { asked } = confirmation;
  if (asked?.about !== 'texts') return { whom: null, answer: 'unclear' };
  const [code, phone] = keyed.parse(JSON.parse(asked.key));
  return { whom: { code, phone }, answer: confirmation.answerTo(asked) };
}

/** Keeps a clear answer that no tool has taken, before the call ends; a failure ends nothing. */
export async function keepOpenAnswer({ desk }: ToolDeps, talk: BookingTalk): Promise<void> {
  const { whom, answer } = answerIn(talk);
  if (!desk || !whom || answer === 'unclear') return;
  talk.confirmation.drop();
  await desk.keepTexts({ ...whom, isWelcome: answer === 'yes' }).catch(() => {});
}

/**
 * Takes the caller's word on texts. A yes counts as the answer to the question alone, with the number
 * in it; a no counts whenever it comes, and holds for all later bookings of that number.
 * @throws {StoreError} when the store fails: then what was known of it stands.
 */
export async function takeTextConsent(
  deps: ToolDeps,
  { isWelcome }: { readonly isWelcome: boolean },
  {
    talk,
    signal,
    keepFloor,
  }: {
    readonly talk: BookingTalk;
    readonly signal: AbortSignal;
    readonly keepFloor: () => void;
  },
): Promise<ToolAnswer> {
  const { desk } = deps;
  if (!desk) return { say: `I can't send texts. ${anythingElse}`, problem: 'no-texts' };
  const { whom: asked, answer } = answerIn(talk);
  const whom = asked ?? (await ofThisCall(deps, desk));
  if (!whom) return { say: 'What number is that?', problem: 'phone-missing' };
  if (answer === 'no' || (!isWelcome && answer !== 'yes')) {
    signal.throwIfAborted();
    keepFloor();
    await desk.keepTexts({ ...whom, isWelcome: false });
    if (asked) talk.confirmation.drop();
    return { say: `All right, no texts. ${anythingElse}` };
  }
  const isSilent = answer === 'yes' && ((await deps.callerIsSilent?.(signal)) ?? true);
  if (!isSilent || answerIn(talk).answer !== 'yes') {
    return { say: question(deps, talk, { whom }), problem: 'not-confirmed' };
  }
  signal.throwIfAborted();
  keepFloor();
  await desk.keepTexts({ ...whom, isWelcome: true });
  talk.confirmation.drop();
  return { say: `You'll get a text at ${numberOf(deps, whom.phone)}. ${anythingElse}` };
}

/** The number of what this call has booked last; else the one that it comes from. */
async function ofThisCall(deps: ToolDeps, desk: Desk): Promise<Whom | null> {
  const [last] = (await desk.find({ callId: deps.callId })).filter(isLive);
  if (last) return { code: last.code, phone: last.phone };
  const { own } = numbersOf(deps);
  return own === null ? null : { code: null, phone: own };
}

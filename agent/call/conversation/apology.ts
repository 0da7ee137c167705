import { sharedTimes } from '../../config/timeouts.ts';
import type { CountryCode } from 'libphonenumber-js/min';
import type { BookingService } from '../../../tools/journal/booking-service.ts';
import {
  CALL_AGAIN,
  CALL_YOU_BACK,
  callBackWords,
  CUT_SHORT,
  CUT_SHORT_CALL_AGAIN,
} from '../../speech/prompts/prompts.ts';
import type { CallRecord } from '../call-record.ts';
import type { TerminationReason } from '../../ipc/termination.ts';
import { dialableNumber } from '../../../tools/yard/phone.ts';
import { withDeadline } from '../../infra/deadline.ts';

/** A caller in trouble is not kept waiting for a store. */
const callBackMs = 2_000;
/** The same before the gateway hangs up on them: the words are said all the same. */
const hastyCallBackMs = 500;
/** A recorded sentence is on the caller's line so long after its last frame went out, or begins late. */
const playoutMarginMs = 800;

type ApologyDeps = {
  readonly callerNumber: string | null;
  readonly desk: Pick<BookingService, 'takeMessage'>;
  readonly record: CallRecord;
  /** Breaks off what is being said, for good. */
  readonly hush: () => void;
  /** The time that it takes to play a recorded phrase. */
  readonly playMs: (text: string) => number;
  /** Ends the call with these last words, which may take `ms`. */
  readonly farewell: (reason: TerminationReason, text: string, ms?: number) => void;
};

/** The ends of a call that could not be brought to its own: the caller is told, and called back. */
export class Apology {
  readonly #deps: ApologyDeps;
  /** A call-back that was offered to who cannot be put through. */
  #offer: 'none' | 'number-asked' | 'noted' = 'none';
  #language: keyof typeof callBackWords = 'english';

  constructor(deps: ApologyDeps) {
    this.#deps = deps;
  }

  /** Keeps the caller's number for a call-back; false when that could not be done. Never rejects. */
  async noteCallBack(): Promise<boolean> {
    const { callerNumber } = this.#deps;
    return (
      callerNumber !== null &&
      this.#note(callerNumber, 'the call ended before the caller was helped')
    );
  }

  /**
   * Offers a call-back to a caller who wants a person, where nobody can be put through to: the number
   * is kept, once a call, or asked for. Returns the words for it. Never rejects.
   */
  async offerCallBack(language: keyof typeof callBackWords = 'english'): Promise<string> {
    const { callerNumber } = this.#deps;
    this.#language = language;
    const { callsBack, needsNumber } = callBackWords[language];
    if (this.#offer === 'noted') return callsBack;
    if (callerNumber !== null) return this.#noteWish(callerNumber, callsBack);
    this.#offer = 'number-asked';
    return needsNumber;
  }

  /**
   * Takes a number that was keyed in as an answer to that offer, of `region` if it names no country.
   * Returns the words for it; null when it was no answer to it. Never rejects.
   */
  async numberKeyed(digits: string, region: CountryCode): Promise<string | null> {
    if (this.#offer !== 'number-asked') return null;
    const number = dialableNumber(digits, region);
    const { notWhole, noted } = callBackWords[this.#language];
    return number === null ? notWhole : this.#noteWish(number, noted);
  }

  /** The agent has said something else since: what is keyed in now is an answer to that. */
  talkWentOn(): void {
    if (this.#offer === 'number-asked') this.#offer = 'none';
  }

  /** Promises to call back, as nothing works any more. Never rejects. */
  async callBack(reason: TerminationReason): Promise<void> {
    await this.#noteAndSay(reason, { noted: CALL_YOU_BACK, unnoted: CALL_AGAIN });
  }

  /** From the beginning of `mediaLost` to the end of its words, whatever the voice. */
  get mediaLostMs(): number {
    return hastyCallBackMs + this.#lastWordsMs;
  }

  /** Apologises before the gateway hangs up on a caller who sends nothing more. Never rejects. */
  async mediaLost(): Promise<void> {
    const noted = this.noteCallBack();
    const isNoted = await withDeadline(() => noted, {
      ms: hastyCallBackMs,
      label: 'call-back in time',
    }).catch(() => false);
    const words = isNoted ? CUT_SHORT : CUT_SHORT_CALL_AGAIN;
    this.#deps.farewell('media-lost', words, this.#lastWordsMs);
  }

  get #lastWordsMs(): number {
    const { playMs } = this.#deps;
    return Math.max(playMs(CUT_SHORT), playMs(CUT_SHORT_CALL_AGAIN)) + playoutMarginMs;
  }

  /** Too many agents died of the call: all that is left is what was recorded. Never rejects. */
  async apologise(): Promise<void> {
    const { record, hush } = this.#deps;
    record.cause = 'agents-died';
    hush();
    await this.callBack('crash');
  }

  /** Nobody goes on with the call, and the process is about to be stopped: one sentence has to do. */
  cutShort(): void {
    const { record, hush, callerNumber, farewell } = this.#deps;
    record.cause = 'drain';
    hush();
    void this.noteCallBack();
    farewell(
      'crash',
      callerNumber === null ? CUT_SHORT_CALL_AGAIN : CUT_SHORT,
      sharedTimes.lastWordsMs,
    );
  }

  async #noteAndSay(
    reason: TerminationReason,
    words: { readonly noted: string; readonly unnoted: string },
    ms?: number,
  ): Promise<void> {
    const isNoted = await this.noteCallBack();
    this.#deps.farewell(reason, isNoted ? words.noted : words.unnoted, ms);
  }

  async #noteWish(number: string, words: string): Promise<string> {
    const isSpanish = this.#language === 'spanish';
    const why = isSpanish ? 'the caller speaks Spanish' : 'the caller asked for a person';
    if (!(await this.#note(number, why))) return callBackWords[this.#language].notNoted;
    this.#offer = 'noted';
    return words;
  }

  async #note(phone: string, why: string): Promise<boolean> {
    const { desk, record } = this.#deps;
    try {
      const text = `Please call back: ${why}.`;
      const take = () => desk.takeMessage({ text, customer: null, phone, kind: 'call-back' });
      await withDeadline(take, { ms: callBackMs, label: 'call-back' });
      return true;
    } catch (error) {
      record.log.emit('store.failed', { error }, 'call-back');
      return false;
    }
  }
}

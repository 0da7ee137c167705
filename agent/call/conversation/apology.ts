import { sharedTimes } from '../../config/timeouts.ts';
import type { BookingService } from '../../../tools/journal/booking-service.ts';
import {
  CALL_AGAIN,
  CALL_YOU_BACK,
  CUT_SHORT,
  CUT_SHORT_CALL_AGAIN,
} from '../../speech/prompts/prompts.ts';
import type { CallRecord } from '../call-record.ts';
import type { TerminationReason } from '../../ipc/termination.ts';
import { withDeadline } from '../../infra/deadline.ts';

/** A caller in trouble is not kept waiting for a store. */
const callBackMs = 2_000;

type ApologyDeps = {
  readonly callerNumber: string | null;
  readonly desk: Pick<BookingService, 'takeMessage'>;
  readonly record: CallRecord;
  /** Breaks off what is being said, for good. */
  readonly hush: () => void;
  /** Ends the call with these last words, which may take `ms`. */
  readonly farewell: (reason: TerminationReason, text: string, ms?: number) => void;
};

/** The ends of a call that could not be brought to its own: the caller is told, and called back. */
export class Apology {
  readonly #deps: ApologyDeps;

  constructor(deps: ApologyDeps) {
    this.#deps = deps;
  }

  /** Keeps the caller's number for a call-back; false when that could not be done. Never rejects. */
  async noteCallBack(): Promise<boolean> {
    const { desk, callerNumber: phone, record } = this.#deps;
    if (phone === null) return false;
    const text = 'Please call back: the call ended before the caller was helped.';
    try {
      const take = () => desk.takeMessage({ text, customer: null, phone });
      await withDeadline(take, { ms: callBackMs, label: 'call-back' });
      return true;
    } catch (error) {
      record.log.error({ event: 'store.failed', error }, 'call-back could not be noted');
      return false;
    }
  }

  /** Nothing works any more. Never rejects. */
  async callBack(reason: TerminationReason): Promise<void> {
    await this.#noteAndSay(reason, { noted: CALL_YOU_BACK, unnoted: CALL_AGAIN });
  }

  /** Nothing comes from the caller any more, and the gateway is about to hang up. Never rejects. */
  async mediaLost(): Promise<void> {
    const words = { noted: CUT_SHORT, unnoted: CUT_SHORT_CALL_AGAIN };
    await this.#noteAndSay('media-lost', words, sharedTimes.lastWordsMs);
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
}

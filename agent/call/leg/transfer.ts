import timers from 'node:timers/promises';
import { ServerError, SipCallError, SipClient } from 'livekit-server-sdk';
import type { Config } from '../../config/config.ts';
import { withDeadline } from '../../infra/deadline.ts';
import { TRANSFERRING, wordsAfterTransfer } from '../../speech/prompts/prompts.ts';
import type { Activity, CallState } from '../call-state.ts';

/** The outcome of a transfer. */
export type TransferResult = {
  readonly outcome: 'transferred' | 'refused' | 'no-answer' | 'failed';
  /** The other side's answer; null when it did not come to that. */
  readonly sipStatus: number | null;
  /** The fault of a transfer that `failed`; absent when the other side decided. */
  readonly error?: unknown;
};

/** The words are short; past this something is wrong with the voice, not with the transfer. */
const announceMs = 8_000;
/** The server's own answer comes within two seconds of the ringing's end (livekit-server-sdk). */
const answerMarginMs = 3_000;
/**
 * A carrier that never answers the REFER: the gateway lets the caller hear nothing of the room until
 * its own transaction ends, 32 s after it (timer F of RFC 3261), though the server gives up before.
 */
const deafMs = 32_500;
/** The gateway tells the server of a transfer as the caller's leg goes: within this, or never. */
const settleMs = 500;

/** Statuses that say that it rang, or that nobody was there to take it (Q.850 causes 18 and 19). */
const noAnswerStatuses: ReadonlySet<number> = new Set([408, 480, 487, 504]);

/**
 * Sends the caller to `number` (E.164) by SIP REFER; meanwhile the gateway plays them ringing, and
 * nothing of the room. Rings for at most `ringMs`, in whole seconds. Never rejects.
 */
export async function transferCaller(options: {
  readonly config: { readonly livekit: Pick<Config['livekit'], 'url' | 'apiKey' | 'apiSecret'> };
  readonly room: string;
  readonly callerIdentity: string;
  readonly number: string;
  readonly ringMs: number;
  readonly signal: AbortSignal;
}): Promise<TransferResult> {
  const { config, room, callerIdentity, number, ringMs, signal } = options;
  const { url, apiKey, apiSecret } = config.livekit;
  // In another region the SDK would send the request again: the person would be rung twice.
  const sip = new SipClient(url, apiKey, apiSecret, { failover: false });
  const ringingTimeout = Math.ceil(ringMs / 1_000);
  const refer = () =>
    sip.transferSipParticipant(room, callerIdentity, `tel:${number}`, {
      ringingTimeout,
      playDialtone: true,
    });
  const ms = ringingTimeout * 1_000 + answerMarginMs;
  try {
    await withDeadline(refer, { ms, label: 'transfer', signal });
    return { outcome: 'transferred', sipStatus: null };
  } catch (error) {
    return resultOf(error);
  }
}

function resultOf(error: unknown): TransferResult {
  const sipStatus = error instanceof SipCallError ? (error.sipStatusCode ?? null) : null;
  if (sipStatus === null) {
    const isUnanswered = error instanceof ServerError && error.code === 'deadline_exceeded';
    return isUnanswered ? { outcome: 'no-answer', sipStatus } : failure(sipStatus, error);
  }
  if (noAnswerStatuses.has(sipStatus)) return { outcome: 'no-answer', sipStatus };
  const isCarriersFault = sipStatus >= 500 && sipStatus < 600;
  return isCarriersFault ? failure(sipStatus, error) : { outcome: 'refused', sipStatus };
}

/** The server's text for a refused token repeats the token: as a cause it is not logged. */
function failure(sipStatus: number | null, cause: unknown): TransferResult {
  const error = new Error('The caller was not transferred', { cause });
  return { outcome: 'failed', sipStatus, error };
}

/** The talk that a transfer interrupts. */
type TransferTalk = {
  /** Says words that nothing interrupts; resolves when the caller has heard them. */
  sayThrough(words: string): Promise<void>;
  say(words: string): void;
  /** Says it once more when the caller neither speaks nor presses a key upon it. Never rejects. */
  sayTwice(words: string): Promise<void>;
  /** Off while it rings: what is said to a ringing tone is not meant for the agent. */
  setHearing(isOn: boolean): void;
};

type TransferDeps = {
  readonly state: CallState;
  readonly talk: TransferTalk;
  /** One try: `transferCaller`. */
  readonly refer: (number: string) => Promise<TransferResult>;
  /** Hears of each transfer once; not of one that the end of the call cut short. */
  readonly onResult: (result: TransferResult & { readonly durationMs: number }) => void;
  /** Aborted when the call ends. */
  readonly signal: AbortSignal;
};

/** Words around a transfer, where they are not the usual ones. */
export type TransferWords = {
  /** Said before it rings, one after the other. */
  readonly before: readonly string[];
  /** Says what comes of it when nobody took the call. Never rejects. */
  readonly callBack: () => Promise<string>;
};

/** The transfers of one call: announced, tried, and told of to the caller; one at a time. */
export class Transfer {
  readonly #deps: TransferDeps;
  #referral: Promise<TransferResult> | null = null;
  #referredMs = 0;

  constructor(deps: TransferDeps) {
    this.#deps = deps;
  }

  /** Tries the numbers in turn, the next when one refuses. False where the call may not transfer. */
  begin(numbers: readonly string[], words?: TransferWords): boolean {
    const transferring: Activity = { name: 'transferring' };
    if (!this.#deps.state.begin(transferring)) return false;
    void this.#run(numbers, transferring, words);
    return true;
  }

  /** True when a transfer took the caller, who is gone. Known within half a second. */
  async tookCaller(): Promise<boolean> {
    const referral = this.#referral;
    if (!referral) return false;
    try {
      const settled = await withDeadline(() => referral, {
        ms: settleMs,
        label: 'transfer result',
      });
      return settled.outcome === 'transferred';
    } catch {
      return false;
    }
  }

  async #run(
    numbers: readonly string[],
    transferring: Activity,
    words?: TransferWords,
  ): Promise<void> {
    const { state, talk, onResult, signal } = this.#deps;
    talk.setHearing(false);
    for (const text of words?.before ?? [TRANSFERRING]) await this.#announce(text);
    const startedMs = performance.now();
    this.#referral = this.#referInTurn(numbers, transferring);
    const result = await this.#referral;
    // The caller's leaving, which comes of it, is still to be told from a hang-up.
    const isTaken = result.outcome === 'transferred';
    if (!isTaken) this.#referral = null;
    const durationMs = Math.round(performance.now() - startedMs);
    const isDeaf = result.sipStatus === null && result.outcome === 'no-answer';
    if (!signal.aborted) onResult({ ...result, durationMs });
    if (isDeaf && state.activity === transferring) await this.#hearsAgain();
    const goesOn = !isTaken && state.finish(transferring);
    if (signal.aborted) return;
    if (result.outcome === 'transferred' || !goesOn) return;
    talk.setHearing(true);
    const said = words ? await words.callBack() : wordsAfterTransfer[result.outcome];
    if (isDeaf) await talk.sayTwice(said);
    else talk.say(said);
  }

  async #hearsAgain(): Promise<void> {
    const ms = Math.max(0, this.#referredMs + deafMs - performance.now());
    await timers.setTimeout(ms, undefined, { signal: this.#deps.signal }).catch(() => {});
  }

  async #announce(text: string): Promise<void> {
    const { talk, signal } = this.#deps;
    try {
      const options = { ms: announceMs, label: 'announcement', signal };
      await withDeadline(() => talk.sayThrough(text), options);
    } catch {
      // Without a voice a person is what the caller needs all the more.
    }
  }

  /** One that does not answer may still ring at the carrier: then no second one is rung. */
  async #referInTurn(numbers: readonly string[], transferring: Activity): Promise<TransferResult> {
    const { state, refer, signal } = this.#deps;
    let result: TransferResult = { outcome: 'failed', sipStatus: null };
    for (const number of numbers) {
      if (signal.aborted || state.activity !== transferring) break;
      this.#referredMs = performance.now();
      result = await refer(number);
      if (result.outcome !== 'refused') break;
    }
    return result;
  }
}

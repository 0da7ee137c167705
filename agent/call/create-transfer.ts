import type { Caller } from './leg/join-room.ts';
import type { CallRecord } from './call-record.ts';
import type { CallDeps } from './call-context.ts';
import type { Conversation } from './conversation/conversation.ts';
import type { CallTimers } from './call-timers.ts';
import type { PromptCache } from './conversation/prompt-cache.ts';
import { Transfer, transferCaller } from './leg/transfer.ts';

/** The transfers of a call: while one rings nothing is heard, and no timer ends the call. */
export function createTransfer(
  deps: Pick<CallDeps, 'ctx' | 'config'> & {
    readonly caller: Caller;
    readonly record: CallRecord;
    readonly conversation: Conversation;
    readonly phrases: PromptCache;
    readonly timers: CallTimers;
    readonly signal: AbortSignal;
    /** The caller is with somebody else. */
    readonly onTransferred: () => void;
  },
): Transfer {
  const { config, ctx, caller, record, conversation, phrases, timers, signal } = deps;
  let release = () => {};
  return new Transfer({
    talk: {
      sayThrough: (words) => conversation.sayGoodbye(phrases.get(words)),
      say: (words) => void conversation.say(phrases.get(words)),
      setHearing: (isOn) => {
        conversation.session.input.setAudioEnabled(isOn);
        release();
        release = isOn ? () => {} : timers.pauseAll('transfer');
      },
    },
    refer: (number) =>
      transferCaller({
        config,
        room: ctx.job.room?.name ?? '',
        callerIdentity: caller.identity,
        number,
        ringMs: config.timeouts.transferMs,
        signal,
      }),
    onResult: (result) => {
      record.transferred(result);
      if (result.outcome === 'transferred') deps.onTransferred();
    },
    signal,
  });
}

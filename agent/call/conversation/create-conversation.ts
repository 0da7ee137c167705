import type { AudioFrame } from '@livekit/rtc-node';
import { createSpeech, keytermsOf } from '../../speech/session.ts';
import { VOICE_TROUBLE } from '../../speech/prompts/prompts.ts';
import type { Caller } from '../leg/join-room.ts';
import type { CallRecord } from '../call-record.ts';
import type { CallContext } from '../call-context.ts';
import { Conversation } from './conversation.ts';
import type { EscalationKind } from './escalation.ts';
import type { Preload } from '../preload.ts';

type ConversationDeps = Pick<CallContext, 'config' | 'store' | 'desk'> & {
  readonly caller: Caller;
  readonly preload: Preload;
  readonly record: CallRecord;
  readonly signal: AbortSignal;
  /** Something was said or done that a job which goes on with the call must know. */
  readonly onChanged: () => void;
  /** A sentence could be spoken by no voice. */
  readonly onSentenceFailed: () => void;
  /** The model wants to end the call, or to put the caller through to one of these numbers. */
  readonly endCall: () => void;
  readonly transfer: (numbers: readonly string[], about?: string) => void;
  readonly onUrgent: (kind: EscalationKind, words: string) => void;
  readonly onHeard: ((frame: AudioFrame) => void) | undefined;
};

/** The talk of one call with its three providers, whose failures it writes down. */
export function createConversation(deps: ConversationDeps): {
  readonly conversation: Conversation;
  /** True while no recogniser receives the caller's words. */
  readonly isDeaf: () => boolean;
} {
  const { config, store, desk, caller, record, preload, signal } = deps;
  const { inventory, prompts } = preload;
  const failed = (trouble: object) => {
    if (signal.aborted) return;
    record.providerFailed();
    record.log.emit('provider.failed', { ...trouble }, 'failed');
  };
  const speech = createSpeech(config, {
    keyterms: keytermsOf(inventory?.units.map((unit) => unit.name) ?? []),
    recorded: () => prompts.get(VOICE_TROUBLE).audio,
    events: {
      onHearingTrouble: (trouble) => failed({ ...trouble, sense: 'hearing' }),
      onHearingRecovered: (recovered) => record.log.emit('hearing.recovered', recovered),
      onUsage: (usage) => record.used(usage),
      onThinkingTrouble: (trouble) => failed({ ...trouble, sense: 'thinking' }),
      onSpeakingTrouble: (trouble) => {
        failed({ ...trouble, sense: 'speaking' });
        if (trouble.covered !== 'other-voice') deps.onSentenceFailed();
      },
    },
  });
  const conversation = new Conversation({
    config,
    speech,
    inventory,
    reload: () => store.inventory(),
    onChanged: deps.onChanged,
    onWithheld: (kind) => record.log.emit('speech.withheld', { kind }),
    onUrgent: deps.onUrgent,
    onHeard: deps.onHeard,
    tools: {
      callId: caller.callId,
      caller: { phoneNumber: caller.number },
      desk,
      signal,
      onToolUsed: (tool, use) => {
        // What the end of the call cut short is no failure.
        if (!signal.aborted) record.toolUsed(tool, use);
      },
      endCall: deps.endCall,
      transfer: deps.transfer,
    },
  });
  record.watch(conversation.session, {
    isOpen: () => !signal.aborted,
    listAgeMs: () => conversation.listAgeMs,
  });
  return { conversation, isDeaf: () => speech.hearing.isDeaf };
}

import { emptyFigures } from '../../../agent/call/media/gap-figures.ts';
import type { SavedCall } from '../../../agent/call/persistence/call-snapshot.ts';

/** A call as a job keeps it, in which what `talk` says was said, and nothing else happened. */
export function savedCall(talk: Partial<SavedCall['talk']> = {}): SavedCall {
  return {
    version: 1,
    startedAtMs: 1,
    answeredAtMs: 2,
    talk: {
      items: [],
      callerTurns: 1,
      callerWords: '',
      asked: null,
      wrongCodes: 0,
      messages: {},
      ...talk,
    },
    figures: {
      latenciesMs: [],
      tools: [],
      providerFailures: 0,
      firstAgentSpeechAtMs: null,
      packetsIn: 0,
      packetsOut: 0,
      lastPacketInAtMs: null,
      lastPacketOutAtMs: null,
      framesOut: 0,
      lastCallerSpeechAtMs: null,
      lastAgentSpeechAtMs: null,
      lastTranscriptAtMs: null,
      transfer: null,
      handovers: 0,
      takeovers: 0,
    },
    gap: { attemptsUsed: 0, lastAttemptAtMs: null, openSinceMs: null, figures: emptyFigures },
    silencePrompts: 0,
  };
}

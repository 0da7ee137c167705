import { inference } from '@livekit/agents';
import type { voice } from '@livekit/agents';

/**
 * The end of a caller's turn is found by voice activity alone, with a fixed delay.
 *
 * The framework also ships a model that judges from the sound whether a sentence is finished. It
 * runs in a process of its own beside the worker (267 MB, not restarted when it dies, and then each
 * turn waits a second for it), and on telephone voices it took 3.6 s from the end of a line to the
 * answer where voice activity took 1.5 s. The price of the choice: a caller who pauses longer than
 * `endOfTurnMs` in the middle of a sentence is answered too early, and takes the turn back by going
 * on, which interrupts the agent.
 */

/** Silence after which the turn is the agent's. Pauses inside a sentence are mostly below 500 ms. */
export const endOfTurnMs = 600;
/** Speech shorter than this over the agent's voice is a cough or an "mhm", not an interruption. */
const interruptionMs = 400;

/** A voice detector on the model that the framework ships; nothing is downloaded. */
export function createVoiceDetector(): inference.VAD {
  return new inference.VAD({ model: 'silero', minSilenceDuration: 300 });
}

/**
 * The session's turn options. The answer is prepared as soon as the words are final and spoken when
 * the turn has ended (`preemptiveGeneration`): at default latencies that hides 300 ms of the model's
 * time. Modes are named, because in development the framework would otherwise ask LiveKit Cloud.
 */
export const turnHandling = {
  turnDetection: 'vad',
  endpointing: { mode: 'fixed', minDelay: endOfTurnMs, maxDelay: endOfTurnMs * 2 },
  interruption: {
    enabled: true,
    mode: 'vad',
    minDuration: interruptionMs,
    // What is said over a sentence that cannot be interrupted reaches the recogniser; the framework
    // then drops the turn all the same, and the conversation answers it after the sentence.
    discardAudioIfUninterruptible: false,
  },
  preemptiveGeneration: { enabled: true },
} satisfies voice.AgentSessionOptions['turnHandling'];

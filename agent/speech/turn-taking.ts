import { inference, voice } from '@livekit/agents';
import { endOfTurnMs, endpointingMs } from './endpointing.ts';

/**
 * The end of a caller's turn is found by voice activity: a silence, as long as the words ask for.
 *
 * The framework also ships a model that judges from the sound whether a sentence is finished. It
 * runs in a process of its own beside the worker (267 MB, not restarted when it dies, and then each
 * turn waits a second for it), and on telephone voices it took 3.6 s from the end of a line to the
 * answer where voice activity took 1.5 s. The price of the choice: a caller who pauses for longer in
 * the middle of a sentence that seems whole is answered too early, and takes the turn back by going
 * on, which interrupts the agent.
 */

/** Silence that ended a turn before the words were asked, and does with `END_OF_TURN=fixed`. */
export const fixedEndOfTurnMs = 600;
/** Speech shorter than this over the agent's voice is a cough or an "mhm", not an interruption. */
const interruptionMs = 400;
/** A caller who was silent for so long has ended a turn, whether or not somebody answered it. */
const newTurnMs = 5_000;

/** A voice detector on the model that the framework ships; nothing is downloaded. */
export function createVoiceDetector(): inference.VAD {
  return new inference.VAD({ model: 'silero', minSilenceDuration: 300 });
}

/**
 * The session's turn options. The answer is prepared as soon as the words are final, and spoken when
 * the turn has ended (`preemptiveGeneration`). Modes are named, because in development the framework
 * would otherwise ask LiveKit Cloud.
 */
export const turnHandling = {
  turnDetection: 'vad',
  endpointing: { mode: 'fixed', minDelay: fixedEndOfTurnMs, maxDelay: 2 * fixedEndOfTurnMs },
  interruption: {
    enabled: true,
    mode: 'vad',
    minDuration: interruptionMs,
    // What is said over a sentence that cannot be interrupted reaches the recogniser; the framework
    // then drops the turn all the same, and the conversation answers it after the sentence.
    discardAudioIfUninterruptible: false,
  },
  preemptiveGeneration: {
    enabled: true,
    // Spoken into a buffer as well, so that a later end of the turn costs no time.
    preemptiveTts: true,
    // Numbers come in groups, each with final words of its own, and each ends a guess.
    maxRetries: 8,
    maxSpeechDuration: 30_000,
  },
} satisfies voice.AgentSessionOptions['turnHandling'];

/** The words of a turn as they come, and the silence at which it is over. */
export class TurnWords {
  #asked = '';
  #isBrokenOff = false;
  #heard = '';
  #lastAtMs = -Infinity;

  /** The agent said this, or began to. */
  agentSaid(words: string, { isBrokenOff }: { readonly isBrokenOff: boolean }): void {
    this.#asked = words;
    this.#isBrokenOff = isBrokenOff;
    this.#heard = '';
  }

  /** The turn was taken in: what comes next is another one. */
  ended(): void {
    this.#heard = '';
  }

  /**
   * The caller said more; `nowMs` is on any clock. Returns the silence that now ends the turn. Words
   * that are not final yet put it off until they are.
   */
  callerSaid(words: string, { isFinal, nowMs }: { isFinal: boolean; nowMs: number }): number {
    if (nowMs - this.#lastAtMs > newTurnMs) this.#heard = '';
    this.#lastAtMs = nowMs;
    if (!isFinal) return endpointingMs.unfinished;
    this.#heard = `${this.#heard} ${words}`.trim();
    return endOfTurnMs({ asked: this.#asked, isBrokenOff: this.#isBrokenOff, heard: this.#heard });
  }
}

/** Ends the turns of the session by what was asked and what has been said. */
export function endTurnsByWords(session: voice.AgentSession): void {
  const { ConversationItemAdded, UserInputTranscribed } = voice.AgentSessionEventTypes;
  const turn = new TurnWords();
  let currentMs = fixedEndOfTurnMs;
  session.on(ConversationItemAdded, ({ item }) => {
    if (item.type !== 'message') return;
    if (item.role === 'user') turn.ended();
    if (item.role !== 'assistant') return;
    turn.agentSaid(item.textContent ?? '', { isBrokenOff: item.interrupted });
  });
  // The framework tells of words before it reckons with them, and reads the delay after that.
  session.on(UserInputTranscribed, ({ transcript, isFinal }) => {
    const minDelay = turn.callerSaid(transcript, { isFinal, nowMs: performance.now() });
    if (minDelay === currentMs) return;
    currentMs = minDelay;
    session.updateOptions({ turnHandling: { endpointing: { minDelay } } });
  });
}

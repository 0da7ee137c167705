import type { tts } from '@livekit/agents';

const failuresUntilRest = 2;
const restMs = 30_000;

/** One voice and how it has done lately: after two failures in a row it rests for 30 s. */
export class VoiceHealth {
  readonly voice: tts.TTS;
  #failuresInRow = 0;
  #restsUntilMs = 0;
  #msPerLetter: number | undefined;

  constructor(voice: tts.TTS) {
    this.voice = voice;
  }

  /** Voices that rest come last: each is better than none. */
  static inOrder(voices: readonly VoiceHealth[]): VoiceHealth[] {
    const nowMs = performance.now();
    const isResting = (health: VoiceHealth) => nowMs < health.#restsUntilMs;
    return [...voices].sort((a, b) => Number(isResting(a)) - Number(isResting(b)));
  }

  /** The pace at which it read last; undefined until it was measured. */
  get msPerLetter(): number | undefined {
    return this.#msPerLetter;
  }

  /** It read a text to the end. */
  spoke(msPerLetter: number | undefined): void {
    this.#failuresInRow = 0;
    this.#msPerLetter = msPerLetter ?? this.#msPerLetter;
  }

  /** It did not; a failure right after a rest begins the next one. */
  failed(): void {
    this.#failuresInRow += 1;
    if (this.#failuresInRow >= failuresUntilRest) this.#restsUntilMs = performance.now() + restMs;
  }
}

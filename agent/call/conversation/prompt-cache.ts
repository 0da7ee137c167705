import { withDeadline } from '../../infra/deadline.ts';
import type { Log } from '../../telemetry/events.ts';
import type { PhraseAudio } from '../../speech/prompts/phrase.ts';

/** A phrase, with its audio where that was ready before the call. */
export type ReadyPhrase = { readonly text: string; readonly audio: PhraseAudio | undefined };

/** Takes 5 ms. Past this the phrase is synthesised, as if there were none. */
const phraseMs = 500;
/** Voices say 12 to 16 signs a second; the slowest counts. */
const usualMsPerSign = 85;

/** The audio of what is always said in the same words, read from the store once a call. */
export class PromptCache {
  readonly #read: (text: string) => Promise<PhraseAudio | undefined>;
  readonly #log: () => Log;
  readonly #audio = new Map<string, PhraseAudio>();

  constructor(options: {
    readonly read: (text: string) => Promise<PhraseAudio | undefined>;
    readonly log: () => Log;
  }) {
    this.#read = options.read;
    this.#log = options.log;
  }

  /** Returns the phrase, with its audio if that was read so far. */
  get(text: string): ReadyPhrase {
    return { text, audio: this.#audio.get(text) };
  }

  /** The time that it takes to play the phrase; a guess, if its audio was not read. */
  playMs(text: string): number {
    const audio = this.#audio.get(text);
    return audio ? (audio.pcm.length / audio.sampleRateHz) * 1_000 : text.length * usualMsPerSign;
  }

  /** Reads the audio of `texts`. What fails is left out; rejects only with the reason of `signal`. */
  async load(texts: readonly string[], signal: AbortSignal): Promise<void> {
    await Promise.all(texts.map((text) => this.#load(text, signal)));
  }

  async #load(text: string, signal: AbortSignal): Promise<void> {
    try {
      const read = () => this.#read(text);
      const audio = await withDeadline(read, { ms: phraseMs, label: 'phrase', signal });
      if (audio) this.#audio.set(text, audio);
    } catch (error) {
      signal.throwIfAborted();
      this.#log().emit('store.failed', { error }, 'phrase');
    }
  }
}

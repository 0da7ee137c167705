import { inventoryFromJson, inventorySnapshot } from '../../tools/sheet/read/inventory-snapshot.ts';
import type { Config } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { backOffMs } from '../infra/retry.ts';
import { emergencyWords, greetingFor } from '../speech/instructions.ts';
import { phraseKey } from '../speech/prompts/phrase.ts';
import { synthesisePhrase } from '../speech/prompts/prompt-audio.ts';
import { setPhrases } from '../speech/prompts/prompts.ts';
import { createVoice } from '../speech/tts/voices.ts';
import type { Store } from '../infra/store/database.ts';
import { readPhrase, savePhrase } from '../infra/store/prompts.ts';
import { readSnapshot } from '../infra/store/snapshots.ts';
import type { Log } from '../telemetry/events.ts';

const synthesisMs = 20_000;
/** Gentle enough for a provider's limit on connections. */
const atOnce = 4;
const backOff = { initialMs: 1_000, multiplier: 2, maxMs: 60_000, jitter: 0.5 };

/**
 * Keeps the phrases that every call speaks in the store as audio: the first word then waits for no
 * provider. Synthesises what is missing for the text, voice and model of now; tries again on failure.
 */
export class PromptWarmer {
  readonly #config: Config;
  readonly #store: () => Promise<Store>;
  readonly #log: Log;
  #running: Promise<void> | undefined;
  #again = false;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;

  constructor(options: { config: Config; store: () => Promise<Store>; log: Log }) {
    this.#config = options.config;
    this.#store = options.store;
    this.#log = options.log;
  }

  /** Looks what is missing, now. Safe to call at any time. */
  refresh(): void {
    if (this.#stopped) return;
    clearTimeout(this.#retry);
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#synthesiseMissing().finally(() => {
      this.#running = undefined;
      if (this.#again) {
        this.#again = false;
        this.refresh();
      }
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
  }

  async #synthesiseMissing(): Promise<void> {
    try {
      const store = await this.#store();
      const snapshot = await readSnapshot(store, inventorySnapshot);
      const yard = snapshot ? inventoryFromJson(snapshot.json).yard : null;
      // The first word comes first; what is needed in trouble can wait for it.
      const rest = [...setPhrases, emergencyWords(yard)];
      const { text: greeting } = greetingFor(yard, { isRecorded: this.#config.recordCalls });
      let made = Number(await this.#ensure(store, greeting));
      while (rest.length > 0 && !this.#stopped) {
        const some = rest.splice(0, atOnce);
        const results = await Promise.all(some.map((text) => this.#ensure(store, text)));
        made += results.filter(Boolean).length;
      }
      this.#failures = 0;
      if (made === 0 || this.#stopped) return;
      const characters = greeting.length;
      this.#log.emit('phrase.ready', { made, characters });
    } catch (error) {
      this.#failures += 1;
      this.#log.emit('phrase.failed', { error });
      this.#retry = setTimeout(() => this.refresh(), backOffMs(backOff, this.#failures));
      this.#retry.unref();
    }
  }

  /** Returns whether it had to be made. */
  async #ensure(store: Store, text: string): Promise<boolean> {
    const { voice } = this.#config;
    const key = phraseKey(voice, text);
    if (this.#stopped || (await readPhrase(store, key))) return false;
    const startedMs = performance.now();
    const { pcm, sampleRateHz } = await withDeadline(
      () => synthesisePhrase(createVoice(this.#config), text),
      { ms: synthesisMs, label: 'phrase synthesis' },
    );
    await savePhrase(store, {
      key,
      text,
      provider: voice.provider,
      model: voice.model,
      voice: voice.model,
      sampleRateHz,
      pcm: new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength),
      createdAtMs: Date.now(),
    });
    this.#log.emit('phrase.synthesised', {
      characters: text.length,
      audioMs: Math.round((pcm.length / sampleRateHz) * 1_000),
      durationMs: Math.round(performance.now() - startedMs),
    });
    return true;
  }
}

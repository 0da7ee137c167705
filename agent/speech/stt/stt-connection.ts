import timers from 'node:timers/promises';
import { type BackOff, backOffMs } from '../../infra/retry.ts';
import type { Results } from './deepgram-results.ts';
import { DeepgramSocket, type SocketEnd } from './deepgram-socket.ts';
import { ReplayBuffer, sampleRate } from './replay-buffer.ts';
import { MissingTranscript } from './missing-transcript.ts';

/** A failure of the ear, for the log and the call's figures; `attempt` counts in a row. */
export type HearingTrouble = SocketEnd & { readonly model: string; readonly attempt: number };

/** Transcripts come again: after how many failures, how long deaf, and how much was heard again. */
export type HearingRecovered = {
  readonly model: string;
  readonly attempts: number;
  readonly deafMs: number;
  readonly replayedMs: number;
};

type Outage = { readonly sinceMs: number; isDumb: boolean };

type ListeningOptions = {
  readonly apiKey: string;
  /** The model's address now; another one after `onModelFailed`. */
  readonly where: () => { readonly url: URL; readonly model: string };
  /** Gives up the model for the next one; false when there is none. */
  readonly onModelFailed: () => boolean;
  /**
   * Times in `results` count from `offsetSeconds` after the first sample. `isLast`: the caller has
   * gone quiet since, and the words end a sentence.
   */
  readonly onResults: (
    results: Results,
    at: { readonly offsetSeconds: number; readonly isLast: boolean },
  ) => void;
  readonly onSent: (seconds: number) => void;
  readonly onTrouble: (trouble: HearingTrouble) => void;
  readonly onRecovered: (recovered: HearingRecovered) => void;
};

/** The longest outage without a lost word; 960 kB. */
const keptSeconds = 30;
/** The beginning of a word is quieter than what counts as sound. */
const leadInSamples = 0.5 * sampleRate;
/** Sound that a transcript leaves out may be the end of its last word. */
const tipSamples = 0.15 * sampleRate;
/** Longer than a consonant's closure within a word. */
const quietSamples = 0.1 * sampleRate;
const sentenceEnd = /[.?!]$/;
const backOff: BackOff = { initialMs: 100, multiplier: 3, maxMs: 3_000, jitter: 0.5 };
/** A model fails so often in a row before the next one gets its turn. */
const maxFailuresOfModel = 3;
/** A connection that gives transcripts for so long ends the row of failures. */
const stableMs = 5_000;
/** A wrong key, no credit, no such model: the same request is refused again. */
const permanentStatuses: readonly (number | null)[] = [400, 401, 402, 403, 404];

/**
 * Keeps one connection to Deepgram alive for as long as audio comes, one connect at a time. A new
 * connection starts with what the last one gave no final transcript for: no word is lost, none twice.
 */
export class SttConnection {
  readonly #options: ListeningOptions;
  readonly #audio = new ReplayBuffer({ seconds: keptSeconds });
  readonly #speech = new MissingTranscript(() => this.#onUnanswered());
  readonly #over = new AbortController();
  #socket: DeepgramSocket | undefined;
  /** The end of the last final transcript, as a position in the audio. */
  #heardUpTo = 0;
  #failuresInARow = 0;
  #failuresOfModel = 0;
  /** Over with the first transcript. `isDumb`: an open connection alone is no cure. */
  #outage: Outage | undefined = { sinceMs: performance.now(), isDumb: false };
  #openedAtMs = 0;
  #replayedMs = 0;

  constructor(options: ListeningOptions) {
    this.#options = options;
  }

  /** On `performance.now()`'s clock; undefined while it hears, as far as anybody can tell. */
  get deafSinceMs(): number | undefined {
    const isMute = this.#outage?.isDumb === true && this.#speech.sinceMs !== undefined;
    return this.#socket?.isOpen && !isMute ? undefined : this.#outage?.sinceMs;
  }

  /** Resolves after `finish` or `stop`, and never rejects. */
  async run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const { url, model } = this.#options.where();
      const end = await this.#connect(url, model);
      if (this.#over.signal.aborted) return;
      await this.#pause(this.#fail(end, model));
    }
  }

  hear(samples: Int16Array): void {
    for (const chunk of this.#audio.add(samples)) this.#send(chunk);
  }

  /** Makes words that are under way final now. */
  flush(): void {
    this.#sendRest();
    this.#socket?.flush();
  }

  callerSpeaking(isSpeaking: boolean): void {
    if (!this.#over.signal.aborted) this.#speech.speaking(isSpeaking);
  }

  /** Ends the audio: waits shortly for the last transcript where there is a connection. */
  finish(): void {
    this.#sendRest();
    this.#over.abort();
    this.#speech.settle();
    this.#socket?.finish();
  }

  /** Ends at once. */
  stop(): void {
    this.#over.abort();
    this.#speech.settle();
    this.#socket?.drop();
  }

  async #connect(url: URL, model: string): Promise<SocketEnd> {
    let offset = 0;
    const socket = new DeepgramSocket({
      url,
      apiKey: this.#options.apiKey,
      onOpen: () => {
        offset = this.#replay();
      },
      onResults: (results) => this.#onResults(results, offset, model),
    });
    this.#socket = socket;
    const end = await socket.ended;
    this.#speech.pause();
    return end;
  }

  /** Returns the position in the audio at which the new connection begins to hear. */
  #replay(): number {
    const sound = this.#audio.soundAfter(this.#heardUpTo) ?? this.#audio.end;
    const start = Math.max(this.#heardUpTo, sound - leadInSamples);
    const { from, chunks } = this.#audio.since(start);
    for (const chunk of chunks) this.#send(chunk);
    this.#openedAtMs = performance.now();
    this.#replayedMs = toMs(this.#audio.end - from);
    this.#speech.resume();
    return from;
  }

  #sendRest(): void {
    const rest = this.#audio.flush();
    if (rest) this.#send(rest);
  }

  #send(chunk: Int16Array): void {
    if (!this.#socket?.isOpen) return;
    this.#socket.send(chunk);
    this.#options.onSent(chunk.length / sampleRate);
  }

  #onResults(results: Results, offset: number, model: string): void {
    if (this.#outage) this.#recover(this.#outage, model);
    if (performance.now() - this.#openedAtMs > stableMs) {
      this.#failuresInARow = 0;
      this.#failuresOfModel = 0;
    }
    if (results.is_final) {
      const end = offset + Math.round((results.start + results.duration) * sampleRate);
      this.#heardUpTo = Math.min(Math.max(this.#heardUpTo, end), this.#audio.end);
    }
    this.#speech.answered(results.is_final);
    const isLast = !results.is_final && this.#endsSpeech(results, offset);
    this.#options.onResults(results, { offsetSeconds: offset / sampleRate, isLast });
  }

  #endsSpeech({ start, duration, channel }: Results, offset: number): boolean {
    const heardUpTo = offset + Math.round((start + duration) * sampleRate) + tipSamples;
    return (
      sentenceEnd.test(channel.alternatives[0]?.transcript ?? '') &&
      this.#audio.end - heardUpTo >= quietSamples &&
      this.#audio.soundAfter(heardUpTo) === undefined
    );
  }

  #recover({ sinceMs }: Outage, model: string): void {
    this.#outage = undefined;
    if (this.#failuresInARow === 0) return;
    const deafMs = Math.round(this.#openedAtMs - sinceMs);
    const attempts = this.#failuresInARow;
    this.#options.onRecovered({ model, attempts, deafMs, replayedMs: this.#replayedMs });
  }

  #onUnanswered(): void {
    // Its own time begins when it opens.
    if (!this.#socket?.isOpen) return;
    // A voice that the detector took silence for, or words that were final before it said so.
    if (this.#audio.soundAfter(this.#heardUpTo) === undefined) return this.#speech.settle();
    const sinceMs = this.#speech.sinceMs ?? performance.now();
    this.#outage ??= { sinceMs, isDumb: true };
    this.#socket.drop({ kind: 'dumb', code: null });
  }

  /** Returns how long to wait before the next connect. */
  #fail(end: SocketEnd, model: string): number {
    this.#outage ??= { sinceMs: performance.now(), isDumb: false };
    if (end.kind === 'dumb' || end.kind === 'garbage') this.#outage.isDumb = true;
    this.#failuresInARow += 1;
    this.#failuresOfModel += 1;
    const isPermanent = end.kind === 'refused' && permanentStatuses.includes(end.code);
    const isGivenUp = isPermanent || this.#failuresOfModel >= maxFailuresOfModel;
    const hasOther = isGivenUp && this.#options.onModelFailed();
    if (isGivenUp) this.#failuresOfModel = 0;
    this.#options.onTrouble({ ...end, model, attempt: this.#failuresInARow });
    const isHopeless = isPermanent && !hasOther;
    return isHopeless ? backOff.maxMs : backOffMs(backOff, this.#failuresInARow);
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#over;
    await timers.setTimeout(ms, undefined, { signal }).catch(() => {});
  }
}

const toMs = (samples: number) => Math.round((samples / sampleRate) * 1_000);

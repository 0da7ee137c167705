import { type APIConnectOptions, stt } from '@livekit/agents';
import { toSpeechEvent } from './deepgram-results.ts';
import { listenUrl } from './deepgram-socket.ts';
import { type HearingRecovered, type HearingTrouble, SttConnection } from './stt-connection.ts';
import { sampleRate } from './replay-buffer.ts';

type HearingOptions = {
  readonly apiKey: string;
  /** `https://...`, or `http://` for an emulator. */
  readonly baseUrl: string;
  /** The first one, then those to fall back to. */
  readonly models: readonly [string, ...string[]];
  readonly keyterms: readonly string[];
  readonly onTrouble: (trouble: HearingTrouble) => void;
  readonly onRecovered: (recovered: HearingRecovered) => void;
  /** Hears how much audio was sent. */
  readonly onSent?: (seconds: number) => void;
};

/** The framework is told so often how much audio was sent. */
const usageSeconds = 5;

/**
 * Deepgram's live transcription that outlives its connections: it never emits an error, and a stream
 * ends only with its input. Takes the place of the framework's plugin, which stays deaf after a
 * dropped socket and ends the session after a refused one.
 */
export class DeepgramStt extends stt.STT {
  override readonly label = 'pickup.DeepgramStt';
  readonly #options: HearingOptions;
  readonly #streams = new Set<HearingStream>();
  #model = 0;

  constructor(options: HearingOptions) {
    super({ streaming: true, interimResults: true, alignedTranscript: 'word' });
    this.#options = options;
  }

  /** The one in use now. */
  override get model(): string {
    const { models } = this.#options;
    return models[this.#model] ?? models[0];
  }

  override get provider(): string {
    return 'Deepgram';
  }

  /** True while there is no connection, or one that does not answer after a failure. */
  get isDeaf(): boolean {
    return this.deafSinceMs !== undefined;
  }

  /** The moment that a stream went deaf, by `performance.now()`; undefined while all hear. */
  get deafSinceMs(): number | undefined {
    for (const { deafSinceMs } of this.#streams) if (deafSinceMs !== undefined) return deafSinceMs;
    return undefined;
  }

  /** The session's voice detector tells: speech without any transcript means a dumb connection. */
  callerSpeaking(isSpeaking: boolean): void {
    for (const stream of this.#streams) stream.callerSpeaking(isSpeaking);
  }

  override stream(options?: { connOptions?: APIConnectOptions }): stt.SpeechStream {
    const { apiKey, baseUrl, keyterms, onTrouble, onRecovered, onSent } = this.#options;
    const listening = {
      apiKey,
      where: () => ({
        model: this.model,
        url: listenUrl({ baseUrl, model: this.model, keyterms }),
      }),
      onModelFailed: () => this.#switchModel(),
      onTrouble,
      onRecovered,
      onSent: onSent ?? (() => {}),
    };
    const onEnd = () => void this.#streams.delete(stream);
    const stream = new HearingStream(this, { ...listening, onEnd }, options?.connOptions);
    this.#streams.add(stream);
    return stream;
  }

  override async close(): Promise<void> {
    for (const stream of this.#streams) stream.close();
  }

  protected override _recognize(): Promise<stt.SpeechEvent> {
    return Promise.reject(new Error('DeepgramStt only streams'));
  }

  /** Round and round: while all fail, none may be left out. */
  #switchModel(): boolean {
    const { length } = this.#options.models;
    this.#model = (this.#model + 1) % length;
    return length > 1;
  }
}

const { PREFLIGHT_TRANSCRIPT } = stt.SpeechEventType;
type OnResults = ConstructorParameters<typeof SttConnection>[0]['onResults'];

type StreamOptions = Omit<ConstructorParameters<typeof SttConnection>[0], 'onResults'> & {
  readonly onEnd: () => void;
};

class HearingStream extends stt.SpeechStream {
  override readonly label = 'pickup.HearingStream';
  readonly #listening: SttConnection;
  readonly #onEnd: () => void;
  #unreportedSeconds = 0;
  #requestId = '';

  constructor(hearing: DeepgramStt, options: StreamOptions, connOptions?: APIConnectOptions) {
    super(hearing, sampleRate, connOptions);
    this.#onEnd = options.onEnd;
    this.#listening = new SttConnection({
      ...options,
      onResults: (results, at) => this.#report(results, at),
      onSent: (seconds) => {
        options.onSent(seconds);
        this.#count(seconds);
      },
    });
  }

  get deafSinceMs(): number | undefined {
    return this.#listening.deafSinceMs;
  }

  callerSpeaking(isSpeaking: boolean): void {
    this.#listening.callerSpeaking(isSpeaking);
  }

  override close(): void {
    if (this.closed) return;
    super.close();
    this.#listening.stop();
  }

  protected override async run(): Promise<void> {
    const listening = this.#listening.run();
    for await (const item of this.input) {
      if (typeof item === 'symbol') this.#listening.flush();
      else this.#listening.hear(item.data);
    }
    this.#listening.finish();
    await listening;
    this.#reportUsage();
    this.#onEnd();
  }

  #report(...[results, { offsetSeconds, isLast }]: Parameters<OnResults>): void {
    this.#requestId = results.metadata?.request_id ?? this.#requestId;
    const event = toSpeechEvent(results, offsetSeconds + this.startTimeOffset);
    // At likely last words the framework begins to prepare the answer, and no more than that.
    if (event) this.#emit(isLast ? { ...event, type: PREFLIGHT_TRANSCRIPT } : event);
  }

  #count(seconds: number): void {
    this.#unreportedSeconds += seconds;
    if (this.#unreportedSeconds >= usageSeconds) this.#reportUsage();
  }

  #reportUsage(): void {
    const audioDuration = this.#unreportedSeconds;
    if (audioDuration === 0) return;
    this.#unreportedSeconds = 0;
    this.#emit({
      type: stt.SpeechEventType.RECOGNITION_USAGE,
      requestId: this.#requestId,
      recognitionUsage: { audioDuration },
    });
  }

  #emit(event: stt.SpeechEvent): void {
    if (!this.queue.closed) this.queue.put(event);
  }
}

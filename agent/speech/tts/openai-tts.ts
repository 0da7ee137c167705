import {
  APIConnectionError,
  APIError,
  APIStatusError,
  APITimeoutError,
  AsyncIterableQueue,
  createTimedString,
  shortuuid,
  tts,
  type APIConnectOptions,
} from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { SentenceStream } from './sentence-stream.ts';

/** The only rate of OpenAI's `pcm` (platform.openai.com/docs/guides/text-to-speech). */
const sampleRateHz = 24_000;
const bytesPerSample = 2;
/** 100 ms: as much as the plugins put into a frame. */
const maxFrameBytes = (sampleRateHz * bytesPerSample) / 10;
const pcmTypes = ['audio/pcm', 'audio/l16', 'application/octet-stream'];

/** The provider answered well, but with something that cannot be played. */
export class UnusableSpeechError extends APIError {
  readonly code: 'EMPTY' | 'WRONG_FORMAT';

  constructor(code: 'EMPTY' | 'WRONG_FORMAT', message: string) {
    super(message, { retryable: false });
    this.code = code;
  }
}

type OpenAiVoiceOptions = {
  readonly apiKey: string;
  /** With its `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  readonly voice: string;
};

/**
 * OpenAI's speech, played as it arrives: one request a sentence, the next ones asked for meanwhile.
 * No audio for `connOptions.timeoutMs`, at first or later, is an error; nothing is tried twice.
 */
export class OpenAiTts extends tts.TTS {
  readonly label = 'pickup.OpenAiTts';
  readonly #options: OpenAiVoiceOptions;

  constructor(options: OpenAiVoiceOptions) {
    super(sampleRateHz, 1, { streaming: true, alignedTranscript: true });
    this.#options = options;
  }

  override get model(): string {
    return this.#options.model;
  }

  override get provider(): string {
    return 'openai';
  }

  override stream(options?: { connOptions?: APIConnectOptions }): tts.SynthesizeStream {
    return new OpenAiStream(this, this.#options, options?.connOptions);
  }

  /** @throws {Error} always: the framework asks only voices that do not stream. */
  override synthesize(): tts.ChunkedStream {
    throw new Error('This voice streams: use stream()');
  }
}

type Speech = { readonly sentence: string; readonly response: Promise<Response> };

class OpenAiStream extends tts.SynthesizeStream {
  readonly label = 'pickup.OpenAiStream';
  readonly #options: OpenAiVoiceOptions;
  readonly #id = shortuuid();
  /** Ends every request that is still open. */
  readonly #over = new AbortController();
  #deadline: NodeJS.Timeout | undefined;

  constructor(voice: OpenAiTts, options: OpenAiVoiceOptions, connOptions?: APIConnectOptions) {
    super(voice, connOptions);
    this.#options = options;
    this.abortSignal.addEventListener('abort', () => this.#over.abort(), { once: true });
  }

  protected override async run(): Promise<void> {
    const speeches = new AsyncIterableQueue<Speech>();
    void this.#askFor(new SentenceStream(this.input), speeches);
    try {
      for await (const speech of speeches) await this.#play(speech);
      this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
    } catch (error) {
      // Cancelled from outside: the caller spoke, or is gone.
      if (!this.abortSignal.aborted) throw toApiError(error);
    } finally {
      clearTimeout(this.#deadline);
      this.#over.abort();
    }
  }

  async #askFor(feed: SentenceStream, speeches: AsyncIterableQueue<Speech>): Promise<void> {
    for (let i = 0; !this.#over.signal.aborted; i += 1) {
      const sentence = await feed.at(i);
      if (sentence === undefined) break;
      this.markStarted();
      const response = this.#ask(sentence.trim());
      // Awaited in its turn; a failure must not be unhandled until then.
      response.catch(() => {});
      speeches.put({ sentence, response });
    }
    speeches.close();
  }

  #ask(input: string): Promise<Response> {
    const { apiKey, baseUrl, model, voice } = this.#options;
    return fetch(`${baseUrl}/audio/speech`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ model, voice, input, response_format: 'pcm' }),
      signal: this.#over.signal,
    });
  }

  async #play({ sentence, response }: Speech): Promise<void> {
    this.#await();
    const { body } = checked(await response);
    let timedTranscripts = [createTimedString({ text: sentence })];
    let half: Buffer = Buffer.alloc(0);
    for await (const chunk of body ?? []) {
      this.#await();
      const bytes = Buffer.concat([half, chunk]);
      const whole = bytes.length - (bytes.length % bytesPerSample);
      half = bytes.subarray(whole);
      for (let at = 0; at < whole; at += maxFrameBytes) {
        const frame = toFrame(bytes.subarray(at, Math.min(at + maxFrameBytes, whole)));
        this.queue.put({
          requestId: this.#id,
          segmentId: this.#id,
          frame,
          final: false,
          timedTranscripts,
        });
        timedTranscripts = [];
      }
    }
    clearTimeout(this.#deadline);
    if (timedTranscripts.length > 0) throw new UnusableSpeechError('EMPTY', 'No audio came');
  }

  /** Gives the next audio its time, from now. */
  #await(): void {
    clearTimeout(this.#deadline);
    const { timeoutMs } = this.connOptions;
    this.#deadline = setTimeout(() => {
      const message = `No audio came for ${timeoutMs} ms`;
      this.#over.abort(new APITimeoutError({ message, options: { retryable: false } }));
    }, timeoutMs);
  }
}

function checked(response: Response): Response {
  if (!response.ok) {
    throw new APIStatusError({
      message: 'OpenAI refused to speak',
      options: {
        statusCode: response.status,
        requestId: response.headers.get('x-request-id'),
        retryable: false,
      },
    });
  }
  const contentType = response.headers.get('content-type') ?? 'audio/pcm';
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  const rate = parameters.map((parameter) => /^\s*rate=(\d+)/.exec(parameter)?.[1]).find(Boolean);
  if (!pcmTypes.includes(type.trim()) || Number(rate ?? sampleRateHz) !== sampleRateHz) {
    throw new UnusableSpeechError('WRONG_FORMAT', `Speech came as ${contentType}`);
  }
  return response;
}

function toFrame(bytes: Buffer): AudioFrame {
  const samples = new Int16Array(bytes.length / bytesPerSample);
  for (let i = 0; i < samples.length; i += 1) samples[i] = bytes.readInt16LE(i * bytesPerSample);
  return new AudioFrame(samples, sampleRateHz, 1, samples.length);
}

/** Not retryable: the text is used up, and a second run would end well with nothing said. */
function toApiError(error: unknown): APIError {
  if (error instanceof APIError) return error;
  const message = `OpenAI could not be heard: ${String(error)}`;
  return new APIConnectionError({ message, options: { retryable: false } });
}

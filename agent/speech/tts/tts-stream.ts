import { APIStatusError, tts, type APIConnectOptions } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { atRate } from './resample.ts';
import { UnusableSpeechError } from './openai-tts.ts';
import { PlayoutEstimate } from './playout-estimate.ts';

/** A failure of a voice, and the HTTP status or WebSocket code that it gave. */
export type ReadingFailure = {
  readonly kind: 'refused' | 'slow' | 'stalled' | 'truncated' | 'empty' | 'wrong-format';
  readonly status: number | null;
};

type ReadingOptions = {
  readonly voice: tts.TTS;
  /** The rate that the frames must have. */
  readonly sampleRateHz: number;
  readonly connOptions: APIConnectOptions;
  /** The voice's time from the first text to the first audio. */
  readonly firstAudioMs: number;
  /** The voice's time from one piece of audio to the next, while any is due. */
  readonly betweenChunksMs: number;
  /** The pace of this voice, once measured. */
  readonly msPerLetter: number | undefined;
};

/**
 * One voice that reads sentences aloud, under deadlines. It connects at once, before there is text.
 * When `frames()` has ended, `failure` says whether it ended well.
 */
export class TtsStream {
  readonly progress: PlayoutEstimate;
  readonly #options: ReadingOptions;
  readonly #stream: tts.SynthesizeStream;
  readonly #onError = ({ error }: { error: Error }) => void (this.#error ??= error);
  #deadline: NodeJS.Timeout | undefined;
  #isTextOver = false;
  #hadNoText = false;
  #isOver = false;
  #isLate = false;
  #endedWell = false;
  #hasWrongFormat = false;
  #error: Error | undefined;

  constructor(options: ReadingOptions) {
    const { voice, connOptions, msPerLetter } = options;
    this.#options = options;
    this.progress = new PlayoutEstimate({
      marksSentences: voice.capabilities.alignedTranscript === true,
      ...(msPerLetter === undefined ? {} : { msPerLetter }),
    });
    voice.on('error', this.#onError);
    // A retry of the framework begins the text anew, or says nothing at all.
    this.#stream = voice.stream({ connOptions: { ...connOptions, maxRetry: 0 } });
  }

  /** True when nothing more will come, for whatever reason. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Gives the voice its next sentence. */
  say(sentence: string): void {
    this.progress.add(sentence);
    this.#stream.pushText(sentence);
    // Without it the voice would hold the sentence back until the next one begins.
    this.#stream.flush();
    this.#watch();
  }

  /** Tells the voice that there is no more to say: it must come to its end. */
  endText(): void {
    if (this.progress.given === 0) {
      this.#hadNoText = true;
      return this.close();
    }
    this.#isTextOver = true;
    this.#stream.endInput();
    this.#watch();
  }

  /** Gives up; `frames()` then ends. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#stream.close();
  }

  /** The audio as it arrives, at the rate that was asked for. To be read once. */
  frames(): AsyncGenerator<AudioFrame> {
    return atRate(this.#ownFrames(), this.#options.sampleRateHz);
  }

  /** Null when all that was given has been read. */
  get failure(): ReadingFailure | null {
    const kind = this.#failureKind();
    return kind && { kind, status: statusOf(this.#error) };
  }

  async *#ownFrames(): AsyncGenerator<AudioFrame> {
    const { voice } = this.#options;
    try {
      for await (const audio of this.#stream) {
        this.#endedWell = audio === tts.SynthesizeStream.END_OF_STREAM;
        if (audio === tts.SynthesizeStream.END_OF_STREAM) break;
        const { frame, timedTranscripts = [] } = audio;
        this.#hasWrongFormat = frame.sampleRate !== voice.sampleRate || frame.channels !== 1;
        if (this.#hasWrongFormat) break;
        this.#hear(frame, timedTranscripts.length > 0);
        yield frame;
      }
    } finally {
      this.close();
      voice.off('error', this.#onError);
    }
  }

  #failureKind(): ReadingFailure['kind'] | null {
    const hasAudio = this.progress.heardMs > 0;
    if (this.#hadNoText) return null;
    if (this.#hasWrongFormat) return 'wrong-format';
    if (this.#isLate) return hasAudio ? 'stalled' : 'slow';
    if (this.#error instanceof UnusableSpeechError) {
      return this.#error.code === 'EMPTY' ? 'empty' : 'wrong-format';
    }
    if (!this.#endedWell) return hasAudio ? 'truncated' : 'refused';
    if (!hasAudio) return 'empty';
    return this.progress.isCutShort ? 'truncated' : null;
  }

  #hear(frame: AudioFrame, beginsSentence: boolean): void {
    this.progress.hear((frame.samplesPerChannel / frame.sampleRate) * 1_000, beginsSentence);
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#watch();
  }

  /** More text does not put a running deadline off. */
  #watch(): void {
    if (this.#deadline || this.#isOver || !(this.#isTextOver || this.progress.owesAudio)) return;
    const { firstAudioMs, betweenChunksMs } = this.#options;
    const ms = this.progress.heardMs > 0 ? betweenChunksMs : firstAudioMs;
    const deadline = setTimeout(() => {
      // After a blocked event loop the timers come first, and what has long arrived is read next.
      setImmediate(() => {
        if (this.#deadline !== deadline || this.#isOver) return;
        this.#isLate = true;
        this.close();
      });
    }, ms);
    this.#deadline = deadline;
  }
}

function statusOf(error: Error | undefined): number | null {
  if (error instanceof APIStatusError) return error.statusCode;
  // The WebSocket client tells the status of a refused handshake in words only.
  const status = /^Unexpected server response: (\d{3})$/.exec(error?.message ?? '')?.[1];
  return status ? Number(status) : null;
}

import {
  APIConnectionError,
  createTimedString,
  shortuuid,
  tts,
  type APIConnectOptions,
} from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { atRate } from './resample.ts';
import { phraseFrames, type PhraseAudio } from '../prompts/phrase.ts';
import { SentenceStream } from './sentence-stream.ts';
import { TtsStream, type ReadingFailure } from './tts-stream.ts';

/** A voice that failed, and what the caller heard instead: `nothing` also when all was said. */
export type SpeakingTrouble = ReadingFailure & {
  readonly provider: string;
  readonly covered: 'other-voice' | 'recorded' | 'nothing';
};

type SpeakingBudgets = {
  /** A voice's time from the first text to the first audio. */
  readonly firstAudioMs: number;
  /** A voice's time between two pieces of audio; also to the first of one that takes over. */
  readonly betweenChunksMs: number;
};

export type FallbackTtsOptions = {
  /** Voices in order of preference. The sample rate is that of the first. */
  readonly voices: readonly [tts.TTS, ...tts.TTS[]];
  /** Excuses the agent when no voice can speak. */
  readonly recorded?: () => PhraseAudio | undefined;
  readonly onTrouble: (trouble: SpeakingTrouble) => void;
  /** Hears how many characters a voice was given to speak. */
  readonly onGiven?: (characters: number) => void;
  readonly budgets?: SpeakingBudgets;
};

type StreamOptions = Required<Omit<FallbackTtsOptions, 'voices'>>;

const defaultBudgets: SpeakingBudgets = { firstAudioMs: 2_000, betweenChunksMs: 1_500 };
const silenceMs = 10;
/** A voice that failed this often in a row rests. */
const failuresUntilRest = 2;
const restMs = 30_000;

/**
 * A voice that goes on with another one where the first fails: with what has not been said yet. It
 * reports the text of each sentence with its audio, so that only what was spoken counts as said.
 * When no voice is left, a recorded phrase is played, and the stream fails.
 */
export class FallbackTts extends tts.TTS {
  readonly label = 'pickup.FallbackTts';
  readonly #options: StreamOptions;
  readonly #voices: readonly [VoiceHealth, ...VoiceHealth[]];

  constructor({ voices, ...options }: FallbackTtsOptions) {
    const [first, ...others] = voices;
    super(first.sampleRate, 1, { streaming: true, alignedTranscript: true });
    this.#voices = [new VoiceHealth(first), ...others.map((voice) => new VoiceHealth(voice))];
    this.#options = {
      recorded: () => undefined,
      onGiven: () => {},
      budgets: defaultBudgets,
      ...options,
    };
    // An abandoned stream may still fail; without a listener that would be thrown.
    for (const voice of voices) voice.on('error', () => {});
  }

  override get model(): string {
    return this.#voices[0].voice.model;
  }

  override get provider(): string {
    return this.#voices[0].voice.provider;
  }

  override stream(options?: { connOptions?: APIConnectOptions }): tts.SynthesizeStream {
    return new FallbackTtsStream(this, this.#voices, this.#options, options?.connOptions);
  }

  /** @throws {Error} always: the framework asks only voices that do not stream. */
  override synthesize(): tts.ChunkedStream {
    throw new Error('This voice streams: use stream()');
  }

  override async close(): Promise<void> {
    await Promise.all(this.#voices.map(({ voice }) => voice.close()));
  }
}

class FallbackTtsStream extends tts.SynthesizeStream {
  readonly label = 'pickup.FallbackTtsStream';
  readonly #rateHz: number;
  readonly #voices: readonly VoiceHealth[];
  readonly #options: StreamOptions;
  readonly #id = shortuuid();
  /** The number of sentences that have been reported as said. */
  #said = 0;

  constructor(
    voice: FallbackTts,
    voices: readonly VoiceHealth[],
    options: StreamOptions,
    connOptions?: APIConnectOptions,
  ) {
    super(voice, connOptions);
    this.#rateHz = voice.sampleRate;
    this.#voices = voices;
    this.#options = options;
  }

  protected override async run(): Promise<void> {
    const feed = new SentenceStream(this.input);
    const left = VoiceHealth.inOrder(this.#voices);
    for (let health = left.shift(); health; health = left.shift()) {
      const isFirst = left.length === this.#voices.length - 1;
      const { failure, progress } = await this.#readAloud(feed, health, isFirst);
      if (this.abortSignal.aborted) return;
      if (!failure) {
        if (progress.given > 0) health.spoke(progress.measuredMsPerLetter);
        return this.#end(feed);
      }
      // An idle connection was closed between two sentences: the next one opens another.
      if (progress.said > 0 && progress.said === progress.given && !feed.isOver) {
        left.unshift(health);
        continue;
      }
      health.failed();
      const isAllSaid = feed.isOver && this.#said === feed.sentences.length;
      const covered = isAllSaid ? 'nothing' : this.#cover(left.length > 0);
      const provider = health.voice.provider.toLowerCase();
      this.#options.onTrouble({ ...failure, provider, covered });
      if (isAllSaid) return this.#end(feed);
    }
    await this.#playRecorded();
    // Not retryable: the text is used up.
    throw new APIConnectionError({
      message: 'No voice could speak',
      options: { retryable: false },
    });
  }

  /** Lets one voice read on from the first sentence that was not said. */
  async #readAloud(feed: SentenceStream, health: VoiceHealth, isFirst: boolean) {
    const { firstAudioMs, betweenChunksMs } = this.#options.budgets;
    const reading = new TtsStream({
      voice: health.voice,
      sampleRateHz: this.#rateHz,
      connOptions: this.connOptions,
      firstAudioMs: isFirst ? firstAudioMs : Math.min(firstAudioMs, betweenChunksMs),
      betweenChunksMs,
      msPerLetter: health.msPerLetter,
    });
    const from = this.#said;
    const stop = () => reading.close();
    this.abortSignal.addEventListener('abort', stop, { once: true });
    if (this.abortSignal.aborted) stop();
    void this.#feed(feed, reading, from);
    try {
      for await (const frame of reading.frames()) {
        this.#play(frame, feed, from + reading.progress.said);
      }
      return { failure: reading.failure, progress: reading.progress };
    } finally {
      this.abortSignal.removeEventListener('abort', stop);
    }
  }

  async #feed(feed: SentenceStream, reading: TtsStream, from: number): Promise<void> {
    for (let i = from; ; i += 1) {
      const sentence = await feed.at(i);
      if (reading.isOver) return;
      if (sentence === undefined) break;
      this.markStarted();
      reading.say(sentence);
      this.#options.onGiven(sentence.length);
    }
    reading.endText();
  }

  #cover(hasOther: boolean): SpeakingTrouble['covered'] {
    if (hasOther) return 'other-voice';
    return this.#options.recorded() ? 'recorded' : 'nothing';
  }

  /** `saidUntil`: how many sentences are said once this frame is out. */
  #play(frame: AudioFrame, feed: SentenceStream, saidUntil: number): void {
    const text = feed.sentences.slice(this.#said, saidUntil).join('');
    this.#said = Math.max(this.#said, saidUntil);
    this.#put(frame, text);
  }

  /** The voice came to its end: what was reckoned to be unsaid is said. */
  #end(feed: SentenceStream): void {
    if (this.#said < feed.sentences.length) {
      const samples = (this.#rateHz * silenceMs) / 1_000;
      const silence = new AudioFrame(new Int16Array(samples), this.#rateHz, 1, samples);
      this.#play(silence, feed, feed.sentences.length);
    }
    this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
  }

  async #playRecorded(): Promise<void> {
    const audio = this.#options.recorded();
    if (!audio) return;
    for await (const frame of atRate(phraseFrames(audio), this.#rateHz)) this.#put(frame, '');
  }

  #put(frame: AudioFrame, text: string): void {
    this.queue.put({
      requestId: this.#id,
      segmentId: this.#id,
      frame,
      final: false,
      ...(text === '' ? {} : { timedTranscripts: [createTimedString({ text })] }),
    });
  }
}

/** One voice and how it has done lately: after two failures in a row it rests for 30 s. */
class VoiceHealth {
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

  /** The voice read a text to the end. */
  spoke(msPerLetter: number | undefined): void {
    this.#failuresInRow = 0;
    this.#msPerLetter = msPerLetter ?? this.#msPerLetter;
  }

  /** The voice failed; a failure right after a rest begins the next one. */
  failed(): void {
    this.#failuresInRow += 1;
    if (this.#failuresInRow >= failuresUntilRest) this.#restsUntilMs = performance.now() + restMs;
  }
}

import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import pTimeout from 'p-timeout';
import { SAMPLE_RATE } from './call-events.ts';
import { SpeechDetector, type SpeechEdge } from './speech-detector.ts';

/** Takes some ten milliseconds. */
const subscribeMs = 5_000;
const leaveMs = 5_000;
const FRAME_SAMPLES = SAMPLE_RATE / 100;

export type BareAgentOptions = {
  readonly url: string;
  readonly httpUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly room: string;
  readonly identity: string;
};

/** An agent without the framework, for tests of the caller: joins a room, sounds tones, listens. */
export class BareAgent implements AsyncDisposable {
  readonly room = new Room();
  /** When somebody else began and stopped to speak, in ms of the audio it got. */
  readonly heard: SpeechEdge[] = [];
  readonly #options: BareAgentOptions;
  readonly #rooms: RoomServiceClient;
  readonly #source = new AudioSource(SAMPLE_RATE, 1, 200);
  readonly #streams: ReadableStreamDefaultReader<AudioFrame>[] = [];
  readonly #listening: Promise<void>[] = [];

  private constructor(options: BareAgentOptions) {
    this.#options = options;
    this.#rooms = new RoomServiceClient(options.httpUrl, options.apiKey, options.apiSecret);
    this.room.on(RoomEvent.TrackSubscribed, (track) => {
      const stream = new AudioStream(track, { sampleRate: SAMPLE_RATE, numChannels: 1 });
      const reader = stream.getReader();
      this.#streams.push(reader);
      this.#listening.push(this.#listen(reader));
    });
  }

  static async join(options: BareAgentOptions): Promise<BareAgent> {
    const agent = new BareAgent(options);
    const { identity, apiKey, apiSecret, room } = options;
    const token = new AccessToken(apiKey, apiSecret, { identity });
    token.kind = 'agent';
    token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true, agent: true });
    const connect = { autoSubscribe: true, dynacast: false };
    await agent.room.connect(options.url, await token.toJwt(), connect);
    return agent;
  }

  /** Publishes its track, which the caller takes as the answer. */
  async publish(): Promise<void> {
    const track = LocalAudioTrack.createAudioTrack('voice', this.#source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    const publication = await this.room.localParticipant?.publishTrack(track, options);
    // rtc-node has been seen to miss that somebody subscribed; who listens is heard of in the call.
    const subscribed = publication?.waitForSubscription() ?? Promise.resolve();
    await pTimeout(subscribed, { milliseconds: subscribeMs, fallback: () => {} });
  }

  /** Sounds a tone; resolves when it was sent. */
  async sound({ hz, ms }: { hz: number; ms: number }): Promise<void> {
    for (let at = 0; at < (ms * SAMPLE_RATE) / 1000; at += FRAME_SAMPLES) {
      const samples = tone({ hz, at, count: FRAME_SAMPLES });
      await this.#source.captureFrame(new AudioFrame(samples, SAMPLE_RATE, 1, FRAME_SAMPLES));
    }
    await this.#source.waitForPlayout();
  }

  /** Ends the call as our agent does. */
  async deleteRoom(): Promise<void> {
    await this.#rooms.deleteRoom(this.#options.room);
  }

  /** Leaves; from a server that is away, or whose stream rtc-node leaves open, for a time at most. */
  async leave(): Promise<void> {
    const left = async () => {
      await this.room.disconnect();
      await this.#source.close();
      // rtc-node has been seen to leave a stream open whose room the server deleted.
      await Promise.all(this.#streams.map((reader) => reader.cancel()));
      await Promise.all(this.#listening);
    };
    await pTimeout(left(), { milliseconds: leaveMs, fallback: () => {} });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  async #listen(reader: ReadableStreamDefaultReader<AudioFrame>): Promise<void> {
    const detector = new SpeechDetector({ pauseMs: 400 });
    // The stream's own clock: a stall of this process shifts no edge and splits no word.
    let atMs = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const { data } = value;
      const fromMs = atMs;
      atMs += (data.length / SAMPLE_RATE) * 1_000;
      const edge = detector.push(data, fromMs, atMs);
      if (edge) this.heard.push(edge);
    }
  }
}

/** A stretch of a sine at a tenth of full scale, `at` samples into it. */
export function tone({ hz, at, count }: { hz: number; at: number; count: number }): Int16Array {
  const step = (2 * Math.PI * hz) / SAMPLE_RATE;
  return Int16Array.from({ length: count }, (_, index) => 3_276 * Math.sin(step * (at + index)));
}

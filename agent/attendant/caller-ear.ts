import { AudioStream, ParticipantKind, RoomEvent, TrackKind } from '@livekit/rtc-node';
import type {
  RemoteParticipant,
  RemoteTrack,
  RemoteTrackPublication,
  Room,
} from '@livekit/rtc-node';
import { EnergyGate } from '../speech/energy-gate.ts';

/** As the recogniser wants it. */
const sampleRateHz = 16_000;
/** Fewer, larger frames: an attendant hears tens of callers in one process. */
const frameMs = 60;
const keptMs = 10_000;
/** The gate opens a moment after the first syllable. */
const preRollMs = 600;

/** Hears a caller without understanding them: that they speak, and the audio of the last 10 s. */
export class CallerEar {
  readonly #room: Room;
  readonly #identity: string;
  readonly #onBegan: () => void;
  readonly #gate = new EnergyGate();
  #frames: Int16Array[] = [];
  #spokeAtMs: number | null = null;
  #heardAtMs: number | null = null;
  #beganAtMs: number | null = null;
  #reader: ReadableStreamDefaultReader<{ readonly data: Int16Array }> | undefined;
  #isStopped = false;

  /** Has the audio of the caller sent, and of nobody else. */
  constructor(room: Room, identity: string, onBegan: () => void) {
    this.#room = room;
    this.#onBegan = onBegan;
    this.#identity = identity;
    room.on(RoomEvent.TrackPublished, this.#onPublished);
    room.on(RoomEvent.TrackSubscribed, this.#onSubscribed);
    for (const publication of room.remoteParticipants.get(identity)?.trackPublications.values() ??
      []) {
      this.#subscribe(publication);
    }
  }

  get isSpeaking(): boolean {
    return this.#gate.isSpeaking;
  }

  /** When the caller began to speak, for the first time; null until then. By the wall clock. */
  get spokeAtMs(): number | null {
    return this.#spokeAtMs;
  }

  /** When the caller began with what they say now, or said last. By the wall clock. */
  get beganAtMs(): number | null {
    return this.#beganAtMs;
  }

  /** When the caller was last heard to speak; null until they were. By the wall clock. */
  get heardAtMs(): number | null {
    return this.#heardAtMs;
  }

  /** The audio that is kept, as bytes: 16-bit mono PCM at 16 kHz. */
  get audio(): Uint8Array {
    return Buffer.concat(
      this.#frames.map((frame) => Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)),
    );
  }

  stop(): void {
    this.#isStopped = true;
    this.#room.off(RoomEvent.TrackPublished, this.#onPublished);
    this.#room.off(RoomEvent.TrackSubscribed, this.#onSubscribed);
    // rtc-node has been seen to leave a stream open whose room the server deleted.
    void this.#reader?.cancel().catch(() => {});
    this.#frames = [];
  }

  readonly #onPublished = (
    publication: RemoteTrackPublication,
    { identity, info }: RemoteParticipant,
  ) => {
    if (identity === this.#identity && info.kind === ParticipantKind.SIP) {
      this.#subscribe(publication);
    }
  };

  readonly #onSubscribed = (
    track: RemoteTrack,
    _publication: unknown,
    { identity }: { identity: string },
  ) => {
    if (identity !== this.#identity) return;
    void this.#reader?.cancel().catch(() => {});
    const stream = new AudioStream(track, {
      sampleRate: sampleRateHz,
      numChannels: 1,
      frameSizeMs: frameMs,
    });
    const reader = stream.getReader();
    this.#reader = reader;
    void this.#listen(reader);
  };

  #subscribe(publication: RemoteTrackPublication): void {
    if (publication.kind === TrackKind.KIND_AUDIO) publication.setSubscribed(true);
  }

  async #listen(reader: ReadableStreamDefaultReader<{ readonly data: Int16Array }>): Promise<void> {
    while (!this.#isStopped) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#take(value.data);
    }
  }

  #take(samples: Int16Array): void {
    const ms = (samples.length / sampleRateHz) * 1_000;
    const wasSpeaking = this.#gate.isSpeaking;
    const isSpeaking = this.#gate.push(samples, ms);
    if (isSpeaking) {
      if (!wasSpeaking) {
        this.#beganAtMs = Date.now();
        this.#onBegan();
      }
      this.#heardAtMs = Date.now();
      this.#spokeAtMs ??= this.#heardAtMs;
    }
    this.#frames.push(samples);
    const mostMs = this.#spokeAtMs === null ? preRollMs : keptMs;
    while (this.#frames.length * ms > mostMs) this.#frames.shift();
  }
}

import {
  AudioFrame,
  AudioSource,
  LocalAudioTrack,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import type { Room } from '@livekit/rtc-node';
import type { PhraseAudio } from './prompts/phrase.ts';

/** Fewer, larger frames: an attendant speaks to tens of callers from one process. */
const frameMs = 100;
/** The queue is heard even while this process stands still; it is short enough to be broken off. */
const queueMs = 400;

/** A voice of recorded phrases in a room: one at a time, heard to its end or broken off. */
export class Mouth {
  readonly #room: Room;
  readonly #source: AudioSource;
  readonly #sampleRateHz: number;
  #speaking: { readonly text: string; isCut: boolean } | null = null;
  #spokeAtMs = 0;

  constructor(room: Room, sampleRateHz: number) {
    this.#room = room;
    this.#sampleRateHz = sampleRateHz;
    this.#source = new AudioSource(sampleRateHz, 1, queueMs);
  }

  get isSpeaking(): boolean {
    return this.#speaking !== null;
  }

  /** When the last phrase ended, by `performance.now()`; 0 before the first. */
  get spokeAtMs(): number {
    return this.#spokeAtMs;
  }

  /** Publishes the track, by this name; at an agent's the gateway answers the caller. */
  async publish(name: string): Promise<void> {
    const track = LocalAudioTrack.createAudioTrack(name, this.#source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    await this.#room.localParticipant?.publishTrack(track, options);
  }

  /** Says it; resolves with the share of it that was sent, from 0 to 1. */
  async say(text: string, { pcm, sampleRateHz }: PhraseAudio): Promise<number> {
    this.cut();
    const saying = { text, isCut: false };
    this.#speaking = saying;
    const samples = Math.round((sampleRateHz * frameMs) / 1_000);
    let at = 0;
    // One that a caller cuts in the middle is still queued in part, which nobody hears.
    const sent = () =>
      Math.min(1, Math.max(0, at - (saying.isCut ? this.#queued : 0)) / pcm.length);
    try {
      // Phrases of one voice have one rate; another's would be heard at the wrong pitch.
      if (sampleRateHz !== this.#sampleRateHz) return 1;
      while (at < pcm.length && !saying.isCut) {
        const data = pcm.slice(at, at + samples);
        await this.#source.captureFrame(new AudioFrame(data, sampleRateHz, 1, data.length));
        at += data.length;
      }
      if (!saying.isCut) await this.#source.waitForPlayout();
      return sent();
    } finally {
      if (this.#speaking === saying) this.#speaking = null;
      this.#spokeAtMs = performance.now();
    }
  }

  /** Breaks off what is being said. */
  cut(): void {
    if (!this.#speaking) return;
    this.#speaking.isCut = true;
    this.#speaking = null;
    this.#source.clearQueue();
  }

  async close(): Promise<void> {
    this.cut();
    await this.#source.close();
  }

  get #queued(): number {
    return Math.round((this.#sampleRateHz * queueMs) / 1_000);
  }
}

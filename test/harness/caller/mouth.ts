import { setTimeout as delay } from 'node:timers/promises';
import { AudioFrame, type AudioSource } from '@livekit/rtc-node';
import { SAMPLE_RATE } from './call-events.ts';

const FRAME_MS = 20;
const FRAME_SAMPLES = (SAMPLE_RATE * FRAME_MS) / 1000;
/** A source without a queue takes 10 ms at a time, and an Opus packet holds 20. */
const HALF_SAMPLES = FRAME_SAMPLES / 2;
/** A process that was stopped this long does not send what it missed: a telephone does not either. */
const MISSED_MS = 200;

export type MouthDeps = {
  /** Made with a queue of 0 ms: then a packet goes out for what is captured, and none otherwise. */
  readonly source: AudioSource;
  readonly nowMs: () => number;
  /** Told every frame that is sent, with the time at which its sound ends. */
  readonly onFrame: (endMs: number, samples: Int16Array) => void;
};

/** When a line was sent. */
export type Spoken = { readonly fromMs: number; readonly toMs: number };

type Utterance = {
  readonly pcm: Int16Array;
  readonly onBegin: (fromMs: number) => void;
  readonly done: PromiseWithResolvers<Spoken>;
  at: number;
  fromMs: number;
};

/** Sends a 20 ms frame every 20 ms, silence included, from `open()` until `close()`. */
export class Mouth {
  readonly #deps: MouthDeps;
  readonly #utterances: Utterance[] = [];
  #state: 'shut' | 'open' | 'closed' = 'shut';
  #isHeld = false;
  #lastSentMs = 0;

  constructor(deps: MouthDeps) {
    this.#deps = deps;
  }

  /** When the last frame was sent. */
  get lastSentMs(): number {
    return this.#lastSentMs;
  }

  /** Begins to send; resolves when `close()` has ended it. */
  async open(): Promise<void> {
    if (this.#state !== 'shut') return;
    this.#state = 'open';
    let dueMs = this.#deps.nowMs();
    while (!this.#isClosed()) {
      const earlyMs = dueMs - this.#deps.nowMs();
      if (earlyMs > 0) await delay(earlyMs);
      if (earlyMs < -MISSED_MS) dueMs = this.#deps.nowMs();
      const samples = this.#nextFrame(dueMs);
      // What is said while held is lost.
      if (!this.#isHeld && !this.#isClosed()) await this.#send(dueMs, samples);
      dueMs += FRAME_MS;
    }
  }

  /** Says a line after those already waiting; resolves when it was sent, rejects when cut off. */
  say(pcm: Int16Array, onBegin: (fromMs: number) => void): Promise<Spoken> {
    const done = Promise.withResolvers<Spoken>();
    this.#utterances.push({ pcm, onBegin, done, at: 0, fromMs: 0 });
    return done.promise;
  }

  /** Sends nothing, not even silence, until `resume()`. */
  hold(): void {
    this.#isHeld = true;
  }

  resume(): void {
    this.#isHeld = false;
  }

  close(): void {
    this.#state = 'closed';
    for (const { done } of this.#utterances.splice(0)) {
      done.reject(new Error('The call ended before the line was said'));
    }
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  async #send(dueMs: number, samples: Int16Array): Promise<void> {
    const { source, onFrame } = this.#deps;
    onFrame(dueMs + FRAME_MS, samples);
    this.#lastSentMs = dueMs;
    for (const half of [samples.subarray(0, HALF_SAMPLES), samples.subarray(HALF_SAMPLES)]) {
      await source.captureFrame(new AudioFrame(half, SAMPLE_RATE, 1, HALF_SAMPLES));
    }
  }

  #nextFrame(dueMs: number): Int16Array {
    const frame = new Int16Array(FRAME_SAMPLES);
    const [utterance] = this.#utterances;
    if (!utterance) return frame;
    if (utterance.at === 0) {
      utterance.fromMs = dueMs;
      utterance.onBegin(dueMs);
    }
    frame.set(utterance.pcm.subarray(utterance.at, utterance.at + FRAME_SAMPLES));
    utterance.at += FRAME_SAMPLES;
    if (utterance.at >= utterance.pcm.length) {
      this.#utterances.shift();
      utterance.done.resolve({ fromMs: utterance.fromMs, toMs: dueMs + FRAME_MS });
    }
    return frame;
  }
}

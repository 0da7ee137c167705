import { AudioStream, type RemoteTrack } from '@livekit/rtc-node';
import { SAMPLE_RATE, type CallEvent } from './call-events.ts';
import type { FrameLog } from './frame-log.ts';
import { SpeechDetector, type SpeechEdge } from './speech-detector.ts';

/** A pause that divides what somebody says into two stretches of speech, in the events. */
const PAUSE_MS = 300;
const FRAME_MS = 20;

export type EarDeps = {
  readonly identity: string;
  readonly log: FrameLog;
  readonly nowMs: () => number;
  readonly emit: (event: CallEvent) => void;
};

/** Hears one voice, over all the tracks it publishes one after another, and logs what comes. */
export class Ear {
  readonly #deps: EarDeps;
  readonly #detector = new SpeechDetector({ pauseMs: PAUSE_MS });
  #lastStartMs = -Infinity;
  #closed = false;

  constructor(deps: EarDeps) {
    this.#deps = deps;
  }

  /** When it last began to speak; -Infinity before it ever did. */
  get lastStartMs(): number {
    return this.#lastStartMs;
  }

  /** When it was last heard; 0 before it ever was. */
  get lastLoudMs(): number {
    return this.#detector.lastLoudMs;
  }

  /** Resolves when the track ends. It gives frames for as long as it is there, packets or not. */
  async listen(track: RemoteTrack): Promise<void> {
    const { log, nowMs } = this.#deps;
    const options = { sampleRate: SAMPLE_RATE, numChannels: 1, frameSizeMs: FRAME_MS };
    for await (const { data } of new AudioStream(track, options)) {
      if (this.#closed) return;
      const atMs = nowMs();
      log.write(atMs, data);
      this.#note(this.#detector.push(data, atMs - FRAME_MS, atMs));
    }
    this.#note(this.#detector.finish());
  }

  /** Hears no more; resolves when everything is in the log. */
  close(): Promise<void> {
    this.#closed = true;
    this.#note(this.#detector.finish());
    return this.#deps.log.close();
  }

  #note(edge: SpeechEdge | undefined): void {
    if (!edge) return;
    const { identity, emit } = this.#deps;
    if (edge.edge === 'start') this.#lastStartMs = edge.atMs;
    emit({ type: `agent-audio-${edge.edge}`, identity, atMs: edge.atMs });
  }
}

import { voice } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';

/** A loudspeaker that has played whatever it is given at once. */
export class InstantOutput extends voice.AudioOutput {
  #seconds = 0;

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await super.captureFrame(frame);
    if (this.#seconds === 0) this.onPlaybackStarted(Date.now());
    this.#seconds += frame.samplesPerChannel / frame.sampleRate;
  }

  override flush(): void {
    super.flush();
    this.clearBuffer();
  }

  override clearBuffer(): void {
    if (this.#seconds === 0) return;
    this.onPlaybackFinished({ playbackPosition: this.#seconds, interrupted: false });
    this.#seconds = 0;
  }
}

import { AudioResampler, type AudioFrame } from '@livekit/rtc-node';

/** The same audio at `sampleRateHz`. Frames that have it already pass as they are, at once. */
export async function* atRate(
  frames: AsyncIterable<AudioFrame>,
  sampleRateHz: number,
): AsyncGenerator<AudioFrame> {
  let resampler: AudioResampler | undefined;
  try {
    for await (const frame of frames) {
      if (frame.sampleRate === sampleRateHz) {
        yield frame;
        continue;
      }
      resampler ??= new AudioResampler(frame.sampleRate, sampleRateHz);
      yield* resampler.push(frame);
    }
    if (resampler) yield* resampler.flush();
  } finally {
    resampler?.close();
  }
}

import type { Frame } from './frame-log.ts';

/** Frames looked ahead over: about a second of them. */
const LOOK_AHEAD = 50;
/** A shift below this is jitter, which must not tear the sound. */
const SHIFT_MS = 40;
/** What the last frames, with little to look ahead to, must be late by to count as shifted. */
const SURE_SHIFT_MS = 200;

/**
 * Puts frames where they belong on one line of samples that begins at 0 ms. Frames of a stream are
 * made one after another and can only arrive late: so a frame's place is told by the most punctual
 * one of the second ahead of it, and only if even that one is late was there a gap.
 */
export function placeFrames(frames: readonly Frame[], sampleRate: number): Int16Array {
  const placed = placements(frames, sampleRate);
  const length = placed.reduce((most, { at, frame }) => Math.max(most, at + frame.sampleCount), 0);
  const pcm = new Int16Array(length);
  for (const { at, frame } of placed) {
    if (frame.samples)
      pcm.set(at < 0 ? frame.samples.subarray(-at) : frame.samples, Math.max(0, at));
  }
  return pcm;
}

type Placement = { readonly at: number; readonly frame: Frame };

function placements(frames: readonly Frame[], sampleRate: number): Placement[] {
  const samplesPerMs = sampleRate / 1000;
  const lateness: number[] = [];
  let samples = 0;
  for (const frame of frames) {
    samples += frame.sampleCount;
    lateness.push(frame.endMs - samples / samplesPerMs);
  }
  let startMs = Math.min(...lateness.slice(0, LOOK_AHEAD));
  let before = 0;
  return frames.map((frame, index) => {
    const ahead = lateness.slice(index, index + LOOK_AHEAD);
    const shiftMs = Math.min(...ahead) - startMs;
    const sureMs = ahead.length === LOOK_AHEAD ? SHIFT_MS : SURE_SHIFT_MS;
    if (Math.abs(shiftMs) > sureMs) startMs += shiftMs;
    const at = Math.max(-frame.sampleCount, Math.round(startMs * samplesPerMs) + before);
    before += frame.sampleCount;
    return { at, frame };
  });
}

import type { voice } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';

/**
 * Tells `onFrame` of each frame of the agent's speech as it goes out. agents 1.9.0 has no event for
 * it, and an output put before the framework's would have to count segments as that does, and loses
 * count at interruptions: so the session's own is changed in place. To be deleted when the session
 * tells of its frames. Nothing happens for a session without audio.
 */
export function followFramesOut(
  session: voice.AgentSession,
  onFrame: (frame: AudioFrame) => void,
): void {
  const output = session.output.audio;
  if (!output) return;
  const capture = output.captureFrame.bind(output);
  output.captureFrame = async (frame) => {
    onFrame(frame);
    await capture(frame);
  };
}

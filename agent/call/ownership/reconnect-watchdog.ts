import { ConnectionState, RoomEvent } from '@livekit/rtc-node';
import type { Room } from '@livekit/rtc-node';
import timers from 'node:timers/promises';
import type { Log } from '../../telemetry/events.ts';
import type { CallState } from '../call-state.ts';
import { callersTrack } from '../media/resubscribe.ts';

/** LiveKit is asked so often while the room is away. */
const askEveryMs = 1_000;
/**
 * Answers on end, 5 s from the first to the last: rtc-node tries again after 5 s at most, and was back
 * within 3.7 s of a server's restart (0.13.35). An attempt that hangs takes it 15 s, and it makes ten.
 * Counted, not timed: a process that stood still for a while has not tried meanwhile.
 */
const answersNeeded = 6;

type ReconnectWatchDeps = {
  readonly room: Room;
  readonly callerIdentity: string;
  readonly log: Log;
  /** True when LiveKit answers now; never rejects. */
  readonly isServerThere: () => Promise<boolean>;
  /** True when LiveKit lists the caller; never rejects. For a room without one no job is sent. */
  readonly isCallerThere: () => Promise<boolean>;
  /** The call's state: where it may not recover, this job must not leave it, and waits. */
  readonly state: Pick<CallState, 'may'>;
  /** The caller is there, and the room does not come back to us. Told once an outage. */
  readonly onStuck: (outage: { readonly awayMs: number }) => void;
};

/**
 * Watches over the restoring of this agent's own connection to the room: whoever is in the room by
 * then hears nothing, and the job is alive to everybody else. A server that is away is waited for.
 * Returns what stops the watch.
 */
export function watchReconnects(deps: ReconnectWatchDeps): () => void {
  const { room, log, onStuck } = deps;
  let away: AbortController | undefined;
  let sinceMs = 0;
  const awayMs = () => Math.round(performance.now() - sinceMs);
  const over = () => {
    away?.abort();
    away = undefined;
  };
  const onReconnecting = async () => {
    if (away) return;
    const { signal } = (away = new AbortController());
    sinceMs = performance.now();
    log.emit('room.reconnecting', legFields(deps));
    if (await isStuck(deps, signal)) onStuck({ awayMs: awayMs() });
  };
  const onReconnected = () => {
    if (!away) return;
    over();
    log.emit('room.reconnected', { awayMs: awayMs(), ...legFields(deps) });
  };
  const listener = () => void onReconnecting();
  room.on(RoomEvent.Reconnecting, listener);
  room.on(RoomEvent.Reconnected, onReconnected);
  room.on(RoomEvent.Disconnected, over);
  if (room.connectionState === ConnectionState.CONN_RECONNECTING) listener();
  return () => {
    over();
    room.off(RoomEvent.Reconnecting, listener);
    room.off(RoomEvent.Reconnected, onReconnected);
    room.off(RoomEvent.Disconnected, over);
  };
}

/** True when LiveKit has answered for long enough; false when `signal` ends the wait. */
async function isStuck(
  { isServerThere, isCallerThere, state }: ReconnectWatchDeps,
  signal: AbortSignal,
): Promise<boolean> {
  let answers = 0;
  while (!signal.aborted) {
    answers = (await isServerThere()) ? answers + 1 : 0;
    const isThere = answers >= answersNeeded && (await isCallerThere());
    if (isThere && state.may('recover')) return !signal.aborted;
    await timers.setTimeout(askEveryMs, undefined, { signal }).catch(() => {
      // The room is back, or the call is over.
    });
  }
  return false;
}

/** The caller's track as this agent has it. */
function legFields({ room, callerIdentity }: ReconnectWatchDeps) {
  const track = callersTrack(room, callerIdentity);
  return {
    callerIsPublished: track !== undefined,
    callerIsSubscribed: track?.subscribed ?? false,
    callerHasTrack: track?.track !== undefined,
  };
}

import { ConnectionState, DisconnectReason, RoomEvent } from '@livekit/rtc-node';
import type { Participant, RemoteParticipant, Room } from '@livekit/rtc-node';
import { sipCaller } from './sip-attributes.ts';
import type { Attributes } from './sip-attributes.ts';

/**
 * The end of the caller's leg, or of the whole room. `replaced`: this agent was removed from it;
 * `cut-off`: its own connection ended, and the caller may still be there.
 */
export type Departure = 'hung-up' | 'room-closed' | 'link-lost' | 'replaced' | 'cut-off';

/** The listener of `watchCaller`: each is told at most once. */
export type CallerEvents = {
  /** The gateway has answered the caller (200 OK); at once when that was before the watch. */
  onAnswered(): void;
  /** `leg` is what LiveKit or the gateway said of it: `hangup`, or a disconnect reason's name. */
  onGone(departure: Departure, leg: string): void;
};

/** A caller whose leg broke may be rejoined by the gateway under the same identity. */
const rejoinGraceMs = 12_000;
/** The gateway is back within 6 s (seen) of a break of our own connection, or not at all. */
const returnGraceMs = 15_000;

/** Reasons after which a participant of the gateway does not come back. */
const finalReasons: ReadonlyMap<DisconnectReason, Departure> = new Map([
  // BYE, CANCEL and the gateway's media timeout all arrive as this one.
  [DisconnectReason.CLIENT_INITIATED, 'hung-up'],
  [DisconnectReason.USER_UNAVAILABLE, 'hung-up'],
  [DisconnectReason.USER_REJECTED, 'hung-up'],
  [DisconnectReason.SIP_TRUNK_FAILURE, 'hung-up'],
  [DisconnectReason.PARTICIPANT_REMOVED, 'room-closed'],
  [DisconnectReason.ROOM_DELETED, 'room-closed'],
  [DisconnectReason.ROOM_CLOSED, 'room-closed'],
]);

/** The room's reasons for the end of this agent's own connection. */
const roomReasons: ReadonlyMap<DisconnectReason, Departure> = new Map([
  [DisconnectReason.ROOM_DELETED, 'room-closed'],
  [DisconnectReason.ROOM_CLOSED, 'room-closed'],
  [DisconnectReason.PARTICIPANT_REMOVED, 'replaced'],
  [DisconnectReason.DUPLICATE_IDENTITY, 'replaced'],
]);

/**
 * Watches the caller's leg: the gateway's answer, and the leg's end. `hangup` comes 3-5 ms before the
 * participant leaves, or 32 s before it; the framework itself waits for the server to close the room,
 * 20 s later, and ignores most reasons. Returns what stops the watch; `onGone` stops it too.
 */
export function watchCaller(room: Room, identity: string, events: CallerEvents): () => void {
  const caller = () => room.remoteParticipants.get(identity);
  let grace: NodeJS.Timeout | undefined;
  let isOver = false;
  let isAnswered = false;
  let isHeard = false;
  const answered = () => {
    if (isAnswered) return;
    isAnswered = true;
    events.onAnswered();
  };
  // The gateway, which alone hears us, answers as it takes our track. It says so only later, and of
  // a caller who hangs up within milliseconds never.
  const onHeard = () => {
    isHeard = true;
  };
  const gone = (departure: Departure, leg: DisconnectReason | 'hangup' | undefined) => {
    if (isOver) return;
    stop();
    if (isHeard && departure === 'hung-up') answered();
    const reason = leg ?? DisconnectReason.UNKNOWN_REASON;
    events.onGone(departure, reason === 'hangup' ? reason : DisconnectReason[reason]);
  };
  const onStatus = (attributes: Attributes) => {
    const { callStatus } = sipCaller(attributes);
    if (callStatus === 'hangup') return gone('hung-up', callStatus);
    if (callStatus === 'active') answered();
  };
  const onAttributes = (changed: Record<string, string>, participant: Participant) => {
    if (participant.identity === identity) onStatus(changed);
  };
  const endGrace = () => {
    clearTimeout(grace);
    grace = undefined;
  };
  const awaitReturn = (ms: number, reason?: DisconnectReason) => {
    endGrace();
    grace = setTimeout(() => {
      grace = undefined;
      if (!caller()) gone('link-lost', reason);
    }, ms);
  };
  const onLeft = (participant: RemoteParticipant) => {
    if (participant.identity !== identity) return;
    // Without a server nobody knows who is still there.
    if (room.connectionState !== ConnectionState.CONN_CONNECTED) return;
    const { disconnectReason } = participant;
    const final = finalReasons.get(disconnectReason ?? DisconnectReason.UNKNOWN_REASON);
    if (final) gone(final, disconnectReason);
    else awaitReturn(rejoinGraceMs, disconnectReason);
  };
  const onReconnected = () => {
    const there = caller();
    if (there) onStatus(there.attributes);
    else awaitReturn(returnGraceMs);
  };
  const onJoined = (participant: RemoteParticipant) => {
    if (participant.identity === identity) endGrace();
  };
  const onRoomGone = (reason: DisconnectReason) => {
    const departure = roomReasons.get(reason) ?? 'cut-off';
    // The server closes a room in which agents alone are left, of a caller whose leg broke.
    const isLeft = departure === 'room-closed' && grace !== undefined;
    gone(isLeft ? 'link-lost' : departure, reason);
  };
  const stop = () => {
    isOver = true;
    endGrace();
    room.off(RoomEvent.ParticipantAttributesChanged, onAttributes);
    room.off(RoomEvent.ParticipantDisconnected, onLeft);
    room.off(RoomEvent.ParticipantConnected, onJoined);
    room.off(RoomEvent.Reconnecting, endGrace);
    room.off(RoomEvent.Reconnected, onReconnected);
    room.off(RoomEvent.Disconnected, onRoomGone);
    room.off(RoomEvent.LocalTrackSubscribed, onHeard);
  };
  room.on(RoomEvent.ParticipantAttributesChanged, onAttributes);
  room.on(RoomEvent.ParticipantDisconnected, onLeft);
  room.on(RoomEvent.ParticipantConnected, onJoined);
  room.on(RoomEvent.Reconnecting, endGrace);
  room.on(RoomEvent.Reconnected, onReconnected);
  room.on(RoomEvent.Disconnected, onRoomGone);
  room.on(RoomEvent.LocalTrackSubscribed, onHeard);
  // What happened before the listeners were there would never be told again.
  if (room.connectionState === ConnectionState.CONN_DISCONNECTED) gone('cut-off', undefined);
  else if (!caller()) gone('hung-up', undefined);
  else onStatus(caller()?.attributes ?? {});
  return stop;
}

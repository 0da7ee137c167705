import { ConnectionState, DisconnectReason, ParticipantKind, RoomEvent } from '@livekit/rtc-node';
import type { Participant, RemoteParticipant, Room } from '@livekit/rtc-node';

/** How the caller's leg, or the whole room, went away. `replaced`: this agent was removed from it. */
export type Departure = 'hung-up' | 'room-closed' | 'link-lost' | 'replaced';

/** The gateway sets it; `hangup` comes 3-5 ms before the participant leaves, or 32 s before it. */
export const callStatusAttribute = 'sip.callStatus';

/** A caller whose leg broke may be rejoined by the gateway under the same identity. */
const rejoinGraceMs = 12_000;

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

/** What the room said when this agent's own connection ended. */
const roomReasons: ReadonlyMap<DisconnectReason, Departure> = new Map([
  [DisconnectReason.ROOM_DELETED, 'room-closed'],
  [DisconnectReason.ROOM_CLOSED, 'room-closed'],
  [DisconnectReason.PARTICIPANT_REMOVED, 'replaced'],
  [DisconnectReason.DUPLICATE_IDENTITY, 'replaced'],
]);

/** The caller in the room, as the gateway shows it: the first participant of kind SIP. */
export function findCaller(room: Room): RemoteParticipant | undefined {
  return [...room.remoteParticipants.values()].find(
    (participant) => participant.info.kind === ParticipantKind.SIP,
  );
}

/**
 * Watches for the end of the caller's leg and calls `onGone` once. The framework itself waits for
 * the server to close the room, 20 s later, and ignores most reasons. Returns what stops the watch.
 */
export function watchCaller(
  room: Room,
  identity: string,
  onGone: (departure: Departure) => void,
): () => void {
  let grace: NodeJS.Timeout | undefined;
  const gone = (departure: Departure) => {
    stop();
    onGone(departure);
  };
  const onAttributes = (changed: Record<string, string>, participant: Participant) => {
    if (participant.identity === identity && changed[callStatusAttribute] === 'hangup') {
      gone('hung-up');
    }
  };
  const onLeft = (participant: RemoteParticipant) => {
    if (participant.identity !== identity) return;
    const final = finalReasons.get(participant.disconnectReason ?? DisconnectReason.UNKNOWN_REASON);
    if (final) return gone(final);
    clearTimeout(grace);
    grace = setTimeout(() => {
      if (!findCaller(room)) gone('link-lost');
    }, rejoinGraceMs);
  };
  const onJoined = (participant: RemoteParticipant) => {
    if (participant.identity === identity) clearTimeout(grace);
  };
  const onRoomGone = (reason: DisconnectReason) => gone(roomReasons.get(reason) ?? 'link-lost');
  const stop = () => {
    clearTimeout(grace);
    room.off(RoomEvent.ParticipantAttributesChanged, onAttributes);
    room.off(RoomEvent.ParticipantDisconnected, onLeft);
    room.off(RoomEvent.ParticipantConnected, onJoined);
    room.off(RoomEvent.Disconnected, onRoomGone);
  };
  room.on(RoomEvent.ParticipantAttributesChanged, onAttributes);
  room.on(RoomEvent.ParticipantDisconnected, onLeft);
  room.on(RoomEvent.ParticipantConnected, onJoined);
  room.on(RoomEvent.Disconnected, onRoomGone);
  const caller = room.remoteParticipants.get(identity);
  // What happened before the listeners were there would never be told again.
  if (room.connectionState === ConnectionState.CONN_DISCONNECTED) gone('link-lost');
  else if (!caller || caller.attributes[callStatusAttribute] === 'hangup') gone('hung-up');
  return stop;
}

/** Resolves when the gateway has answered the caller (200 OK); rejects when `signal` aborts. */
export async function waitForAnswer(
  room: Room,
  identity: string,
  signal: AbortSignal,
): Promise<void> {
  const isActive = () =>
    room.remoteParticipants.get(identity)?.attributes[callStatusAttribute] === 'active';
  if (isActive()) return;
  await new Promise<void>((resolve, reject) => {
    const onAttributes = () => {
      if (!isActive()) return;
      finish();
      resolve();
    };
    const onAbort = () => {
      finish();
      reject(signal.reason as Error);
    };
    const finish = () => {
      room.off(RoomEvent.ParticipantAttributesChanged, onAttributes);
      signal.removeEventListener('abort', onAbort);
    };
    room.on(RoomEvent.ParticipantAttributesChanged, onAttributes);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

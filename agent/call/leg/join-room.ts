import { AutoSubscribe } from '@livekit/agents';
import type { JobContext } from '@livekit/agents';
import { ParticipantKind, RoomEvent, TrackKind } from '@livekit/rtc-node';
import type { RemoteParticipant, RemoteTrackPublication, Room } from '@livekit/rtc-node';
import { DeadlineError, withDeadline } from '../../infra/deadline.ts';
import { ConnectDeadlineError } from '../../ipc/termination.ts';
import { sipCaller } from '../../livekit/sip-attributes.ts';
import type { TestCall } from '../../livekit/sip-attributes.ts';

/** Who calls, as the gateway's participant says. */
export type Caller = {
  readonly identity: string;
  /** The gateway's id of the call: the same in every job of it. */
  readonly callId: string;
  readonly number: string | null;
  readonly yardNumber: string | null;
  /** Another job of the call spoke with them already. */
  readonly wasAnswered: boolean;
  /** The call tries the agent. */
  readonly test: TestCall | null;
};

/** LiveKit may list the agent before the caller whose joining dispatched it. */
const callerWaitMs = 1_000;

/**
 * Enters the call's room, hears the caller, and tells who it is; null when there is none (any more).
 * Connecting cannot be aborted: past `connectMs` only the process's end stops it.
 * @throws {ConnectDeadlineError} after `connectMs`; the SDK's `ConnectError` when LiveKit refuses.
 */
export async function joinRoom(
  ctx: JobContext,
  {
    connectMs,
    testNumber,
  }: {
    readonly connectMs: number;
    /** A caller from it is a test call of ours. */
    readonly testNumber?: string | undefined;
  },
): Promise<Caller | null> {
  await withDeadline(() => ctx.connect(undefined, AutoSubscribe.SUBSCRIBE_NONE), {
    ms: connectMs,
    label: 'connect',
    error: ConnectDeadlineError,
  });
  listenToCallers(ctx.room);
  const participant = findCaller(ctx.room) ?? (await waitForCaller(ctx.room));
  if (!participant) return null;
  const { identity } = participant;
  const { callId, phoneNumber, trunkPhoneNumber, callStatus, test } = sipCaller(
    participant.attributes,
    testNumber,
  );
  return {
    identity,
    callId: callId ?? ctx.job.room?.sid ?? ctx.job.id,
    number: phoneNumber,
    yardNumber: trunkPhoneNumber,
    wasAnswered: callStatus === 'active',
    test,
  };
}

/**
 * Has the audio sent of those on the telephone, and of nobody else: a room's statistics do not say
 * whose packets they count, and another agent's would hide that the caller's have stopped. For as
 * long as the room lasts.
 */
function listenToCallers(room: Room): void {
  const listen = (publication: RemoteTrackPublication, participant: RemoteParticipant) => {
    const isAudio = publication.kind === TrackKind.KIND_AUDIO;
    if (isAudio && isOnTelephone(participant)) publication.setSubscribed(true);
  };
  room.on(RoomEvent.TrackPublished, listen);
  for (const participant of room.remoteParticipants.values()) {
    for (const publication of participant.trackPublications.values()) {
      listen(publication, participant);
    }
  }
}

/** A caller is a participant of the SIP gateway. */
function isOnTelephone({ info }: RemoteParticipant): boolean {
  return info.kind === ParticipantKind.SIP;
}

function findCaller(room: Room): RemoteParticipant | undefined {
  return [...room.remoteParticipants.values()].find(isOnTelephone);
}

async function waitForCaller(room: Room): Promise<RemoteParticipant | undefined> {
  const { promise: joined, resolve } = Promise.withResolvers<void>();
  const onJoined = () => {
    if (findCaller(room)) resolve();
  };
  room.on(RoomEvent.ParticipantConnected, onJoined);
  try {
    await withDeadline(() => joined, { ms: callerWaitMs, label: 'caller' });
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
  } finally {
    room.off(RoomEvent.ParticipantConnected, onJoined);
  }
  return findCaller(room);
}

import { RoomEvent } from '@livekit/rtc-node';
import type { Participant, Room } from '@livekit/rtc-node';
import { agentIdentity } from '../ipc/messages.ts';

/** The words of two agents of one call to each other: data packets of the room. */

/** A fresh job listens, and may be given the call. */
export const readyTopic = 'pickup.ready';
/** The call is the fresh job's. */
export const goTopic = 'pickup.go';

/** Hears who in the room says something under `topic`, until what it returns is called. */
export function listenFor(
  room: Room,
  topic: string,
  heard: (identity: string) => void,
): () => void {
  const onData = (
    _data: Uint8Array,
    sender: Participant | undefined,
    _kind: unknown,
    under?: string,
  ) => {
    if (under === topic && sender) heard(sender.identity);
  };
  room.on(RoomEvent.DataReceived, onData);
  return () => void room.off(RoomEvent.DataReceived, onData);
}

/** Says it to one job. Never rejects: whoever is not heard says it again, and the store says the same. */
export async function send(room: Room, topic: string, toJobId: string): Promise<void> {
  try {
    await room.localParticipant?.publishData(new Uint8Array([1]), {
      reliable: true,
      topic,
      destination_identities: [agentIdentity(toJobId)],
    });
  } catch {
    // It is said again.
  }
}

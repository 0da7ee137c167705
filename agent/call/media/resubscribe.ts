import { RoomEvent, TrackKind } from '@livekit/rtc-node';
import type { RemoteParticipant, RemoteTrackPublication, Room, Track } from '@livekit/rtc-node';

/** The caller's track, as published by the gateway; undefined when there is none. */
export function callersTrack(room: Room, identity: string): RemoteTrackPublication | undefined {
  const caller = room.remoteParticipants.get(identity);
  const publications = [...(caller?.trackPublications.values() ?? [])];
  return publications.find(({ kind }) => kind === TrackKind.KIND_AUDIO);
}

/**
 * Takes the caller's track anew: 0.25 s when it works, and the session relinks by itself. However it
 * ends, the track is asked for.
 * @throws {Error} when the caller has no track, or the reason of `signal`.
 */
export async function resubscribe(
  room: Room,
  { identity, signal }: { readonly identity: string; readonly signal: AbortSignal },
): Promise<void> {
  const publication = callersTrack(room, identity);
  if (!publication) throw new Error('The caller has no track');
  const taken = happened(room, { event: RoomEvent.TrackSubscribed, publication, signal });
  // It is awaited only once the track was left.
  taken.catch(() => {});
  try {
    if (publication.subscribed) {
      const left = happened(room, { event: RoomEvent.TrackUnsubscribed, publication, signal });
      publication.setSubscribed(false);
      await left;
    }
  } finally {
    publication.setSubscribed(true);
  }
  await taken;
}

type TrackListener = (
  track: Track,
  publication: RemoteTrackPublication,
  participant: RemoteParticipant,
) => void;

/** Resolves at `event` for `publication`; rejects with the reason of `signal`. */
function happened(
  room: Room,
  options: {
    readonly event: RoomEvent.TrackSubscribed | RoomEvent.TrackUnsubscribed;
    readonly publication: RemoteTrackPublication;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { event, publication, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onTrack: TrackListener = (_track, { sid }) => {
    if (sid === publication.sid) resolve();
  };
  const onAbort = () => reject(signal.reason);
  room.on(event, onTrack);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    room.off(event, onTrack);
    signal.removeEventListener('abort', onAbort);
  });
}

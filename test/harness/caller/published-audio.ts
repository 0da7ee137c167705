import { TrackKind } from '@livekit/rtc-node';
import type { RemoteParticipant, RemoteTrackPublication } from '@livekit/rtc-node';

/** A track as its participant offers it, subscribed to or not. */
type PublishedTrack = {
  readonly publication: RemoteTrackPublication;
  readonly from: RemoteParticipant;
};

/** The audio tracks of a participant. */
export function publishedAudio(from: RemoteParticipant): PublishedTrack[] {
  return [...from.trackPublications.values()]
    .filter((publication) => publication.kind === TrackKind.KIND_AUDIO)
    .map((publication) => ({ publication, from }));
}

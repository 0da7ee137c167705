import { RoomServiceClient } from 'livekit-server-sdk';
import type { Config } from '../config/config.ts';

/** LiveKit's server API for rooms. Its requests have no deadline of ours. */
export function roomService({ livekit }: Pick<Config, 'livekit'>): RoomServiceClient {
  return new RoomServiceClient(livekit.url, livekit.apiKey, livekit.apiSecret);
}

/** Whether the gateway has said that a listed caller hung up: a lost leg is listed 32 s longer. */
export function hasHungUp({
  attributes,
}: {
  readonly attributes: Readonly<Record<string, string>>;
}): boolean {
  return attributes['sip.callStatus'] === 'hangup';
}

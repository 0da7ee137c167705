import { RoomServiceClient } from 'livekit-server-sdk';
import type { Config } from './config.ts';

/** Where LiveKit's server API is: at the address of its WebSocket, by HTTP. */
export function liveKitApiUrl({ url }: Pick<Config['livekit'], 'url'>): string {
  return url.replace(/^ws/, 'http');
}

/** LiveKit's server API for rooms. Its requests have no deadline of ours. */
export function roomService({ livekit }: Pick<Config, 'livekit'>): RoomServiceClient {
  return new RoomServiceClient(liveKitApiUrl(livekit), livekit.apiKey, livekit.apiSecret);
}

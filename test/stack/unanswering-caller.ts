import { gatewayIdentity, gatewayToken } from '../harness/caller/gateway-identity.ts';
import type { LivekitServer } from '../harness/livekit/livekit-server.ts';

/** A caller whose gateway never answers the call, whatever tracks there are. */
export type UnansweringCaller = {
  readonly callId: string;
  readonly room: string;
  /** Leaves, and the media library with it: there is one such caller a process. */
  hangUp(): Promise<void>;
};

/** Joins as the gateway does, and stays `ringing`. */
export async function ringForEver(livekit: LivekitServer): Promise<UnansweringCaller> {
  // The media library logs at debug unless told that this is production.
  process.env['NODE_ENV'] ??= 'production';
  const { dispose, Room } = await import('@livekit/rtc-node');
  const gateway = gatewayIdentity({ from: '+13125550113', to: '+13125550199', roomPrefix: 'call' });
  const { apiKey, apiSecret } = livekit;
  const token = await gatewayToken(gateway, { apiKey, apiSecret, agentName: 'pickup' });
  const room = new Room();
  await room.connect(livekit.url, token, { autoSubscribe: false, dynacast: false });
  return {
    callId: gateway.callId,
    room: gateway.room,
    hangUp: async () => {
      await room.localParticipant?.setAttributes({ 'sip.callStatus': 'hangup' });
      await room.disconnect();
      await dispose();
    },
  };
}

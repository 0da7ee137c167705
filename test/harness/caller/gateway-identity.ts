import { randomBytes, randomInt } from 'node:crypto';
import { AccessToken, RoomAgentDispatch, RoomConfiguration } from 'livekit-server-sdk';

/** How LiveKit's SIP gateway presents one call (livekit-server-facts, section 14). */
export type GatewayIdentity = {
  readonly callId: string;
  readonly room: string;
  readonly identity: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
};

export type GatewayCall = {
  /** The caller's number, as in `+13125550111`. */
  readonly from: string;
  /** The number that was called. */
  readonly to: string;
  /** The room's name begins with it: the dispatch rule's `roomPrefix`. */
  readonly roomPrefix: string;
};

/** A fresh call as the gateway would present it: every call has ids and a room of its own. */
export function gatewayIdentity({ from, to, roomPrefix }: GatewayCall): GatewayIdentity {
  const callId = `SCL_${randomName(12)}`;
  return {
    callId,
    room: `${roomPrefix}_${from}_${randomName(12)}`,
    identity: `sip_${from}`,
    name: `Phone ${from}`,
    attributes: {
      'sip.callID': callId,
      'sip.callIDFull': `${randomBytes(16).toString('hex')}@127.0.0.1`,
      'sip.callTag': randomBytes(8).toString('hex'),
      'sip.callStatus': 'ringing',
      'sip.phoneNumber': from,
      'sip.trunkPhoneNumber': to,
      'sip.trunkID': 'ST_pickupcaller',
      'sip.ruleID': 'SDR_pickupcaller',
      'sip.hostname': '127.0.0.1',
    },
  };
}

export type GatewayTokenOptions = {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** The agent that the dispatch rule names; null dispatches none. */
  readonly agentName: string | null;
  /** The metadata of that dispatch. */
  readonly agentMetadata?: string;
};

/** The token with which the gateway joins: kind SIP, and the room made with the agent's dispatch. */
export function gatewayToken(call: GatewayIdentity, options: GatewayTokenOptions): Promise<string> {
  const { identity, name, attributes } = call;
  const token = new AccessToken(options.apiKey, options.apiSecret, { identity, name, attributes });
  token.kind = 'sip';
  token.addGrant({
    roomJoin: true,
    room: call.room,
    canPublish: true,
    canSubscribe: true,
    canPublishData: true,
    canUpdateOwnMetadata: true,
  });
  if (options.agentName !== null) {
    const { agentName, agentMetadata: metadata = '' } = options;
    const agents = [new RoomAgentDispatch({ agentName, metadata })];
    token.roomConfig = new RoomConfiguration({ agents });
  }
  return token.toJwt();
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function randomName(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

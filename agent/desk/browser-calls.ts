import { randomBytes } from 'node:crypto';
import { AccessToken, RoomAgentDispatch, RoomConfiguration, TrackSource } from 'livekit-server-sdk';
import type { Config } from '../config/config.ts';
import { testAttribute, type TestCall } from '../livekit/sip-attributes.ts';
import { updateAttributes } from '../livekit/room-service.ts';

/** All that a browser needs to ring the agent, once. */
export type BrowserCall = {
  readonly url: string;
  readonly token: string;
  readonly callId: string;
};

/** Whoever has rung by then is in the room; the token is worth nothing afterwards. */
const tokenSeconds = 120;
/** Calls of this process that it may still be asked about. */
const mostKnown = 100;

/**
 * Calls from the desk's own page: rooms as the SIP gateway makes them, so that the agent, its
 * guardian and the ledger see a caller as any other, without a number and marked as a test. The
 * browser may speak and press keys in its room; what the gateway says of a call, this says for it.
 */
export class BrowserCalls {
  readonly #livekit: Config['livekit'];
  /** The rooms by the call's id, the oldest first. */
  readonly #rooms = new Map<string, string>();

  constructor({ livekit }: Pick<Config, 'livekit'>) {
    this.#livekit = livekit;
  }

  /** The origins that a page with a call talks to. */
  get origins(): string {
    const { host, protocol } = new URL(this.#livekit.url);
    const isPlain = protocol === 'ws:' || protocol === 'http:';
    return isPlain ? `ws://${host} http://${host}` : `wss://${host} https://${host}`;
  }

  /** Makes a call that books real machines, or (a `trial`) none. */
  async start(test: TestCall): Promise<BrowserCall> {
    const { url, apiKey, apiSecret, agentName } = this.#livekit;
    const callId = `BC_${randomName()}`;
    const room = `call-_browser_${randomName()}`;
    const token = new AccessToken(apiKey, apiSecret, {
      identity: identityOf(callId),
      name: 'The desk',
      ttl: tokenSeconds,
      attributes: {
        'sip.callID': callId,
        'sip.callStatus': 'ringing',
        'sip.phoneNumber': 'anonymous',
        [testAttribute]: test,
      },
    });
    token.kind = 'sip';
    token.addGrant({
      roomJoin: true,
      room,
      canPublish: true,
      canPublishSources: [TrackSource.MICROPHONE],
      canSubscribe: true,
      canPublishData: true,
      canUpdateOwnMetadata: false,
    });
    token.roomConfig = new RoomConfiguration({ agents: [new RoomAgentDispatch({ agentName })] });
    this.#rooms.set(callId, room);
    for (const old of this.#rooms.keys()) {
      if (this.#rooms.size <= mostKnown) break;
      this.#rooms.delete(old);
    }
    return { url, token: await token.toJwt(), callId };
  }

  /** The browser hears the agent: the call is answered. False for a call that this process does not know. */
  async answered(callId: string): Promise<boolean> {
    const room = this.#rooms.get(callId);
    if (room === undefined) return false;
    const identity = identityOf(callId);
    const attributes = { 'sip.callStatus': 'active' };
    await updateAttributes({ livekit: this.#livekit }, { room, identity, attributes });
    return true;
  }

  /** True for a call that was started here. */
  has(callId: string): boolean {
    return this.#rooms.has(callId);
  }
}

function identityOf(callId: string): string {
  return `sip_${callId}`;
}

function randomName(): string {
  return randomBytes(9).toString('base64url').replaceAll(/[-_]/g, '0');
}

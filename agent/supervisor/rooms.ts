import { AgentDispatchClient } from 'livekit-server-sdk';
import { sentNumber } from '../../tools/yard/phone.ts';
import type { Config } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { hasHungUp, roomService } from '../livekit/room-service.ts';

/** A caller as LiveKit lists it. */
export type ListedCaller = {
  readonly callId: string | null;
  readonly phoneNumber: string | null;
  /** The gateway has put the call through: the caller does not hear it ring any more. */
  readonly wasAnswered: boolean;
  /** See `hasHungUp`. */
  readonly isThere: boolean;
  /** Who else is in the room: the identities of the agents, a dead one's for 21 s more. */
  readonly agents: readonly string[];
};

/** A room as LiveKit lists it. */
export type ListedRoom = { readonly name: string; readonly createdAtMs: number };

/** What the guardian does with LiveKit. Every method rejects after `requestMs`. */
export type Rooms = {
  list(): Promise<readonly ListedRoom[]>;
  /** Null when there is no participant of kind SIP in the room. */
  findCaller(room: string): Promise<ListedCaller | null>;
  /** Whether our agent was ever sent for to this room: another's calls are none of our business. */
  isOurs(room: string): Promise<boolean>;
  /** That it resolves proves nothing: a job that reports in does. */
  dispatch(room: string, metadata: string): Promise<void>;
  remove(room: string, identity: string): Promise<void>;
  /** Ends the call: the gateway hangs up on the caller. */
  close(room: string): Promise<void>;
};

const requestMs = 3_000;
/** `ParticipantInfo.Kind.SIP` of LiveKit's protocol, whose enum the SDK does not export. */
const kindSip = 3;
/** `ParticipantInfo.Kind.AGENT`. */
const kindAgent = 4;

/** LiveKit's server API over HTTP. */
export function createRooms({ livekit }: Config): Rooms {
  const rooms = roomService({ livekit });
  const dispatches = new AgentDispatchClient(livekit.url, livekit.apiKey, livekit.apiSecret);
  const bounded = <T>(label: string, run: () => Promise<T>) =>
    withDeadline(run, { ms: requestMs, label });
  return {
    list: async () => {
      const listed = await bounded('room list', () => rooms.listRooms());
      return listed.map(({ name, creationTimeMs, creationTime }) => ({
        name,
        createdAtMs: Number(creationTimeMs) || Number(creationTime) * 1_000,
      }));
    },
    findCaller: async (room) => {
      const participants = await bounded('participant list', () => rooms.listParticipants(room));
      const ofKind = (wanted: number) =>
        participants.filter(({ kind }: { kind: number }) => kind === wanted);
      const [caller] = ofKind(kindSip);
      if (!caller) return null;
      const { attributes } = caller;
      return {
        callId: attributes['sip.callID'] ?? null,
        phoneNumber: sentNumber(attributes['sip.phoneNumber'] ?? ''),
        wasAnswered: attributes['sip.callStatus'] === 'active',
        isThere: !hasHungUp(caller),
        agents: ofKind(kindAgent).map(({ identity }) => identity),
      };
    },
    isOurs: async (room) => {
      const listed = await bounded('dispatch list', () => dispatches.listDispatch(room));
      return listed.some(({ agentName }) => agentName === livekit.agentName);
    },
    dispatch: async (room, metadata) => {
      await bounded('dispatch', () =>
        dispatches.createDispatch(room, livekit.agentName, { metadata }),
      );
    },
    remove: async (room, identity) => {
      await bounded('participant removal', () => rooms.removeParticipant(room, identity));
    },
    close: async (room) => {
      await bounded('room deletion', () => rooms.deleteRoom(room));
    },
  };
}

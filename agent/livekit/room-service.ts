import { AgentDispatchClient, RoomServiceClient, ServerError } from 'livekit-server-sdk';
import type { Config } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { retry } from '../infra/retry.ts';
import { sipCaller } from './sip-attributes.ts';
import type { Attributes } from './sip-attributes.ts';

/** A caller as LiveKit lists it. */
export type ListedCaller = {
  readonly callId: string | null;
  readonly phoneNumber: string | null;
  /** A call that tries the agent. */
  readonly isTest?: boolean;
  /** The gateway has put the call through: the caller does not hear it ring any more. */
  readonly wasAnswered: boolean;
  /** The gateway has not said that they hung up: a lost leg is listed 32 s longer. */
  readonly isThere: boolean;
  /** Who else is in the room: the identities of the agents, a dead one's for 21 s more. */
  readonly agents: readonly string[];
};

/** A room as LiveKit lists it. */
export type ListedRoom = { readonly name: string; readonly createdAtMs: number };

/** The guardian's view of LiveKit. Every method rejects after 3 s. */
export type Rooms = {
  list(): Promise<readonly ListedRoom[]>;
  /** Null when there is no participant of kind SIP in the room. */
  findCaller(room: string): Promise<ListedCaller | null>;
  /** True when our agent was ever sent for to this room: another's calls are none of our business. */
  isOurs(room: string): Promise<boolean>;
  /** Resolving proves nothing: a job that reports in does. */
  dispatch(room: string, metadata: string): Promise<void>;
  remove(room: string, identity: string): Promise<void>;
  /** Ends the call: the gateway hangs up on the caller. */
  close(room: string): Promise<void>;
};

const guardianRequestMs = 3_000;
/** `ParticipantInfo.Kind.SIP` of LiveKit's protocol, whose enum the SDK does not export. */
const kindSip = 3;
/** `ParticipantInfo.Kind.AGENT`. */
const kindAgent = 4;

/** LiveKit's server API over HTTP, for the guardian. */
export function createRooms({
  livekit,
  canary,
}: Pick<Config, 'livekit'> & Partial<Pick<Config, 'canary'>>): Rooms {
  const rooms = roomService({ livekit });
  const dispatches = new AgentDispatchClient(livekit.url, livekit.apiKey, livekit.apiSecret);
  const bounded = <T>(label: string, run: () => Promise<T>) =>
    withDeadline(run, { ms: guardianRequestMs, label });
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
      const { callId, phoneNumber, callStatus, test } = sipCaller(
        caller.attributes,
        canary?.phone?.from,
      );
      return {
        callId,
        phoneNumber,
        isTest: test !== null,
        wasAnswered: callStatus === 'active',
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

/** A sign of life takes 5 ms. */
const answerMs = 1_000;

/**
 * True when LiveKit answers a request; never rejects. A frozen server keeps every connection open and
 * sends nothing for 14 s before a client notices (livekit-server 1.13.11).
 */
export async function liveKitAnswers(config: Pick<Config, 'livekit'>): Promise<boolean> {
  const rooms = roomService(config);
  try {
    await withDeadline(() => rooms.listRooms([]), { ms: answerMs, label: 'sign of LiveKit' });
    return true;
  } catch (error) {
    return error instanceof ServerError;
  }
}

/**
 * True when LiveKit lists the caller in `room`, and not on their way out of it; never rejects. A
 * caller whose leg was lost in a restart of the server may be listed for minutes.
 */
export async function liveKitLists(
  config: Pick<Config, 'livekit'>,
  caller: { readonly room: string; readonly identity: string },
): Promise<boolean> {
  const rooms = roomService(config);
  try {
    const listed = await withDeadline(() => rooms.listParticipants(caller.room), {
      ms: answerMs,
      label: 'list of the room',
    });
    const found = listed.find(({ identity }) => identity === caller.identity);
    return found !== undefined && !hasHungUp(found);
  } catch {
    return false;
  }
}

/** Says of a participant, in its place, what the gateway says of a caller. Rejects after 3 s. */
export async function updateAttributes(
  config: Pick<Config, 'livekit'>,
  of: { readonly room: string; readonly identity: string; readonly attributes: Attributes },
): Promise<void> {
  const { room, identity, attributes } = of;
  const update = () =>
    roomService(config).updateParticipant(room, identity, { attributes: { ...attributes } });
  await withDeadline(update, { ms: guardianRequestMs, label: 'attributes' });
}

const endRoomMs = 2_000;
const endRoomAttempts = 3;
const backOff = { initialMs: 200, multiplier: 2, maxMs: 1_000, jitter: 0.5 };

/**
 * Deletes the room, upon which the gateway sends BYE to the caller. One that is gone is as good.
 * Rejects when LiveKit did not do it in three attempts: the caller is still on the line.
 */
export async function endRoom(config: Pick<Config, 'livekit'>, room: string): Promise<void> {
  const rooms = roomService(config);
  await retry(
    async () => {
      try {
        await withDeadline(() => rooms.deleteRoom(room), { ms: endRoomMs, label: 'room end' });
      } catch (error) {
        if (!(error instanceof ServerError) || error.status !== 404) throw error;
      }
    },
    { attempts: endRoomAttempts, backOff },
  );
}

/** The SDK's client, whose requests have no deadline of ours. */
function roomService({ livekit }: Pick<Config, 'livekit'>): RoomServiceClient {
  return new RoomServiceClient(livekit.url, livekit.apiKey, livekit.apiSecret);
}

function hasHungUp({ attributes }: { readonly attributes: Attributes }): boolean {
  return sipCaller(attributes).callStatus === 'hangup';
}

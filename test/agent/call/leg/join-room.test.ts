import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobContext } from '@livekit/agents';
import { ParticipantKind, RoomEvent, TrackKind } from '@livekit/rtc-node';
import { joinRoom } from '../../../../agent/call/leg/join-room.ts';
import { FakeRoom } from '../fake-room.ts';

type Publication = {
  readonly kind: TrackKind;
  readonly asked: boolean[];
  setSubscribed(isOn: boolean): void;
};

function track(kind = TrackKind.KIND_AUDIO): Publication {
  const asked: boolean[] = [];
  return { kind, asked, setSubscribed: (isOn) => void asked.push(isOn) };
}

/** A room that a job is about to enter; `subscribes` is what it asked of LiveKit at the connect. */
function createRoom() {
  const room = new FakeRoom();
  const participant = (
    identity: string,
    kind: ParticipantKind,
    tracks: readonly Publication[],
  ) => ({
    identity,
    info: { kind },
    attributes: {} as Record<string, string>,
    disconnectReason: undefined,
    trackPublications: new Map(tracks.map((one, nth) => [`TR_${nth}`, one])),
  });
  const callersVoice = track();
  const callersPicture = track(TrackKind.KIND_VIDEO);
  Object.assign(room.caller, {
    trackPublications: new Map([
      ['TR_voice', callersVoice],
      ['TR_picture', callersPicture],
    ]),
  });
  const agentsVoice = track();
  const agent = participant('agent-AJ_other', ParticipantKind.AGENT, [agentsVoice]);
  room.remoteParticipants.set(agent.identity, agent);
  const subscribes: unknown[] = [];
  const ctx = {
    room: room.asRoom,
    job: { id: 'AJ_own', room: { sid: 'RM_1' } },
    connect: async (_e2ee: unknown, autoSubscribe: unknown) => void subscribes.push(autoSubscribe),
  } as unknown as JobContext;
  return { room, ctx, agent, callersVoice, callersPicture, agentsVoice, subscribes };
}

test('the caller is listened to, and nobody else: an agent’s packets are not the caller’s', async () => {
  const { ctx, callersVoice, callersPicture, agentsVoice } = createRoom();
  const caller = await joinRoom(ctx, { connectMs: 5_000 });
  assert.equal(caller?.identity, 'sip_+15550111');
  assert.deepEqual([callersVoice.asked, callersPicture.asked, agentsVoice.asked], [[true], [], []]);
});

test('so it is with what is published later', async () => {
  const { room, ctx, agent } = createRoom();
  await joinRoom(ctx, { connectMs: 5_000 });
  const [callersNext, agentsNext] = [track(), track()];
  room.emit(RoomEvent.TrackPublished, callersNext, room.caller);
  room.emit(RoomEvent.TrackPublished, agentsNext, agent);
  assert.deepEqual([callersNext.asked, agentsNext.asked], [[true], []]);
});

test('LiveKit is not asked to send everything by itself', async () => {
  const { ctx, subscribes } = createRoom();
  await joinRoom(ctx, { connectMs: 5_000 });
  assert.deepEqual(subscribes, [1], 'SUBSCRIBE_NONE');
});

import { ConnectionState, RoomEvent, TrackKind } from '@livekit/rtc-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { watchReconnects } from '../../../../agent/call/ownership/reconnect-watchdog.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { FakeRoom } from '../fake-room.ts';
import { virtualTime } from '../virtual-time.ts';

/** An agent in a room, watched while it is cut off, beside a server that the test switches. */
function watched(t: TestContext) {
  const time = virtualTime(t);
  const room = new FakeRoom();
  const track = { kind: TrackKind.KIND_AUDIO, subscribed: true, track: {} };
  Object.assign(room.caller, { trackPublications: new Map([['TR_1', track]]) });
  const recorded = recordedLog();
  const server = { isThere: true, listsCaller: true, asked: 0, isBusy: false };
  let stuck = 0;
  const watch = () =>
    watchReconnects({
      room: room.asRoom,
      callerIdentity: room.caller.identity,
      log: recorded.log,
      isServerThere: async () => {
        server.asked += 1;
        return server.isThere;
      },
      isCallerThere: async () => server.listsCaller,
      state: { may: () => !server.isBusy },
      onStuck: () => void (stuck += 1),
    });
  return { time, room, recorded, server, watch, stuck: () => stuck };
}

test('a room that stays away while LiveKit answers for five seconds is given up, once', async (t) => {
  const { time, room, watch, stuck } = watched(t);
  watch();
  room.emit(RoomEvent.Reconnecting);
  await time.pass(4_750);
  assert.equal(stuck(), 0);
  await time.pass(500);
  assert.equal(stuck(), 1);
  await time.pass(60_000);
  assert.equal(stuck(), 1);
});

test('a room that was away before the watch began is watched, too', async (t) => {
  const { time, room, watch, stuck } = watched(t);
  room.connectionState = ConnectionState.CONN_RECONNECTING;
  watch();
  await time.pass(6_000);
  assert.equal(stuck(), 1);
});

test('a server that is away is waited for', async (t) => {
  const { time, room, server, watch, stuck } = watched(t);
  watch();
  server.isThere = false;
  room.emit(RoomEvent.Reconnecting);
  await time.pass(60_000);
  assert.equal(stuck(), 0);
  server.isThere = true;
  await time.pass(7_000);
  assert.equal(stuck(), 1);
});

test('answers count only on end', async (t) => {
  const { time, room, server, watch, stuck } = watched(t);
  watch();
  room.emit(RoomEvent.Reconnecting);
  for (let times = 0; times < 4; times += 1) {
    server.isThere = true;
    await time.pass(4_000);
    server.isThere = false;
    await time.pass(1_000);
  }
  assert.equal(stuck(), 0);
});

test('a room without a caller is not given up: the fresh job would find nobody there', async (t) => {
  const { time, room, server, watch, stuck } = watched(t);
  watch();
  server.listsCaller = false;
  room.emit(RoomEvent.Reconnecting);
  await time.pass(20_000);
  assert.equal(stuck(), 0);
  server.listsCaller = true;
  await time.pass(1_000);
  assert.equal(stuck(), 1);
});

test('a room that is back in time is left alone, and each outage counts by itself', async (t) => {
  const { time, room, server, watch, stuck } = watched(t);
  watch();
  for (let times = 0; times < 3; times += 1) {
    room.emit(RoomEvent.Reconnecting);
    await time.pass(3_500);
    room.emit(RoomEvent.Reconnected);
  }
  const { asked } = server;
  await time.pass(10_000);
  assert.equal(stuck(), 0);
  assert.equal(server.asked, asked);
});

test('a call that is being given away is not left; one that stayed here is', async (t) => {
  const { time, room, server, watch, stuck } = watched(t);
  watch();
  server.isBusy = true;
  room.emit(RoomEvent.Reconnecting);
  await time.pass(20_000);
  assert.equal(stuck(), 0);
  server.isBusy = false;
  await time.pass(1_000);
  assert.equal(stuck(), 1);
});

test('it ends with the call, and with the room, and leaves nothing behind', async (t) => {
  const { time, room, server, watch, stuck } = watched(t);
  const stop = watch();
  room.emit(RoomEvent.Reconnecting);
  await time.pass(3_000);
  room.emit(RoomEvent.Disconnected);
  await time.pass(10_000);
  room.emit(RoomEvent.Reconnecting);
  await time.pass(3_000);
  stop();
  assert.equal(room.watchers, 0);
  const { asked } = server;
  await time.pass(10_000);
  assert.equal(server.asked, asked);
  assert.equal(stuck(), 0);
});

test('says what it has of the caller when the connection is lost, and when it is back', async (t) => {
  const { room, recorded, watch } = watched(t);
  const stop = watch();
  room.emit(RoomEvent.Reconnecting);
  room.emit(RoomEvent.Reconnecting);
  room.leave();
  room.emit(RoomEvent.Reconnected);
  stop();
  const said = recorded.lines.map((line) => [
    line.level,
    line.event,
    line['callerIsPublished'],
    line['callerIsSubscribed'],
    line['callerHasTrack'],
  ]);
  assert.deepEqual(said, [
    ['info', 'room.reconnecting', true, true, true],
    ['info', 'room.reconnected', false, false, false],
  ]);
});

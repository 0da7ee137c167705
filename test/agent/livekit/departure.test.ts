import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionState, DisconnectReason, RoomEvent } from '@livekit/rtc-node';
import { watchCaller } from '../../../agent/livekit/departure.ts';
import { FakeRoom } from '../call/fake-room.ts';

/** A watch over a room's caller, with what it told so far. */
function watch(room = new FakeRoom()) {
  const told: string[] = [];
  const stop = watchCaller(room.asRoom, room.caller.identity, {
    onAnswered: () => void told.push('answered'),
    onGone: (departure) => void told.push(departure),
  });
  return { room, told, stop };
}

test('the gateway answers, the caller hangs up: each is told once', () => {
  const { room, told } = watch();
  room.setStatus('active');
  room.setStatus('active');
  room.setStatus('hangup');
  room.leave(DisconnectReason.CLIENT_INITIATED);
  room.emit(RoomEvent.Disconnected, DisconnectReason.ROOM_CLOSED);
  assert.deepEqual(told, ['answered', 'hung-up']);
  assert.equal(room.watchers, 0);
});

test('a cancelled call and a BYE are told by the leaving alone, too', () => {
  const { room, told } = watch();
  room.leave(DisconnectReason.CLIENT_INITIATED);
  assert.deepEqual(told, ['hung-up']);
});

test('a caller whom the gateway has put through and who hangs up at once was answered', () => {
  const { room, told } = watch();
  room.emit(RoomEvent.LocalTrackSubscribed);
  assert.deepEqual(told, []);
  room.setStatus('hangup');
  assert.deepEqual(told, ['answered', 'hung-up']);
  assert.equal(room.watchers, 0);
});

test('what was before the watch is told at once', () => {
  const answered = new FakeRoom();
  answered.setStatus('active');
  assert.deepEqual(watch(answered).told, ['answered']);
  const hungUp = new FakeRoom();
  hungUp.setStatus('hangup');
  assert.deepEqual(watch(hungUp).told, ['hung-up']);
  const left = new FakeRoom();
  left.leave(DisconnectReason.CLIENT_INITIATED);
  assert.deepEqual(watch(left).told, ['hung-up']);
  const lost = new FakeRoom();
  lost.connectionState = ConnectionState.CONN_DISCONNECTED;
  assert.deepEqual(watch(lost).told, ['cut-off']);
  for (const room of [hungUp, left, lost]) assert.equal(room.watchers, 0);
});

test('a leg that broke has time to come back', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { room, told } = watch();
  room.leave(DisconnectReason.CONNECTION_TIMEOUT);
  t.mock.timers.tick(11_000);
  room.rejoin();
  t.mock.timers.tick(60_000);
  assert.deepEqual(told, []);
  room.leave();
  t.mock.timers.tick(12_000);
  assert.deepEqual(told, ['link-lost']);
});

test('who leaves while our own connection is down has not hung up', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { room, told } = watch();
  room.connectionState = ConnectionState.CONN_RECONNECTING;
  room.emit(RoomEvent.Reconnecting);
  room.leave();
  t.mock.timers.tick(60_000);
  assert.deepEqual(told, []);
  room.connectionState = ConnectionState.CONN_CONNECTED;
  room.emit(RoomEvent.Reconnected);
  t.mock.timers.tick(10_000);
  room.rejoin();
  t.mock.timers.tick(60_000);
  assert.deepEqual(told, []);
});

test('an agent that came back alone does not stay alone', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { room, told } = watch();
  room.connectionState = ConnectionState.CONN_RECONNECTING;
  room.leave();
  room.connectionState = ConnectionState.CONN_CONNECTED;
  room.emit(RoomEvent.Reconnected);
  t.mock.timers.tick(15_000);
  assert.deepEqual(told, ['link-lost']);
  assert.equal(room.watchers, 0);
});

test('a hang-up that was missed while our connection was down is told after', () => {
  const { room, told } = watch();
  room.caller.attributes['sip.callStatus'] = 'hangup';
  room.emit(RoomEvent.Reconnected);
  assert.deepEqual(told, ['hung-up']);
});

test('the end of the room, and of this agent in it, are told apart', () => {
  for (const [reason, departure] of [
    [DisconnectReason.ROOM_DELETED, 'room-closed'],
    [DisconnectReason.PARTICIPANT_REMOVED, 'replaced'],
    [DisconnectReason.DUPLICATE_IDENTITY, 'replaced'],
    [DisconnectReason.SERVER_SHUTDOWN, 'cut-off'],
  ] as const) {
    const { room, told } = watch();
    room.emit(RoomEvent.Disconnected, reason);
    assert.deepEqual(told, [departure]);
  }
});

test('a room that closes after a caller whose leg broke is a lost link', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { room, told } = watch();
  room.leave(DisconnectReason.CONNECTION_TIMEOUT);
  t.mock.timers.tick(2_000);
  room.emit(RoomEvent.Disconnected, DisconnectReason.ROOM_CLOSED);
  assert.deepEqual(told, ['link-lost']);
});

test('other participants are nobody’s caller', () => {
  const { room, told } = watch();
  const other = { ...room.caller, identity: 'agent-AJ_1' };
  room.emit(RoomEvent.ParticipantAttributesChanged, { 'sip.callStatus': 'hangup' }, other);
  room.emit(RoomEvent.ParticipantDisconnected, other);
  assert.deepEqual(told, []);
});

test('a watch that was stopped tells nothing, and leaves no timer', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { room, told, stop } = watch();
  room.leave();
  stop();
  t.mock.timers.tick(60_000);
  assert.deepEqual(told, []);
  assert.equal(room.watchers, 0);
});

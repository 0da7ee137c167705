import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionQuality, RoomEvent } from '@livekit/rtc-node';
import { LegActivity } from '../../../../agent/call/leg/leg-activity.ts';
import { FakeRoom } from '../fake-room.ts';

function watch() {
  const room = new FakeRoom();
  let atMs = 0;
  const signs = new LegActivity(room.asRoom, { identity: room.caller.identity, nowMs: () => atMs });
  const pass = (ms: number) => void (atMs += ms);
  const quality = (value: ConnectionQuality, participant: object = room.caller) =>
    void room.emit(RoomEvent.ConnectionQualityChanged, value, participant);
  return { room, signs, pass, quality };
}

test('a sign of life is fresh for ten seconds', () => {
  const { room, signs, pass } = watch();
  assert.equal(signs.fresh, null);
  room.emit(RoomEvent.DtmfReceived, 5, '5', room.caller);
  pass(10_000);
  assert.equal(signs.fresh, 'dtmf');
  pass(1);
  assert.equal(signs.fresh, null);
});

test('the quality speaks of the five seconds before', () => {
  const { room, signs, pass, quality } = watch();
  quality(ConnectionQuality.QUALITY_POOR);
  quality(ConnectionQuality.QUALITY_GOOD);
  pass(5_000);
  assert.equal(signs.fresh, 'quality');
  pass(1);
  assert.equal(signs.fresh, null);
  room.emit(RoomEvent.DtmfReceived, 5, '5', room.caller);
  quality(ConnectionQuality.QUALITY_EXCELLENT);
  assert.equal(signs.fresh, 'dtmf', 'a newer sign stands');
});

test('what a job hears first of the quality may be from before the gap', () => {
  const { signs, quality } = watch();
  quality(ConnectionQuality.QUALITY_EXCELLENT, { identity: 'agent-AJ_1' });
  quality(ConnectionQuality.QUALITY_EXCELLENT);
  assert.equal(signs.fresh, null);
  quality(ConnectionQuality.QUALITY_GOOD);
  assert.equal(signs.fresh, 'quality');
});

test('the quality of a leg without media is no sign of life', () => {
  const { signs, quality } = watch();
  quality(ConnectionQuality.QUALITY_LOST);
  quality(ConnectionQuality.QUALITY_POOR);
  assert.equal(signs.fresh, null);
});

test('the gateway’s word about the phone is one, but not its goodbye', () => {
  const { room, signs } = watch();
  room.setStatus('hangup');
  assert.equal(signs.fresh, null);
  room.setStatus('active');
  assert.equal(signs.fresh, 'attributes');
});

test('others in the room say nothing about the caller', () => {
  const { room, signs, quality } = watch();
  quality(ConnectionQuality.QUALITY_EXCELLENT, { identity: 'agent-AJ_1' });
  room.emit(RoomEvent.DtmfReceived, 5, '5', undefined);
  assert.equal(signs.fresh, null);
});

test('a stopped watch leaves no listener', () => {
  const { room, signs } = watch();
  signs.stop();
  assert.equal(room.watchers, 0);
});

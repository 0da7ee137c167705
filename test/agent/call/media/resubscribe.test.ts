import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoomEvent, TrackKind } from '@livekit/rtc-node';
import { resubscribe } from '../../../../agent/call/media/resubscribe.ts';
import { FakeRoom } from '../fake-room.ts';

/** The caller's track in a room whose server does as asked, or does nothing. */
function createTrack({ answers = true } = {}) {
  const room = new FakeRoom();
  const asked: boolean[] = [];
  const publication = {
    sid: 'TR_1',
    kind: TrackKind.KIND_AUDIO,
    subscribed: true,
    setSubscribed(isOn: boolean) {
      asked.push(isOn);
      if (!answers) return;
      const event = isOn ? RoomEvent.TrackSubscribed : RoomEvent.TrackUnsubscribed;
      queueMicrotask(() => {
        publication.subscribed = isOn;
        room.emit(event, {}, { sid: 'TR_other' }, room.caller);
        room.emit(event, {}, publication, room.caller);
      });
    },
  };
  Object.assign(room.caller, { trackPublications: new Map([['TR_1', publication]]) });
  const take = (signal = new AbortController().signal) =>
    resubscribe(room.asRoom, { identity: room.caller.identity, signal });
  return { room, asked, publication, take };
}

test('the track is left and taken anew', async () => {
  const { room, asked, publication, take } = createTrack();
  await take();
  assert.deepEqual([asked, publication.subscribed], [[false, true], true]);
  assert.equal(room.watchers, 0);
});

test('a track that was not taken is only asked for', async () => {
  const { asked, publication, take } = createTrack();
  publication.subscribed = false;
  await take();
  assert.deepEqual(asked, [true]);
});

test('given up on half-way, the track is asked for all the same', async () => {
  const { room, asked, take } = createTrack({ answers: false });
  const abort = new AbortController();
  const taking = take(abort.signal);
  const reason = new Error('Packets are back');
  abort.abort(reason);
  await assert.rejects(taking, reason);
  assert.deepEqual(asked, [false, true]);
  assert.equal(room.watchers, 0);
});

test('a caller without a track is an error', async () => {
  const { room, take } = createTrack();
  Object.assign(room.caller, { trackPublications: new Map() });
  await assert.rejects(take(), /no track/);
});

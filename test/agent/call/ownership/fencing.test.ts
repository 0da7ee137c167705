import { ParticipantKind, RoomEvent } from '@livekit/rtc-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Claim } from '../../../../agent/call/persistence/call-lease.ts';
import { Fencing } from '../../../../agent/call/ownership/fencing.ts';
import { eventually } from '../../../harness/eventually.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { FakeRoom } from '../fake-room.ts';

const agent = { identity: 'agent-AJ_2', info: { kind: ParticipantKind.AGENT } };

/**
 * A fence round a job in a room, whose looks at the lease are answered by the test, in turn.
 * `fallSilent` is what falling silent does instead of being noted.
 */
function fenced(t: TestContext, fallSilent?: () => () => void) {
  const room = new FakeRoom();
  const heard: string[] = [];
  const looks: ((claim: Claim) => void)[] = [];
  const abort = new AbortController();
  t.after(() => abort.abort());
  const clock = { nowMs: 0, queuedMs: 0 };
  const { log, lines } = recordedLog();
  const silence = (begun: string, over: string) => () => {
    heard.push(begun);
    return () => void heard.push(over);
  };
  const fence = new Fencing({
    room: room.asRoom,
    log,
    check: () => new Promise((resolve) => looks.push(resolve)),
    pause: silence('paused', 'goes on'),
    fallSilent: fallSilent ?? silence('silent', 'speaks again'),
    signal: abort.signal,
    nowMs: () => clock.nowMs,
    queuedMs: () => clock.queuedMs,
  });
  const answer = async (claim: Claim) => {
    await eventually('the lease is looked at', () => looks.length > 0);
    looks.shift()?.(claim);
  };
  return { room, fence, heard, looks, answer, abort, clock, lines };
}

test('after a reconnect nothing is said until the lease says so', async (t) => {
  const { room, fence, heard, answer } = fenced(t);
  fence.start();
  room.emit(RoomEvent.Reconnected);
  assert.deepEqual(heard, ['paused']);
  await answer('ours');
  await eventually('it goes on', () => heard.length === 2);
  assert.deepEqual(heard, ['paused', 'goes on']);
});

test('a job that lost the lease says nothing more', async (t) => {
  const { room, fence, heard, looks, answer } = fenced(t);
  fence.start();
  room.emit(RoomEvent.Reconnected);
  await answer('taken');
  // The next doubt has a look of its own: the first is over.
  await eventually('it can doubt again', () => {
    room.emit(RoomEvent.Reconnected);
    return looks.length > 0;
  });
  assert.ok(!heard.includes('goes on') && !heard.includes('speaks again'));
});

test('another agent is a reason to look, not to break a sentence', async (t) => {
  const { room, fence, heard, looks, answer } = fenced(t);
  fence.start();
  room.emit(RoomEvent.ParticipantConnected, room.caller);
  assert.equal(looks.length, 0);
  room.emit(RoomEvent.ParticipantConnected, agent);
  await answer('ours');
  assert.deepEqual(heard, []);
});

test('one that is there already is seen, too', async (t) => {
  const { room, fence, looks } = fenced(t);
  room.remoteParticipants.set(agent.identity, { ...room.caller, ...agent });
  fence.start();
  assert.equal(looks.length, 1);
});

test('a sign that comes while it asks makes it ask again', async (t) => {
  const { room, fence, heard, answer } = fenced(t);
  fence.start();
  room.emit(RoomEvent.ParticipantConnected, agent);
  room.emit(RoomEvent.Reconnected);
  await answer('ours');
  assert.deepEqual(heard, ['paused']);
  await answer('ours');
  await eventually('it goes on', () => heard.includes('goes on'));
});

test('while the store says nothing it is silent, for five seconds at most', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { room, fence, heard, answer, clock } = fenced(t);
  fence.start();
  room.emit(RoomEvent.ParticipantConnected, agent);
  await eventually('it falls silent', () => heard.length > 0);
  await answer('unknown');
  clock.nowMs = 4_000;
  await answer('unknown');
  assert.deepEqual(heard, ['silent']);
  clock.nowMs = 5_001;
  await answer('unknown');
  await eventually('it speaks again', () => heard.includes('speaks again'));
});

test('a session that does not run any more has nothing to fall silent with', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const { room, fence, looks, abort } = fenced(t, () => {
    throw new Error('AgentSession is not running');
  });
  fence.start();
  room.emit(RoomEvent.ParticipantConnected, agent);
  assert.doesNotThrow(() => t.mock.timers.tick(250));
  looks.shift()?.('ours');
  abort.abort();
});

test('a process that stood still looks before its next word', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { fence, heard, clock } = fenced(t);
  fence.start();
  clock.nowMs += 250;
  t.mock.timers.tick(250);
  assert.deepEqual(heard, []);
  clock.nowMs += 5_000;
  t.mock.timers.tick(250);
  assert.deepEqual(heard, ['paused']);
});

test('its log line says how long it stood, and how much of that it had no core', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { fence, answer, clock, lines } = fenced(t);
  fence.start();
  Object.assign(clock, { nowMs: 250, queuedMs: 40 });
  t.mock.timers.tick(250);
  Object.assign(clock, { nowMs: 2_250, queuedMs: 1_640 });
  t.mock.timers.tick(250);
  await answer('ours');
  await eventually('it is logged', () => lines.length > 0);
  const told = { event: 'job.doubted', sign: 'stood-still', stoodMs: 2_000, queuedMs: 1_600 };
  assert.partialDeepStrictEqual(lines[0], told);
});

test('it ends with the call, and leaves nothing behind', (t) => {
  const { room, fence, looks, abort } = fenced(t);
  fence.start();
  abort.abort();
  assert.equal(room.watchers, 0);
  room.emit(RoomEvent.Reconnected);
  assert.equal(looks.length, 0);
});

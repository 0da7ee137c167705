import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { TrackKind } from '@livekit/rtc-node';
import { CallTimers } from '../../../../agent/call/call-timers.ts';
import { MediaMonitor } from '../../../../agent/call/media/media-monitor.ts';
import { defaultTimeouts } from '../../../../agent/config/timeouts.ts';
import type { Timeouts } from '../../../../agent/config/timeouts.ts';
import { FakeRoom } from '../fake-room.ts';
import { virtualTime } from '../virtual-time.ts';

/** A caller who is heard, and the watch over it; 25 packets come a look while `isHeard`. */
function createWatch(t: TestContext, changed: Partial<Timeouts> = {}) {
  const time = virtualTime(t);
  t.mock.method(performance, 'now', time.nowMs);
  const taken: string[] = [];
  const line = { isHeard: true, isTransferring: false };
  let packets = 0;
  const publication = {
    sid: 'TR_1',
    kind: TrackKind.KIND_AUDIO,
    muted: false,
    subscribed: false,
    setSubscribed: () => void taken.push('resubscribe'),
  };
  const room = Object.assign(new FakeRoom(), {
    // oxlint-disable-next-line typescript/require-await -- a request, outside of a test
    getRtcStats: async () => {
      if (line.isHeard) packets += 25;
      const value = { stream: { kind: 'audio', ssrc: 1 }, received: { packetsReceived: packets } };
      return { publisherStats: [{ stats: { case: 'inboundRtp', value } }], subscriberStats: [] };
    },
  });
  Object.assign(room.caller, { trackPublications: new Map([['TR_1', publication]]) });
  const timeouts = { ...defaultTimeouts, ...changed };
  const timers = new CallTimers({ livenessPauseMs: 60_000, onPauseExpired: () => {} });
  const watch = new MediaMonitor({
    room: room.asRoom,
    callerIdentity: room.caller.identity,
    timeouts,
    timers,
    state: {
      get activity() {
        return { name: line.isTransferring ? 'transferring' : 'talking' } as const;
      },
      may: () => !line.isTransferring,
    },
    emit: () => {},
    ask: () => void taken.push('ask'),
    rejoin: () => {
      taken.push('rejoin');
      return Promise.reject(new Error('No fresh job'));
    },
    isServerThere: () => Promise.resolve(true),
    giveUpMs: () => 1_000,
    giveUp: () => {
      taken.push('give-up');
      return Promise.resolve();
    },
  });
  watch.start(undefined);
  t.after(() => watch.stop());
  return { watch, line, taken, timers, pass: time.pass };
}

test('a caller who is not heard is asked, and all the rest', async (t) => {
  const { line, taken, pass } = createWatch(t);
  await pass(2_000);
  line.isHeard = false;
  await pass(15_000);
  assert.deepEqual(taken, ['ask', 'resubscribe', 'rejoin', 'give-up']);
});

test('a call that is being put through is left alone, though its packets stop', async (t) => {
  const { line, taken, timers, watch, pass } = createWatch(t);
  await pass(2_000);
  line.isTransferring = true;
  line.isHeard = false;
  await pass(25_000);
  assert.deepEqual([taken, timers.isPaused], [[], false]);
  assert.equal(watch.isLegSilent, false, 'who hangs up on the ringing has hung up');
});

test('a walk that a transfer overtakes takes no further step', async (t) => {
  const { line, taken, timers, pass } = createWatch(t);
  await pass(2_000);
  line.isHeard = false;
  await pass(6_000);
  line.isTransferring = true;
  await pass(25_000);
  assert.deepEqual([taken, timers.isPaused], [['ask'], false]);
});

test('after a transfer that was refused, silence counts anew', async (t) => {
  const { line, taken, pass } = createWatch(t);
  line.isTransferring = true;
  line.isHeard = false;
  await pass(25_000);
  line.isTransferring = false;
  await pass(4_500);
  assert.deepEqual(taken, []);
  await pass(1_500);
  assert.deepEqual(taken, ['ask']);
});

test('a gateway that waits longer is not forestalled, nor a hang-up taken for its timeout', async (t) => {
  const { line, taken, watch, pass } = createWatch(t, { sipMediaTimeoutMs: 45_000 });
  await pass(2_000);
  line.isHeard = false;
  await pass(25_000);
  assert.equal(watch.isLegSilent, false);
  await pass(16_000);
  assert.equal(watch.isLegSilent, true);
  assert.equal(taken.includes('give-up'), false);
  await pass(2_000);
  assert.equal(taken.at(-1), 'give-up');
});

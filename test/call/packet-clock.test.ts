import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Room } from '@livekit/rtc-node';
import { PacketClock } from '../../agent/call/packet-clock.ts';

type Stats = Awaited<ReturnType<Room['getRtcStats']>>;

/** LiveKit's statistics, as far as the clock reads them. */
function stats(packets: number): Stats {
  const inbound = {
    case: 'inboundRtp',
    value: { stream: { kind: 'audio' }, received: { packetsReceived: BigInt(packets) } },
  };
  return { publisherStats: [{ stats: inbound }], subscriberStats: [] } as unknown as Stats;
}

test('packets are counted, and silence since the last one', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  let now: () => Promise<Stats> = async () => stats(0);
  const clock = new PacketClock({ getRtcStats: () => now() });
  t.after(() => clock.stop());
  const second = async () => {
    t.mock.timers.tick(1_000);
    await setImmediate();
  };
  await second();
  assert.equal(clock.count.lastPacketAtMs, null);
  now = async () => stats(50);
  await second();
  assert.deepEqual([clock.count.packets, clock.count.lastPacketAtMs], [50, 2_000]);
  await second();
  assert.equal(clock.count.lastPacketAtMs, 2_000, 'no packet came');
  now = async () => Promise.reject(new Error('not connected'));
  await second();
  assert.equal(clock.count.packets, 50, 'nothing is known, nothing is changed');
  now = async () => stats(0);
  await second();
  now = async () => stats(20);
  await second();
  const { packets, lastPacketAtMs } = clock.count;
  assert.deepEqual([packets, lastPacketAtMs], [70, 6_000], 'a track taken anew');
});

test('statistics that do not come are asked for once', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let asked = 0;
  const clock = new PacketClock({
    getRtcStats: () => {
      asked += 1;
      return new Promise(() => {});
    },
  });
  t.mock.timers.tick(5_000);
  clock.stop();
  t.mock.timers.tick(5_000);
  assert.equal(asked, 1);
});

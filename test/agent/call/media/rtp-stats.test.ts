import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Room } from '@livekit/rtc-node';
import { RtpStats } from '../../../../agent/call/media/rtp-stats.ts';

type Stats = Awaited<ReturnType<Room['getRtcStats']>>;

/** LiveKit's statistics, as far as the clock reads them; `null` for a stream that is not there. */
function stats(packets: number | null, { ssrc = 1, sent = 0 } = {}): Stats {
  const inbound = {
    case: 'inboundRtp',
    value: { stream: { kind: 'audio', ssrc }, received: { packetsReceived: BigInt(packets ?? 0) } },
  };
  const outbound = {
    case: 'outboundRtp',
    value: { stream: { kind: 'audio', ssrc: 9 }, sent: { packetsSent: BigInt(sent) } },
  };
  const publisherStats = [...(packets === null ? [] : [inbound]), outbound];
  return {
    publisherStats: publisherStats.map((one) => ({ stats: one })),
    subscriberStats: [],
  } as unknown as Stats;
}

test('packets are counted, and silence since the last one', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  let now: () => Promise<Stats> = async () => stats(0);
  const clock = new RtpStats({ getRtcStats: () => now() });
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

test('a track that is taken anew, or vanishes and comes back, gives only its fresh packets', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const looks = [
    stats(100),
    stats(null),
    stats(100),
    stats(10, { ssrc: 2 }),
    stats(35, { ssrc: 2 }),
  ];
  const fresh: number[] = [];
  const clock = new RtpStats(
    { getRtcStats: () => Promise.resolve(looks.shift() ?? stats(null)) },
    { onSample: ({ packets }) => void fresh.push(packets) },
  );
  t.after(() => clock.stop());
  for (let look = 0; look < 5; look += 1) {
    t.mock.timers.tick(500);
    await setImmediate();
  }
  assert.deepEqual(fresh, [100, 0, 0, 10, 25]);
});

test('a look in between tells at once, and two at a time are one', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  let looks = 0;
  const fresh: number[] = [];
  const clock = new RtpStats(
    { getRtcStats: async () => stats((looks += 1) * 10) },
    { onSample: ({ packets }) => void fresh.push(packets) },
  );
  t.after(() => clock.stop());
  await Promise.all([clock.look(), clock.look()]);
  assert.deepEqual(fresh, [10]);
  t.mock.timers.tick(500);
  await setImmediate();
  assert.deepEqual(fresh, [10, 10]);
});

test('packets to the caller are counted, too', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const looks = [stats(null, { sent: 25 }), stats(null, { sent: 50 }), stats(null, { sent: 50 })];
  const clock = new RtpStats({
    getRtcStats: () => Promise.resolve(looks.shift() ?? stats(null)),
  });
  t.after(() => clock.stop());
  for (let look = 0; look < 3; look += 1) {
    t.mock.timers.tick(500);
    await setImmediate();
  }
  const { packetsOut, lastPacketOutAtMs, packets } = clock.count;
  assert.deepEqual([packetsOut, lastPacketOutAtMs, packets], [50, 1_000, 0]);
});

test('statistics that do not come hold up one look, and are not asked for twice', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'] });
  let asked = 0;
  const answers: (() => Promise<Stats>)[] = [
    async () => stats(50),
    () => new Promise(() => {}),
    async () => stats(75),
  ];
  const fresh: number[] = [];
  const clock = new RtpStats(
    {
      getRtcStats: () => {
        asked += 1;
        return answers.shift()?.() ?? Promise.resolve(stats(75));
      },
    },
    { onSample: ({ packets }) => void fresh.push(packets) },
  );
  t.after(() => clock.stop());
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      t.mock.timers.tick(500);
      await setImmediate();
    }
  };
  await pass(2_500);
  assert.deepEqual([asked, fresh], [2, [50]], 'one look is under way');
  await pass(1_500);
  assert.deepEqual(fresh.slice(0, 2), [50, 25], 'the next one found what came');
});

test('while nothing is known of packets, no silence is concluded', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'] });
  t.mock.method(performance, 'now', () => Date.now());
  let isBlind = false;
  const clock = new RtpStats({
    getRtcStats: () =>
      isBlind ? Promise.reject(new Error('no connection')) : Promise.resolve(stats(50)),
  });
  t.after(() => clock.stop());
  const look = async () => {
    t.mock.timers.tick(500);
    await setImmediate();
  };
  await look();
  for (let count = 0; count < 4; count += 1) await look();
  assert.equal(clock.silentMs, 2_000);
  isBlind = true;
  for (let count = 0; count < 40; count += 1) await look();
  assert.equal(clock.silentMs, 2_000);
});

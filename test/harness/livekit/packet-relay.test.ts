import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { startPacketRelay, type PacketRelay } from './packet-relay.ts';

const RTP = 0x80;
const STUN = 0x00;

/** An echo server, a relay before it, and as many clients as asked for. */
async function relayed(t: TestContext, options: { seed?: number } = {}) {
  const echo = await udpSocket(t);
  echo.on('message', (packet, from) => echo.send(packet, from.port, from.address));
  const relay = await startPacketRelay({
    listen: { host: '127.0.0.1', port: 0 },
    server: { host: '127.0.0.1', port: echo.address().port },
    ...options,
  });
  t.after(() => relay.close());
  return { relay, newClient: () => client(t, relay) };
}

async function udpSocket(t: TestContext) {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => void socket.close());
  return socket;
}

/** Sends numbered packets of a kind and collects the numbers that come back. */
async function client(t: TestContext, relay: PacketRelay) {
  const socket = await udpSocket(t);
  const back: number[] = [];
  const changed = new Set<() => void>();
  socket.on('message', (packet) => {
    back.push(packet.readUInt16BE(2));
    for (const check of changed) check();
  });
  return {
    back,
    send(firstByte: number, ...numbers: number[]) {
      for (const number of numbers) {
        const packet = Buffer.from([firstByte, 0, 0, 0]);
        packet.writeUInt16BE(number, 2);
        socket.send(packet, relay.port, '127.0.0.1');
      }
    },
    async until(done: () => boolean) {
      if (done()) return;
      await new Promise<void>((resolve) => changed.add(() => done() && resolve()));
    },
  };
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

test('packets pass both ways, each client port on a flow of its own', async (t) => {
  const { relay, newClient } = await relayed(t);
  const [first, second] = [await newClient(), await newClient()];
  first.send(RTP, 1);
  await first.until(() => first.back.length === 1);
  second.send(RTP, 2, 3);
  await second.until(() => second.back.length === 2);
  assert.deepEqual([first.back, second.back], [[1], [2, 3]]);
  assert.deepEqual(
    relay.flows.map((flow) => flow.counts['to-client'].rtp),
    [
      { passed: 1, dropped: 0 },
      { passed: 2, dropped: 0 },
    ],
  );
});

test('a rule for one flow and one kind leaves everything else alone', async (t) => {
  const { relay, newClient } = await relayed(t);
  const [first, second] = [await newClient(), await newClient()];
  first.send(RTP, 0);
  const flow = await relay.client(0);
  using rule = flow.addRule({ kinds: ['rtp'], direction: 'from-client', loss: 1 });
  first.send(RTP, 1);
  first.send(STUN, 2);
  second.send(RTP, 3);
  await first.until(() => first.back.includes(2));
  await second.until(() => second.back.includes(3));
  assert.deepEqual(first.back, [0, 2]);
  rule.remove();
  first.send(RTP, 4);
  await first.until(() => first.back.includes(4));
  assert.deepEqual(flow.counts['from-client'].rtp, { passed: 2, dropped: 1 });
});

test('an address that a client only tried is not counted among the clients', async (t) => {
  const { relay, newClient } = await relayed(t);
  const [prober, speaker] = [await newClient(), await newClient()];
  const connected = relay.client(0);
  prober.send(STUN, 1);
  await prober.until(() => prober.back.length === 1);
  speaker.send(RTP, 1);
  assert.equal(await connected, relay.flows[1]);
  assert.equal(relay.flows.length, 2);
});

test('a share of the packets is lost, the same ones with the same seed', async (t) => {
  const arrived = async (seed: number) => {
    const { relay, newClient } = await relayed(t, { seed });
    relay.addRule({ direction: 'from-client', kinds: ['rtp'], loss: 0.3 });
    const sender = await newClient();
    sender.send(RTP, ...range(200));
    sender.send(STUN, 999);
    await sender.until(() => sender.back.includes(999));
    return sender.back;
  };
  const first = await arrived(7);
  assert.ok(first.length > 100 && first.length < 180, `${first.length} of 201 arrived`);
  assert.deepEqual(await arrived(7), first);
  assert.notDeepEqual(await arrived(8), first);
});

test('late packets are overtaken, and none is lost', async (t) => {
  const { relay, newClient } = await relayed(t);
  const sender = await newClient();
  relay.addRule({ direction: 'to-client', late: { share: 0.3, byMs: 20 } });
  sender.send(RTP, ...range(100));
  await sender.until(() => sender.back.length === 100);
  assert.notDeepEqual(sender.back, range(100));
  assert.deepEqual(
    sender.back.toSorted((a, b) => a - b),
    range(100),
  );
});

test('a delay holds every packet back by at least that long', async (t) => {
  const { relay, newClient } = await relayed(t);
  const sender = await newClient();
  relay.addRule({ delayMs: 60, jitterMs: 20 });
  const sentAtMs = performance.now();
  sender.send(RTP, ...range(20));
  await sender.until(() => sender.back.length === 20);
  // Both ways; timers may be a millisecond early.
  assert.ok(performance.now() - sentAtMs >= 118);
});

test('closing drops what is under way and lets nobody wait for ever', async (t) => {
  const { relay, newClient } = await relayed(t);
  const sender = await newClient();
  relay.addRule({ direction: 'to-client', delayMs: 60_000 });
  sender.send(RTP, 1);
  await relay.client(0);
  const waiting = relay.client(1);
  await relay.close();
  await assert.rejects(waiting, /closed before client 1 was connected/);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import timers from 'node:timers/promises';
import {
  DisconnectReason,
  dispose,
  ParticipantKind,
  RoomEvent,
  TrackSource,
} from '@livekit/rtc-node';
import { eventually } from '../eventually.ts';
import { startLivekitServer, type LivekitServer } from '../livekit/livekit-server.ts';
import { BareAgent, tone } from './bare-agent.ts';
import { SAMPLE_RATE } from './call-events.ts';
import type { Call } from './call.ts';
import { placeCall, type PlaceCallOptions } from './caller.ts';

let server: LivekitServer;
before(async () => {
  server = await startLivekitServer({ relay: true });
});
after(async () => {
  await server.stop();
  await dispose();
});

/** Lines of 600 ms of a tone: what is said matters to nobody here. */
const render = async () => tone({ hz: 300, at: 0, count: SAMPLE_RATE * 0.6 });

function keys() {
  const { url, httpUrl, apiKey, apiSecret } = server;
  return { url, httpUrl, apiKey, apiSecret };
}

async function ring(t: TestContext, options: Partial<PlaceCallOptions> = {}): Promise<Call> {
  const call = await placeCall({ ...keys(), agentName: null, recordTo: null, render, ...options });
  t.after(() => call[Symbol.asyncDispose]());
  return call;
}

async function agentFor(t: TestContext, call: Call, identity = 'agent-AJ_one'): Promise<BareAgent> {
  const agent = await BareAgent.join({ ...keys(), room: call.room, identity });
  t.after(() => agent.leave());
  return agent;
}

/** A call that an agent has answered. */
async function answered(t: TestContext, options: Partial<PlaceCallOptions> = {}) {
  const call = await ring(t, options);
  const agent = await agentFor(t, call);
  await agent.publish();
  return { call, agent };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function theCaller(agent: BareAgent) {
  const [caller] = agent.room.remoteParticipants.values();
  assert.ok(caller, 'nobody is in the room');
  return caller;
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-recording-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a ringing caller looks like one of LiveKit’s SIP gateway', async (t) => {
  const call = await ring(t, { from: '+15550123', to: '+15550199' });
  const caller = theCaller(await agentFor(t, call));
  assert.match(call.room, /^call_\+15550123_[A-Za-z0-9]{12}$/);
  assert.equal(caller.identity, 'sip_+15550123');
  assert.equal(caller.name, 'Phone +15550123');
  assert.equal(caller.kind, ParticipantKind.SIP);
  assert.deepEqual(Object.keys(caller.attributes).sort(), [
    'sip.callID',
    'sip.callIDFull',
    'sip.callStatus',
    'sip.callTag',
    'sip.hostname',
    'sip.phoneNumber',
    'sip.ruleID',
    'sip.trunkID',
    'sip.trunkPhoneNumber',
  ]);
  assert.match(call.callId, /^SCL_[A-Za-z0-9]{12}$/);
  assert.equal(caller.attributes['sip.callID'], call.callId);
  assert.equal(caller.attributes['sip.callStatus'], 'ringing');
  assert.equal(caller.attributes['sip.phoneNumber'], '+15550123');
  assert.equal(caller.attributes['sip.trunkPhoneNumber'], '+15550199');
  await eventually('the caller publishes', () => caller.trackPublications.size === 1);
  const [track] = caller.trackPublications.values();
  assert.equal(track?.name, caller.identity);
  assert.equal(track?.source, TrackSource.SOURCE_MICROPHONE);
  assert.equal(track?.muted, false);
});

test('the first track of an agent is the answer, and no packet is sent before it', async (t) => {
  const call = await ring(t);
  const agent = await agentFor(t, call);
  const statuses: string[] = [];
  agent.room.on(RoomEvent.ParticipantAttributesChanged, (changed) => {
    statuses.push(changed['sip.callStatus'] ?? '');
  });
  await eventually('the caller publishes', () => theCaller(agent).trackPublications.size === 1);
  assert.equal(await packetsReceived(agent), 0);
  await agent.publish();
  await call.waitFor('answered', (event) => event.identity === 'agent-AJ_one');
  await eventually('packets come', async () => (await packetsReceived(agent)) > 0);
  const report = await call.hangUp();
  assert.deepEqual(statuses, ['active', 'hangup']);
  assert.equal(report.answered, true);
  assert.equal(report.endedBy, 'caller');
});

test('a conversation is heard, recorded and measured, and ends when the agent ends it', async (t) => {
  const recordTo = await temporaryFolder(t);
  const script = [
    { say: 'A digger, please.' },
    { say: 'Thanks, bye.' },
    { waitForEnd: true },
  ] as const;
  const { call, agent } = await answered(t, { script, recordTo });
  await soundUntil(agent, 440, call.waitFor('said'));
  const bye = call.waitFor('said', ({ line }) => line === 'Thanks, bye.');
  await soundUntil(agent, 660, bye);
  const last = call.waitFor('agent-audio-end', ({ atMs }) => atMs > lastSaidMs(call));
  await soundUntil(agent, 880, last);
  await agent.deleteRoom();
  const report = await call.ended;

  assert.equal(report.endedBy, 'agent');
  assert.equal(report.disconnectReason, 'ROOM_DELETED');
  assert.deepEqual(report.agentIdentities, ['agent-AJ_one']);
  assert.deepEqual(
    report.turns.map((turn) => turn.caller),
    ['A digger, please.', 'Thanks, bye.'],
  );
  const tones = [report.greeting, ...report.turns].map((heard) => strongest(heard?.agentPcm));
  assert.deepEqual(tones, [440, 660, 880]);
  for (const turn of report.turns) {
    assert.ok(turn.latencyMs !== null && turn.latencyMs > 0, `latency ${turn.latencyMs}`);
  }
  assert.ok(report.ringToAnswerMs !== null && report.ringToFirstWordMs !== null);
  assert.ok(report.ringToFirstWordMs > report.ringToAnswerMs);
  assert.ok(report.goodbyeEndMs !== null && report.goodbyeEndMs < report.endedAtMs);
  assert.deepEqual((await readdir(recordTo)).sort(), ['agent-AJ_one.wav', 'caller.wav', 'mix.wav']);
  const mix = await readFile(join(recordTo, 'mix.wav'));
  assert.equal(mix.readUInt32LE(24), SAMPLE_RATE);
});

/** The answer to a tone that was heard comes within a second. */
const swallowedMs = 10_000;

/** Sounds a tone, and again where a machine that stood still has swallowed it. */
async function soundUntil(agent: BareAgent, hz: number, heard: Promise<unknown>): Promise<void> {
  const hears = heard.then(() => true);
  do await agent.sound({ hz, ms: 700 });
  while (!(await Promise.race([hears, timers.setTimeout(swallowedMs, false, { ref: false })])));
}

function lastSaidMs(call: Call): number {
  return call.events.findLast((event) => event.type === 'said')?.atMs ?? Infinity;
}

/** Which of the tones that an agent sounds here is in the audio. */
function strongest(pcm: Int16Array | null | undefined): number | undefined {
  const powers = [440, 660, 880].map((hz) => ({ hz, power: powerAt(hz, pcm ?? new Int16Array()) }));
  return powers.toSorted((a, b) => b.power - a.power)[0]?.hz;
}

/** Summed over stretches of 20 ms, so that audio lost between two of them does not matter. */
function powerAt(hz: number, pcm: Int16Array): number {
  const stretch = SAMPLE_RATE / 50;
  let sum = 0;
  for (let from = 0; from + stretch <= pcm.length; from += stretch) {
    let [re, im] = [0, 0];
    for (let at = 0; at < stretch; at += 1) {
      const angle = (2 * Math.PI * hz * at) / SAMPLE_RATE;
      re += (pcm[from + at] ?? 0) * Math.cos(angle);
      im += (pcm[from + at] ?? 0) * Math.sin(angle);
    }
    sum += re * re + im * im;
  }
  return sum;
}

test('a caller talks over the agent when told to', async (t) => {
  const script = [{ say: 'Stop.', when: { afterMs: 300, from: 'agent-start' } }] as const;
  const { call, agent } = await answered(t, { script });
  await agent.sound({ hz: 440, ms: 2_500 });
  const start = await call.waitFor('agent-audio-start');
  const said = await call.waitFor('said');
  const end = await call.waitFor('agent-audio-end');
  assert.ok(said.fromMs >= start.atMs + 300);
  assert.ok(said.fromMs < end.atMs);
});

test('the agent hears what the caller is told to say', async (t) => {
  const { call, agent } = await answered(t);
  await call.say('Hello?');
  await eventually('the agent hears it', () => agent.heard.length === 2);
  const [start, end] = agent.heard;
  const heardMs = (end?.atMs ?? 0) - (start?.atMs ?? 0);
  assert.ok(heardMs > 120 && heardMs < 3_000, `heard ${heardMs} of 600 ms`);
});

test('a key that is pressed reaches the agent', async (t) => {
  const { call, agent } = await answered(t);
  const keysHeard: string[] = [];
  agent.room.on(RoomEvent.DtmfReceived, (code, digit) => keysHeard.push(`${code} ${digit}`));
  call.sendDtmf('7');
  call.sendDtmf('#');
  await eventually('the keys arrive', () => keysHeard.length === 2);
  assert.deepEqual(keysHeard, ['7 7', '11 #']);
});

test('a caller who gives up while it rings was not answered', async (t) => {
  const call = await ring(t);
  const report = await call.cancel();
  assert.equal(report.answered, false);
  assert.equal(report.endedBy, 'caller');
  assert.equal(report.ringToAnswerMs, null);
  assert.deepEqual(report.turns, []);
});

test('a call that nobody answers ends after its ring timeout', async (t) => {
  const call = await ring(t, { ringTimeoutMs: 100 });
  const report = await call.ended;
  assert.equal(report.answered, false);
  assert.equal(report.endedBy, 'timeout');
});

test('the agent sees a hang-up as one', async (t) => {
  const { call, agent } = await answered(t);
  const left = new Promise<DisconnectReason | undefined>((resolve) => {
    agent.room.once(RoomEvent.ParticipantDisconnected, (who) => resolve(who.disconnectReason));
  });
  await call.hangUp();
  assert.equal(await left, DisconnectReason.CLIENT_INITIATED);
});

test('a caller that stops sending hangs up after the media timeout', async (t) => {
  const { call, agent } = await answered(t, { mediaTimeoutMs: 1_500 });
  await eventually('packets come', async () => (await packetsReceived(agent)) > 0);
  call.stopPackets();
  await packetsStop(agent);
  const report = await call.ended;
  assert.equal(report.endedBy, 'timeout');
});

test('a caller that sends again in time stays', async (t) => {
  const { call, agent } = await answered(t, { mediaTimeoutMs: 2_000 });
  call.stopPackets();
  await call.waitFor('packets-stopped');
  call.resumePackets();
  await call.waitFor('packets-resumed');
  const sofar = await packetsReceived(agent);
  await eventually('packets come again', async () => (await packetsReceived(agent)) > sofar);
  assert.equal((await call.hangUp()).endedBy, 'caller');
});

test(
  'a caller is back after a restart of the server, with its track published anew',
  {
    timeout: 60_000,
  },
  async (t) => {
    await using own = await startLivekitServer();
    const { url, httpUrl, apiKey, apiSecret } = own;
    const call = await ring(t, { url, apiKey, apiSecret });
    const { room } = call;
    const identity = 'agent-AJ_one';
    await using agent = await BareAgent.join({ url, httpUrl, apiKey, apiSecret, room, identity });
    await agent.publish();
    await call.waitFor('answered');
    await own.restart();
    await call.waitFor('republished');
    await call.waitFor('reconnected');
    const types = call.events.map(({ type }) => type);
    assert.ok(types.indexOf('reconnecting') < types.indexOf('republished'));
    assert.equal(types.includes('ended'), false);
  },
);

test('a caller who vanishes leaves its recording and report', async (t) => {
  const recordTo = await temporaryFolder(t);
  const { call, agent } = await answered(t, { recordTo });
  await agent.sound({ hz: 440, ms: 500 });
  await call.waitFor('agent-audio-end');
  const { pid } = call;
  const report = await call.vanish();
  assert.equal(isAlive(pid), false);
  assert.equal(report.endedBy, 'caller');
  assert.equal(report.disconnectReason, null);
  assert.ok(report.ringToFirstWordMs !== null);
  assert.ok((await readdir(recordTo)).includes('caller.wav'));
});

test('a frozen caller is heard again when it is thawed, and missed no word twice', async (t) => {
  const { call, agent } = await answered(t);
  await call.say('One.');
  await eventually('the agent hears it', () => agent.heard.length === 2);
  await call.freeze();
  await packetsStop(agent);
  call.thaw();
  await call.say('Two.');
  await eventually('the agent hears it', () => agent.heard.length === 4);
  assert.equal((await call.hangUp()).endedBy, 'caller');
});

test('a frozen caller does not outlast its call', async (t) => {
  const { call } = await answered(t);
  await call.freeze();
  await call[Symbol.asyncDispose]();
  assert.equal(isAlive(call.pid), false);
});

test('two agents are recorded apart, and their speaking at once is measured', async (t) => {
  const recordTo = await temporaryFolder(t);
  const { call, agent } = await answered(t, { recordTo });
  const second = await agentFor(t, call, 'agent-AJ_two');
  await second.publish();
  await Promise.all([agent.sound({ hz: 440, ms: 1_000 }), second.sound({ hz: 660, ms: 1_000 })]);
  await call.waitFor('agent-audio-end', (event) => event.identity === 'agent-AJ_two');
  await call.waitFor('agent-audio-end', (event) => event.identity === 'agent-AJ_one');
  const report = await call.hangUp();
  assert.deepEqual(report.agentIdentities, ['agent-AJ_one', 'agent-AJ_two']);
  assert.ok(report.overlapMs > 200 && report.overlapMs < 5_000, `overlap ${report.overlapMs}`);
  assert.deepEqual((await readdir(recordTo)).sort(), [
    'agent-AJ_one.wav',
    'agent-AJ_two.wav',
    'caller.wav',
    'mix.wav',
  ]);
});

test('the relay can take the caller’s voice away and give it back', async (t) => {
  const { relay } = server;
  // Without a second loopback address there is no relay.
  if (!relay) return t.diagnostic('no relay on this machine');
  const callersBefore = relay.clients.length;
  const { call, agent } = await answered(t);
  const flow = await relay.client(callersBefore);
  await eventually('packets come', async () => (await packetsReceived(agent)) > 0);
  const blackOut = flow.addRule({ kinds: ['rtp'], direction: 'from-client', loss: 1 });
  const stopped = await packetsStop(agent);
  await call.say('Unheard.');
  assert.equal(await packetsReceived(agent), stopped);
  assert.deepEqual(agent.heard, []);
  blackOut.remove();
  await call.say('Heard.');
  await eventually('the agent hears it', () => agent.heard.length > 0);
});

test('a caller that is refused says so, and leaves no process', async (t) => {
  const placing = ring(t, { apiSecret: 'a-secret-that-the-server-does-not-know' });
  await assert.rejects(placing, /The caller's process failed: .*Error/);
});

test('a caller ends when the process that placed the call is gone', async (t) => {
  const script = `
    const { placeCall } = await import(${JSON.stringify(new URL('./caller.ts', import.meta.url))});
    const options = JSON.parse(process.argv[1]);
    const call = await placeCall({ ...options, agentName: null, recordTo: null });
    console.log(call.pid);`;
  const owner = spawn(
    process.execPath,
    ['--input-type=module', '-e', script, JSON.stringify(keys())],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => owner.kill('SIGKILL'));
  const line = await new Promise((resolve) => owner.stdout.once('data', resolve));
  const pid = Number(String(line));
  assert.equal(isAlive(pid), true);
  owner.kill('SIGKILL');
  await eventually('the process ends', () => !isAlive(pid));
});

/** Audio packets the agent has got from everyone: the only honest sign of media in rtc-node. */
async function packetsReceived(agent: BareAgent): Promise<number> {
  const { publisherStats, subscriberStats } = await agent.room.getRtcStats();
  return [...publisherStats, ...subscriberStats]
    .flatMap(({ stats }) => (stats.case === 'inboundRtp' ? [stats.value] : []))
    .filter(({ stream }) => stream?.kind === 'audio')
    .reduce((sum, { received }) => sum + Number(received?.packetsReceived ?? 0), 0);
}

/** Waits until no packet has come for 400 ms, and tells how many came in all. */
async function packetsStop(agent: BareAgent): Promise<number> {
  let [count, sinceMs] = [await packetsReceived(agent), performance.now()];
  await eventually('the packets stop', async () => {
    const now = await packetsReceived(agent);
    if (now !== count) [count, sinceMs] = [now, performance.now()];
    return performance.now() - sinceMs >= 400;
  });
  return count;
}

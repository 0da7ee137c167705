import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dispose } from '@livekit/rtc-node';
import { BareAgent } from '../../harness/caller/bare-agent.ts';
import type { Call } from '../../harness/caller/call.ts';
import type { LogLine } from '../../harness/yard/service-log.ts';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath } from '../aftermath.ts';
import { sayUntil } from '../talking.ts';

const skidSteer = { say: 'Do you have a skid steer?', hears: /skid steer is free/i };
const address = { say: 'Where are you located?', hears: /quarry road/i };
/** What the detectors of speech may make of one voice that follows another at once. */
const overlapNoiseMs = 150;

let yard: Yard;
let service: Service;
/** While it is there, the agent sees no packet, though all of them come. */
let falseAlarm: string;

before(async () => {
  yard = await Yard.open({ latencyMs: { stt: 100, llm: 200, tts: 100 } });
  await yard.teach([skidSteer.say, address.say]);
  falseAlarm = join(yard.folder, 'false-alarm');
  service = yard.service({
    env: {
      NODE_OPTIONS: `--import=${new URL('../false-alarm.ts', import.meta.url).href}`,
      FALSE_ALARM: falseAlarm,
      NUM_IDLE_PROCESSES: '2',
      AUDIO_GAP_MS: '1000',
      GAP_COOLDOWN_MS: '1000',
      // Long enough for every sign of life to grow old before the ladder's strongest step.
      SIP_MEDIA_TIMEOUT_MS: '40000',
    },
  });
  await service.ready({ warm: 2 });
});
after(async () => {
  await yard[Symbol.asyncDispose]();
  // The native side of the other agent would keep this process.
  await dispose();
});
tellFailures(() => yard);

/** A line of this call that comes after now. */
async function next(call: Call, event: string, fields: Partial<LogLine> = {}): Promise<LogLine> {
  const mark = service.lines.length;
  return service.waitFor(event, (line) => {
    const isNew = service.lines.indexOf(line) >= mark;
    const isIt = Object.entries(fields).every(([name, value]) => line[name] === value);
    return isNew && isIt && line.callId === call.callId;
  });
}

/** The agent believes that no packet comes until `enough`, and sees them then. */
async function believeInGapUntil(call: Call, enough: Promise<LogLine>): Promise<LogLine> {
  const recovered = next(call, 'gap.recovered');
  await writeFile(falseAlarm, '');
  await enough;
  await rm(falseAlarm);
  return recovered;
}

/** Asks, and hears the answer to its end. */
async function ask(call: Call, { say, hears }: typeof skidSteer): Promise<void> {
  const saidBefore = yard.of(call, yard.spoken).length;
  const words = () =>
    yard
      .of(call, yard.spoken)
      .slice(saidBefore)
      .map(({ text }) => text.trim());
  await sayUntil(call, say, () => hears.test(words().join(' ')));
  const { atMs } = call.events.findLast(({ type }) => type === 'said') ?? { atMs: 0 };
  await call.waitFor('agent-audio-end', (event) => event.atMs > atMs);
}

test('a track taken anew and a fresh job make a healthy call no worse', async () => {
  await using call = await yard.call();
  await call.waitFor('agent-audio-end');
  const first = await believeInGapUntil(call, next(call, 'gap.step', { step: 'resubscribe' }));
  await ask(call, skidSteer);
  const second = await believeInGapUntil(call, next(call, 'job.handed-over', { kind: 'rejoin' }));
  await ask(call, address);
  await call.hangUp();
  const { report, lines } = await aftermath({ yard, service }, call);
  assert.deepEqual([first['step'], second['step']], ['resubscribe', 'rejoin']);
  assert.notEqual(first['jobId'], second['jobId'], 'a fresh job saw the packets');
  const jobs = report.agentIdentities.filter((one) => !one.startsWith('agent-attendant'));
  assert.equal(jobs.length, 2);
  assert.ok(report.overlapMs < overlapNoiseMs, `two agents spoke at once: ${report.overlapMs} ms`);
  const closed = lines.findLast(({ event }) => event === 'call.closed');
  assert.partialDeepStrictEqual(closed, {
    reason: 'caller-hangup',
    handovers: 1,
    gaps: { gaps: 2, attempts: 2, recovered: 2, byStep: { ask: 0, resubscribe: 1, rejoin: 1 } },
  });
});

test('the packets of another agent do not hide that the caller’s have stopped', async () => {
  await using call = await yard.call();
  await call.waitFor('agent-audio-end');
  const { url, httpUrl, apiKey, apiSecret } = yard.livekit;
  const livekit = { url, httpUrl, apiKey, apiSecret };
  await using other = await BareAgent.join({
    ...livekit,
    room: call.room,
    identity: 'agent-AJ_other',
  });
  await other.publish();
  // From then on its track sends silence, a few packets a second.
  await other.sound({ hz: 440, ms: 200 });
  const gap = next(call, 'gap.detected');
  call.stopPackets();
  await gap;
  const recovered = next(call, 'gap.recovered');
  call.resumePackets();
  await recovered;
  await call.hangUp();
});

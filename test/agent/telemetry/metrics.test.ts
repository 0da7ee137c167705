import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { Line } from '../../../agent/ipc/client.ts';
import { jobOrder } from '../../../agent/ipc/messages.ts';
import type { JobOrder, JobReport, MetricSample, ResumeKind } from '../../../agent/ipc/messages.ts';
import { termination } from '../../../agent/ipc/termination.ts';
import { watchedLog } from '../../../agent/telemetry/events.ts';
import type { Log } from '../../../agent/telemetry/events.ts';
import type { Gauged } from '../../../agent/telemetry/gauges.ts';
import { JobLine } from '../../../agent/ipc/server.ts';
import type { JobPeer } from '../../../agent/ipc/server.ts';
import { noUsage } from '../../../agent/infra/usage.ts';
import { Metrics } from '../../../agent/telemetry/metrics.ts';
import { eventually } from '../../harness/eventually.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import { noEvents } from '../supervisor/guardian/line-events.ts';

const room = 'call_***0111_Ab12';

let gauged: Gauged;
let nowMs: number;
let metrics: Metrics;

beforeEach(() => {
  gauged = {
    link: 'registered',
    lastPongAgeMs: 1_500,
    workers: [],
    isReady: true,
    calls: 2,
    warmProcesses: 4,
    inventoryAgeMs: 12_000,
    outboxRows: 3,
    outboxAgeMs: 60_000,
    confirmationRows: null,
    confirmationAgeMs: null,
    openAlerts: [],
  };
  nowMs = 1_000_000;
  metrics = new Metrics(
    () => gauged,
    () => nowMs,
  );
});

/** A job on the line that has just said that it is alive. */
function job(jobId: string): JobPeer {
  return {
    pid: 11,
    workerPid: 10,
    stage: 'live',
    stageSinceMs: nowMs,
    call: { jobId, room, callId: 'SCL_1' },
    lastBeatMs: nowMs,
    send: () => {},
  };
}

/** The samples that a job sends for these events. */
function samplesOf(emit: (log: Log) => void): MetricSample[] {
  const all: MetricSample[] = [];
  emit(watchedLog(recordedLog().log, ({ samples }) => all.push(...samples)));
  return all;
}

const goingOn = (kind: ResumeKind) =>
  samplesOf((log) => log.emit('job.resumed', { kind, items: 4, isHopeless: false }));

const counted = (name: string, labels: Record<string, string>): MetricSample => ({
  name,
  labels,
  seconds: null,
});

/** What a scrape shows, by series. */
async function scrape(): Promise<ReadonlyMap<string, number>> {
  const lines = (await metrics.text()).split('\n');
  const series = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    series.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

/** Of all series with one of `names`, those that are not 0. */
async function notZero(...names: string[]): Promise<Record<string, number>> {
  const all = [...(await scrape())];
  const isAsked = (series: string) => names.includes(series.replace(/\{.*/, ''));
  return Object.fromEntries(all.filter(([series, value]) => isAsked(series) && value !== 0));
}

test('shows what a job sends over its line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-metrics-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const line = new JobLine({
    ...noEvents,
    onMetrics: (peer, values) => metrics.fromJob(peer, values),
  });
  const path = await line.listen(folder);
  cleanUp.defer(() => line.close());
  const hello = (): JobReport => ({
    type: 'hello',
    role: 'job',
    pid: 11,
    workerPid: 10,
    stage: 'live',
    call: { jobId: 'AJ_1', room, callId: 'SCL_1' },
  });
  const end = new Line<JobReport, JobOrder>({ path, orders: jobOrder, hello });
  cleanUp.defer(() => end.close(null));
  await eventually('the job is there', () => line.jobs.size === 1);
  end.send({
    type: 'metrics',
    metrics: samplesOf((log) => {
      log.emit('call.answered', { ringMs: 400, by: 'job', greeting: 'ready' });
      log.emit('turn.completed', { latencyMs: 900 });
      log.emit('turn.completed', { latencyMs: 2_600 });
      log.emit('tool.used', { tool: 'find_equipment', ok: true, durationMs: 1 }, 'used');
      const usage = { ...noUsage, tokensIn: 5_000, tokensCached: 3_000, heardSeconds: 61 };
      const closed = { ...termination('caller-hangup'), usage, costUsd: 0.02 };
      log.emit('call.closed', closed, 'served');
      log.emit('call.ended', { ...termination('caller-hangup'), endedBy: 'caller' }, 'served');
    }),
  });
  const ended = 'pickup_calls_ended_total{result="completed",reason="caller-hangup"}';
  await eventually('the end is counted', async () => (await scrape()).get(ended) === 1);
  const series = await scrape();
  assert.equal(series.get('pickup_calls_answered_total'), 1);
  assert.equal(series.get('pickup_call_pickup_seconds_sum'), 0.4);
  assert.equal(series.get('pickup_turn_latency_seconds_count'), 2);
  assert.equal(series.get('pickup_turn_latency_seconds_bucket{le="1"}'), 1);
  assert.equal(series.get('pickup_tools_used_total{tool="find_equipment",ok="true"}'), 1);
  assert.equal(series.get('pickup_llm_tokens_total{kind="in"}'), 5_000);
  assert.equal(series.get('pickup_llm_tokens_total{kind="cached"}'), 3_000);
  assert.equal(series.get('pickup_stt_seconds_total'), 61);
  assert.equal(series.get('pickup_tts_characters_total'), 0);
  assert.equal(series.get('pickup_calls_cost_usd_total'), 0.02);
});

test('counts every kind of thing that a job may tell', async () => {
  const ended = termination('caller-hangup');
  const booking = { bookingId: 'QL3773', itemId: 'EX-1', callId: 'SCL_1', repeated: false };
  const samples = samplesOf((log) => {
    log.emit('call.closed', { ...ended, answerToFirstWordMs: 100 }, 'served');
    log.emit('provider.failed', { sense: 'speaking' }, 'failed');
    log.emit('gap.step', { attempt: 1, step: 'ask' });
    log.emit('gap.recovered', { attempt: 1, step: 'ask', afterMs: 1, lengthMs: 2 });
    log.emit('booking.committed', { ...booking, start: '2026-12-01', end: '2026-12-02' });
    log.emit('handover.due', { afterMs: 1 });
    log.emit('handover.failed', { kind: 'handover', error: new Error('no') });
  });
  metrics.fromJob(job('AJ_1'), samples);
  const names = ['provider_failures', 'gap_steps', 'bookings', 'handovers_due', 'handovers_failed'];
  assert.deepEqual(await notZero(...names.map((name) => `pickup_${name}_total`)), {
    'pickup_provider_failures_total{sense="speaking"}': 1,
    'pickup_gap_steps_total{step="ask",outcome="tried"}': 1,
    'pickup_gap_steps_total{step="ask",outcome="recovered"}': 1,
    'pickup_bookings_total{outcome="committed"}': 1,
    pickup_handovers_due_total: 1,
    'pickup_handovers_failed_total{kind="handover"}': 1,
  });
  assert.equal((await scrape()).get('pickup_call_first_word_seconds_count'), 1);
});

test('makes no series of what it does not know', async () => {
  const before = [...(await scrape()).keys()].filter((name) => !name.includes('nodejs'));
  metrics.fromJob(job('AJ_1'), [
    counted('calls_ended_total', { result: 'failed', reason: 'by-magic' }),
    counted('calls_ended_total', { reason: 'crash' }),
    counted('tools_used_total', { tool: '+15555550111', ok: 'true' }),
    counted('call_resumes_total', { kind: 'sideways' }),
    counted('call_pickup_seconds', {}),
    { name: 'turn_latency_seconds', labels: { caller: '+15555550111' }, seconds: 1 },
    { name: 'songs_seconds', labels: {}, seconds: 1 },
  ]);
  const after = [...(await scrape()).keys()].filter((name) => !name.includes('nodejs'));
  assert.deepEqual(after, before);
});

test("counts the supervisor's own events", async () => {
  const { log } = recordedLog();
  const own = watchedLog(log, (emitted) => metrics.emitted(emitted));
  own.emit('booking.confirmed', { bookingId: 'QL3773', itemId: 'EX-1', callId: null });
  own.emit('call.ended', { ...termination('crash'), endedBy: null }, 'lost');
  own.emit('guardian.gave-up', { room, callId: null, attempts: 1, wasAnswered: true });
  own.emit('job.died', { jobPid: 11, stage: 'live', room, callId: null });
  own.emit('inventory.refreshed', { items: 1, durationMs: 1, failures: 0 }, 'usual');
  const names = ['bookings', 'calls_ended', 'guardian_actions', 'processes_failed'];
  assert.deepEqual(await notZero(...names.map((name) => `pickup_${name}_total`)), {
    'pickup_bookings_total{outcome="confirmed"}': 1,
    'pickup_calls_ended_total{result="failed",reason="crash"}': 1,
    'pickup_guardian_actions_total{action="gave-up"}': 1,
    'pickup_processes_failed_total{process="job",how="died"}': 1,
  });
});

/** A call leaves one job and goes on in the next `gapMs` later. */
async function move(resume: ResumeKind, gapMs: number, leave: (old: JobPeer) => void) {
  const old = job('AJ_1');
  leave(old);
  nowMs = old.lastBeatMs + gapMs;
  metrics.fromJob(job('AJ_2'), goingOn(resume));
  const [series] = Object.keys(await notZero('pickup_call_resumes_total'));
  const sum = `pickup_call_resume_gap_seconds_sum{kind="${resume}"}`;
  return [series?.replace('pickup_call_resumes_total', ''), (await scrape()).get(sum)];
}

test('a takeover after a death lasts from the last sign of the dead', async () => {
  const seen = await move('takeover', 800, (old) => metrics.jobGone(old, null));
  assert.deepEqual(seen, ['{kind="takeover",cause="died"}', 0.8]);
  assert.equal(metrics.takeovers, 1);
});

test('a job that was silent before it was killed is told from one that died', async () => {
  const seen = await move('takeover', 4_000, (old) => {
    nowMs += 3_000;
    metrics.jobGone(old, null);
  });
  assert.deepEqual(seen, ['{kind="takeover",cause="fell-silent"}', 4]);
});

test('a job that says that it failed is told from one that died', async () => {
  const seen = await move('takeover', 1_000, (old) => metrics.jobGone(old, 'failed'));
  assert.deepEqual(seen, ['{kind="takeover",cause="failed"}', 1]);
});

test('a frozen job counts from its last beat, and not again when it is gone for good', async () => {
  const old = job('AJ_1');
  const own = watchedLog(recordedLog().log, (emitted) => metrics.emitted(emitted));
  const frozen = { jobPid: 11, stage: 'live', room, callId: 'SCL_1', silentMs: 1_200 } as const;
  own.emit('job.frozen', frozen);
  nowMs += 800;
  metrics.fromJob(job('AJ_2'), goingOn('takeover'));
  const sum = 'pickup_call_resume_gap_seconds_sum{kind="takeover"}';
  assert.equal((await scrape()).get(sum), 2);
  nowMs += 10_000;
  metrics.jobGone(old, null);
  metrics.fromJob(job('AJ_3'), goingOn('takeover'));
  assert.deepEqual(await notZero('pickup_call_resumes_total'), {
    'pickup_call_resumes_total{kind="takeover",cause="fell-silent"}': 1,
    'pickup_call_resumes_total{kind="takeover",cause="unknown"}': 1,
  });
});

test('a fresh job that dies on its way does not shorten the gap', async () => {
  const seen = await move('takeover', 3_000, (old) => {
    metrics.jobGone(old, null);
    nowMs += 1_000;
    metrics.jobGone({ ...job('AJ_9'), stage: 'claiming' }, null);
  });
  assert.deepEqual(seen, ['{kind="takeover",cause="died"}', 3]);
});

test('a planned hand-over lasts from the moment in which the call was given away', async () => {
  const seen = await move('handover', 120, (old) => {
    metrics.fromJob(
      old,
      samplesOf((log) => log.emit('job.handed-over', { kind: 'handover' })),
    );
    metrics.jobGone(old, 'yielded');
  });
  assert.deepEqual(seen, ['{kind="handover",cause="planned"}', 0.12]);
  assert.equal(metrics.takeovers, 0);
});

test('a call that left its job out of sight has no gap, and no cause', async () => {
  const seen = await move('takeover', 1_000, () => {});
  assert.deepEqual(seen, ['{kind="takeover",cause="unknown"}', undefined]);
});

test('a call that ended is not the one before the next in its room', async () => {
  const seen = await move('takeover', 1_000, (old) => {
    metrics.jobGone(old, null);
    metrics.jobGone(job('AJ_3'), 'ended');
  });
  assert.deepEqual(seen, ['{kind="takeover",cause="unknown"}', undefined]);
});

test('shows the state as it is at the scrape, in seconds', async () => {
  gauged = { ...gauged, openAlerts: ['booking-conflict'] };
  const series = await scrape();
  const shown = (name: string) => series.get(`pickup_${name}`);
  assert.deepEqual(
    ['registered', 'connecting', 'refused', 'gave-up'].map((s) =>
      shown(`link_state{state="${s}"}`),
    ),
    [1, 0, 0, 0],
  );
  assert.deepEqual(
    [
      shown('link_pong_age_seconds'),
      shown('calls_live'),
      shown('warm_processes'),
      shown('inventory_age_seconds'),
      shown('outbox_rows'),
      shown('outbox_oldest_age_seconds'),
      shown('ready'),
      shown('alert_open{cause="booking-conflict"}'),
      shown('alert_open{cause="no-registration"}'),
    ],
    [1.5, 2, 4, 12, 3, 60, 1, 1, 0],
  );
  assert.ok((shown('process_resident_memory_bytes') ?? 0) > 0);
});

test('what there is not has no value', async () => {
  await scrape();
  gauged = { ...gauged, link: null, lastPongAgeMs: null, inventoryAgeMs: null, outboxAgeMs: null };
  const series = await scrape();
  assert.equal(series.get('pickup_link_state{state="registered"}'), 0);
  for (const name of ['link_pong', 'inventory', 'outbox_oldest']) {
    assert.equal(series.has(`pickup_${name}_age_seconds`), false);
  }
});

test('reconnects add up over the workers', async () => {
  const total = async () => (await scrape()).get('pickup_link_reconnects_total');
  gauged = { ...gauged, workers: [{ pid: 10, reconnects: 2 }] };
  assert.equal(await total(), 2);
  assert.equal(await total(), 2);
  gauged = {
    ...gauged,
    workers: [
      { pid: 10, reconnects: 3 },
      { pid: 20, reconnects: 0 },
    ],
  };
  assert.equal(await total(), 3);
  gauged = { ...gauged, workers: [{ pid: 20, reconnects: 1 }] };
  assert.equal(await total(), 4);
});

test('every figure begins with pickup_, and says what it is', async () => {
  const lines = (await metrics.text()).split('\n');
  const names = lines
    .filter((line) => line.startsWith('# TYPE '))
    .map((line) => line.split(' ')[2]);
  assert.deepEqual(
    names.filter((name) => !name?.startsWith('pickup_')),
    [],
  );
  const helped = lines.filter((line) => /^# HELP \S+ \S/.test(line));
  assert.equal(helped.length, names.length);
});

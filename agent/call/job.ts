import { defineAgent, inference } from '@livekit/agents';
import type { JobContext } from '@livekit/agents';
import { flushCompileCache } from 'node:module';
import timers from 'node:timers/promises';
import { warmCommit } from '../../tools/journal/commit-booking.ts';
import { loadConfig } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { Line, linePath } from '../ipc/client.ts';
import { jobOrder } from '../ipc/messages.ts';
import type { JobCall, JobOrder, JobOutcome, JobReport, JobStage } from '../ipc/messages.ts';
import { captureFrameworkLines } from '../livekit/framework-log.ts';
import { createLog } from '../infra/log.ts';
import { storeOpener } from '../infra/store/database.ts';
import { eventLog, watchedLog } from '../telemetry/events.ts';
import { BookingClient } from './persistence/booking-client.ts';
import { CallStore } from './persistence/call-store.ts';
import { Call } from './call.ts';
import { leaveAfter } from './call.ts';
import { MetricsSender } from '../telemetry/metrics-sender.ts';

/**
 * A job process: forked and kept warm by the framework, which imports this file; it serves one call
 * and exits. Its whole life is one line to the supervisor.
 */

const config = loadConfig();
const log = eventLog(
  captureFrameworkLines((write) =>
    createLog({ level: config.logLevel, secrets: config.secrets, write }),
  ),
);

/** Takes 20 ms; the server notices by itself when the process is gone. */
const disconnectMs = 500;
/** Below the framework's 10 s, past which it kills the warm process and forks another at once. */
const prewarmMs = 3_000;
/** The framework forks the next process at once, and the one after that: not in a tight loop. */
const unfitMs = 1_000;

let stage: JobStage = 'idle';
let serving: JobCall | null = null;
let call: Call | undefined;
let bookings: BookingClient | undefined;
const store = storeOpener(config.store);

let line: Line<JobReport, JobOrder> | undefined;

/** Whoever is on the line as idle counts as warm: a process opens it once it is. */
function openLine(): Line<JobReport, JobOrder> {
  return new Line<JobReport, JobOrder>({
    orders: jobOrder,
    path: config.linePath ?? linePath(config.store.dataDir),
    hello: () => ({
      type: 'hello',
      role: 'job',
      pid: process.pid,
      workerPid: process.ppid,
      stage,
      call: serving,
    }),
    onLost: () => bookings?.onLineLost(),
    onIgnored: (ignored) => log.emit('line.failed', ignored),
    onOrder: (order) => {
      bookings?.onOrder(order);
      call?.onOrder(order);
      // What closes is heard no longer, and ends within its own time: its record is worth that.
      if (order.type !== 'end' || stage === 'closing') return;
      log.emit('job.forced', {}, 'ordered');
      void leave('failed');
    },
  });
}

function tell(report: JobReport): boolean {
  return line?.send(report) ?? false;
}

process.on('uncaughtException', (error) => {
  log.emit('process.fault', { error }, 'job-exception');
  void leave('failed');
});
// The framework logs these at debug only.
process.on('unhandledRejection', (error) => {
  log.emit('process.fault', { error }, stage === 'closing' ? 'job-closing' : 'job-rejection');
});
// The framework's own way takes 15 s. A job with a call talks on; a warm one has nobody to serve.
process.on('disconnect', () => {
  if (stage === 'idle') process.exit(0);
});

/** Says `bye` and ends the process, whatever the framework or the native side still hold. */
async function leave(outcome: JobOutcome): Promise<void> {
  await line?.close({ type: 'bye', outcome });
  // Not `process.exit()`: it would first write the compile cache and take the native libraries
  // apart, for seconds on a busy machine.
  process.kill(process.pid, 'SIGKILL');
}

async function serve(ctx: JobContext): Promise<void> {
  const room = ctx.job.room?.name ?? '';
  const jobId = ctx.job.id;
  const metrics = new MetricsSender((sent) => tell({ type: 'metrics', metrics: sent }));
  const callLog = watchedLog(log.child({ room, jobId, jobPid: process.pid }), ({ samples }) =>
    metrics.take(samples),
  );
  const callStore = new CallStore({ open: store, voice: config.voice, log: callLog });
  bookings = new BookingClient({
    callId: () => call?.callId ?? jobId,
    store,
    inventory: () => callStore.inventory(),
    isLost: () => callStore.isLost(),
    send: tell,
    log: callLog,
    confirms: config.confirmations !== null,
  });
  call = new Call({
    ctx,
    config,
    log: callLog,
    store: callStore,
    desk: bookings,
    askForFreshJob: (kind) => tell({ type: 'hand-over', kind }),
    onStage: (next, callId) => {
      stage = next;
      serving = { jobId, room, callId };
      tell({ type: 'stage', stage, call: serving });
    },
  });
  await leaveAfter(await call.run(), { log: callLog, leave, leaveRoom: () => leaveRoom(ctx) });
}

/** Not by the framework's own close, which may wait for a minute for somebody to take a track. */
async function leaveRoom(ctx: JobContext): Promise<void> {
  try {
    await withDeadline(() => ctx.room.disconnect(), { ms: disconnectMs, label: 'disconnect' });
  } catch (error) {
    log.emit('job.forced', { error }, 'room');
  }
}

async function warmUp(): Promise<void> {
  try {
    await withDeadline(async () => warmCommit(await store()), { ms: prewarmMs, label: 'store' });
  } catch (error) {
    // The call tries again, and is answered all the same.
    log.emit('store.failed', { error }, 'open-ahead');
  }
  // Loads the detector's model now and not in the first call.
  new inference.VAD({ model: 'silero' }).stream().close();
  // Node writes it at a process's exit only, which no job waits for; the next ones start faster.
  flushCompileCache();
}

export default defineAgent({
  prewarm: async () => {
    try {
      await warmUp();
    } catch (error) {
      // Left alone the framework would wait for it for a minute, and fork no other.
      log.emit('process.fault', { error }, 'job-warm-up');
      await timers.setTimeout(unfitMs);
      process.exit(1);
    }
    line = openLine();
  },
  entry: serve,
});

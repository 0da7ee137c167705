import { defineAgent, inference } from '@livekit/agents';
import type { JobContext } from '@livekit/agents';
import { loadConfig } from '../config.ts';
import { Line, linePath } from '../line.ts';
import type { JobCall, JobOutcome, JobStage, LineReport } from '../line.ts';
import { captureFrameworkLines, createLog } from '../log.ts';
import { openStore } from '../store/database.ts';
import type { Store } from '../store/database.ts';
import { CallBookings } from './call-bookings.ts';
import { CallStore } from './call-store.ts';
import { Call } from './call.ts';

/**
 * A job process: forked and kept warm by the framework, which imports this file; it serves one call
 * and exits. Its whole life is one line to the supervisor.
 */

const config = loadConfig();
const log = captureFrameworkLines((write) =>
  createLog({ level: config.logLevel, secrets: config.secrets, write }),
);

let stage: JobStage = 'idle';
let serving: JobCall | null = null;
let opened: Promise<Store> | undefined;
let bookings: CallBookings | undefined;

/** The job's one connection to the store; a failed opening is tried again by who asks next. */
function store(): Promise<Store> {
  opened ??= openStore({
    databaseUrl: config.store.databaseUrl ?? undefined,
    dataDir: config.store.dataDir,
  }).catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

const line = new Line({
  path: config.linePath ?? linePath(config.store.dataDir),
  hello: (): LineReport => ({
    type: 'hello',
    role: 'job',
    pid: process.pid,
    workerPid: process.ppid,
    stage,
    call: serving,
  }),
  onLost: () => bookings?.onLineLost(),
  onOrder: (order) => {
    bookings?.onOrder(order);
    if (order.type !== 'end') return;
    log.error({ event: 'job.forced' }, 'job ended by order of the supervisor');
    leave('failed', 1);
  },
});

process.on('uncaughtException', (error) => {
  log.error({ event: 'process.fault', error }, 'uncaught exception in a job');
  leave('failed', 1);
});
// The framework logs these at debug only.
process.on('unhandledRejection', (error) => {
  log.error({ event: 'process.fault', error }, 'unhandled rejection in a job');
});
// The framework's own way takes 15 s. A job with a call talks on; a warm one has nobody to serve.
process.on('disconnect', () => {
  if (stage === 'idle') process.exit(0);
});

/** Says `bye` and ends the process, whatever the framework or the native side still hold. */
function leave(outcome: JobOutcome, exitCode: number): void {
  void line.close({ type: 'bye', outcome }).finally(() => process.exit(exitCode));
}

async function serve(ctx: JobContext): Promise<void> {
  const room = ctx.job.room?.name ?? '';
  const jobId = ctx.job.id;
  const callLog = log.child({ room, jobId, jobPid: process.pid });
  const callStore = new CallStore({ open: store, voice: config.voice, log: callLog });
  bookings = new CallBookings({
    callId: () => call.callId ?? jobId,
    store,
    inventory: () => callStore.inventory(),
    send: (report) => line.send(report),
    log: callLog,
  });
  const call: Call = new Call({
    ctx,
    config,
    log: callLog,
    store: callStore,
    desk: bookings,
    onStage: (next, callId) => {
      stage = next;
      serving = { jobId, room, callId };
      line.send({ type: 'stage', stage, call: serving });
    },
  });
  const { outcome, callerGone } = await call.run();
  // Closing can hang, on a track that nobody took or a tool that ignores its signal: it gets a time.
  const ms = callerGone ? config.timeouts.hangupCloseMs : config.timeouts.closeMs;
  setTimeout(() => {
    callLog.warn({ event: 'job.forced', closeMs: ms }, 'job did not close in time');
    leave(outcome, 1);
  }, ms).unref();
  ctx.addShutdownCallback(() => line.close({ type: 'bye', outcome }));
  ctx.shutdown(outcome);
}

export default defineAgent({
  prewarm: async () => {
    try {
      await store();
    } catch (error) {
      // The call tries again, and is answered all the same.
      log.warn({ event: 'store.failed', error }, 'store could not be opened ahead');
    }
    // Loads the detector's model now and not in the first call.
    new inference.VAD({ model: 'silero' }).stream().close();
  },
  entry: serve,
});

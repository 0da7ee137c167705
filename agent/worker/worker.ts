import { flushCompileCache } from 'node:module';
import timers from 'node:timers/promises';
import { AgentServer, InferenceRunner, initializeLogger, ServerOptions } from '@livekit/agents';
import type { JobRequest } from '@livekit/agents';
import { loadConfig } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { Line, linePath } from '../ipc/client.ts';
import { workerOrder } from '../ipc/messages.ts';
import type { WorkerOrder, WorkerReport } from '../ipc/messages.ts';
import { captureFrameworkLines } from '../livekit/framework-log.ts';
import { createLog } from '../infra/log.ts';
import { eventLog } from '../telemetry/events.ts';
import { storeOpener } from '../infra/store/database.ts';
import { admission, asksFirst, fullLoad, reportedLoad } from './admission.ts';
import type { AdmissionState, PoolState } from './admission.ts';
import { PromptWarmer } from './prompt-warmer.ts';
import { openLinkGate } from './link/gate.ts';
import { LiveKitLink } from './link/link.ts';

/**
 * The worker process: one registration with LiveKit and its pool of job processes. It is started by
 * the supervisor, does what that says over the line, and drains when the supervisor is gone.
 */

const config = loadConfig();
const log = eventLog(
  captureFrameworkLines((write) =>
    createLog({ level: config.logLevel, secrets: config.secrets, write }),
  ),
);

/** An accepted job that did not show up in this time never will: the guardian dispatched again. */
const pendingJobMs = 2 * config.timeouts.pickupMs;
const drainPollMs = 50;
/** Calls that are there at the drain's end are ended by the supervisor, with a sentence. */
const drainMs = config.timeouts.drainMs + config.timeouts.closeMs;

let pool: PoolState | null = null;
let draining: Promise<void> | undefined;
/** Accepted jobs that are not on the line yet, by id, with their rooms. */
const pending = new Map<string, string>();

const state = (): AdmissionState => ({
  pool,
  pending,
  maxCalls: config.livekit.maxCalls,
  draining: draining !== undefined,
  isAlive,
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Without an answer by then the call is let in: a caller waits. */
const verdictMs = 500;
const verdicts = new Map<string, (isHeldBack: boolean) => void>();

/** Asks the supervisor, who knows the callers, about a call that LiveKit sends by itself. */
async function isHeldBack({ id, job }: JobRequest, room: string): Promise<boolean> {
  if (job.metadata !== '' || !asksFirst(state(), room)) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  verdicts.set(id, resolve);
  line.send({ type: 'asked', room, jobId: id });
  try {
    return await withDeadline(() => promise, { ms: verdictMs, label: 'verdict' });
  } catch {
    return false;
  } finally {
    verdicts.delete(id);
  }
}

async function onRequest(request: JobRequest): Promise<void> {
  const room = request.room?.name ?? '';
  const isSentFor = request.job.metadata !== '';
  const refusal = admission(state(), room, { isSentFor });
  // Its process is kept for it meanwhile.
  if (!refusal) pending.set(request.id, room);
  if (refusal || (await isHeldBack(request, room))) {
    pending.delete(request.id);
    const reason = refusal ?? 'full';
    log.emit('job.refused', { room, reason });
    line.send({ type: 'refused', room, reason });
    await request.reject();
    return;
  }
  setTimeout(() => pending.delete(request.id), pendingJobMs).unref();
  line.send({ type: 'accepted', room, jobId: request.id });
  log.emit('job.accepted', { room, jobId: request.id });
  await request.accept();
}

function onOrder(order: WorkerOrder): void {
  switch (order.type) {
    case 'pool': {
      pool = order;
      // A job that is on the line is counted there from now on.
      for (const { jobId } of order.jobs) pending.delete(jobId);
      return;
    }
    case 'yard-changed':
      return greeter.refresh();
    case 'link-now':
      return link.tryNow();
    case 'verdict':
      return verdicts.get(order.jobId)?.(order.isHeldBack);
    case 'drain':
      return drain();
    default:
      order satisfies never;
  }
}

/** Takes no further job, waits for those that it has, and exits. */
function drain(): void {
  if (draining) return;
  line.send({ type: 'draining' });
  greeter.stop();
  link.stopReconnecting();
  draining = withDeadline(finishJobs, { ms: drainMs, label: 'worker drain' })
    .then(() => exit(0))
    .catch(async (error: unknown) => {
      log.emit('process.fault', { error }, 'worker-drain');
      await exit(1);
    });
}

async function finishJobs(signal: AbortSignal): Promise<void> {
  // A job that was accepted and is not started yet would be lost by the framework's drain.
  while (pending.size > 0) await timers.setTimeout(drainPollMs, undefined, { signal });
  // It rejects when a process is still to be forked, and waits for no job then: we do.
  server.drain(drainMs).catch(() => {});
  while (server.activeJobs.length > 0) await timers.setTimeout(drainPollMs, undefined, { signal });
}

async function exit(code: number): Promise<void> {
  await line.close({ type: 'bye', outcome: 'ended' });
  process.exit(code);
}

function tellOfLink(): void {
  line.send({ type: 'link', state: link.state, detail: link.detail });
  tellOfHealth();
}

function tellOfHealth(): void {
  line.send({ type: 'link-health', ...link.health });
}

const store = storeOpener(config.store);
const greeter = new PromptWarmer({ config, store, log });

const link = new LiveKitLink({
  livekit: config.livekit,
  settings: config.link,
  onChange: tellOfLink,
});
const gate = await openLinkGate(link);

const line = new Line<WorkerReport, WorkerOrder>({
  orders: workerOrder,
  path: config.linePath ?? linePath(config.store.dataDir),
  hello: () => {
    // What a new supervisor must know of this worker, right after it has said hello.
    queueMicrotask(() => {
      tellOfLink();
      if (draining) line.send({ type: 'draining' });
    });
    return { type: 'hello', role: 'worker', pid: process.pid };
  },
  onOrder,
  // The next supervisor starts a worker of its own; this one ends with its calls.
  onLost: drain,
  onIgnored: (ignored) => log.emit('line.failed', ignored),
});
setInterval(tellOfHealth, config.link.pingMs).unref();

// The whole terminal's group gets a Ctrl-C; what to do about it is the supervisor's decision.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('unhandledRejection', (error) =>
  log.emit('process.fault', { error }, 'worker-rejection'),
);
process.on('uncaughtException', (error) => {
  log.emit('process.fault', { error }, 'worker-exception');
  drain();
});

const frameworkLevel = config.logLevel === 'debug' ? 'debug' : 'warn';
initializeLogger({ pretty: false, level: frameworkLevel });
// The framework starts a process of 267 MB for its turn model unless one is registered already;
// ours is not enumerable, so that it finds one and starts none. See speech/turn-taking.ts.
Object.defineProperty(InferenceRunner.registeredRunners, 'lk_eot_audio', { value: 'unused' });

const server = new AgentServer(
  new ServerOptions({
    agent: new URL('../call/job.ts', import.meta.url).pathname,
    agentName: config.livekit.agentName,
    wsURL: gate.url,
    apiKey: config.livekit.apiKey,
    apiSecret: config.livekit.apiSecret,
    requestFunc: onRequest,
    loadFunc: async () => reportedLoad(state()),
    loadThreshold: fullLoad,
    numIdleProcesses: config.livekit.numIdleProcesses,
    // The default of 10 s kills a process that a busy machine warms slowly, and begins anew.
    initializeProcessTimeout: 60_000,
    // Of the gate, that is: our own process.
    maxRetry: Number.POSITIVE_INFINITY,
    // Its health endpoint cannot be left out and says 200 on a dead link: nobody asks it. Port 0
    // means 8081 in production mode and any free one otherwise.
    host: '127.0.0.1',
    port: 0,
    production: false,
    logLevel: frameworkLevel,
  }),
);
greeter.refresh();
// Node writes it at a process's exit only; the jobs, forked from here on, load most of it again.
flushCompileCache();
await server.run();

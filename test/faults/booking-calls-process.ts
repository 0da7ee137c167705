/** A process with calls in which the tools are used, as a job has them; see `BookingCalls`. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { BookingClient } from '../../agent/call/persistence/booking-client.ts';
import { CallStore } from '../../agent/call/persistence/call-store.ts';
import { loadConfig } from '../../agent/config/config.ts';
import { Line, linePath } from '../../agent/ipc/client.ts';
import { jobOrder } from '../../agent/ipc/messages.ts';
import type { JobOrder, JobReport } from '../../agent/ipc/messages.ts';
import { createLog } from '../../agent/infra/log.ts';
import { eventLog } from '../../agent/telemetry/events.ts';
import { openStore, type Store } from '../../agent/infra/store/database.ts';
import { createBookingTalk } from '../../tools/dialogue/dialogue-memory.ts';
import { createTools } from '../../tools/index.ts';
import type { ToolAnswer } from '../../tools/tool.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { eventually } from '../harness/eventually.ts';
import type { ToolResult, ToolUse } from './booking-calls.ts';

const config = loadConfig();
const log = eventLog(createLog({ level: 'error', secrets: config.secrets }));
const loop = monitorEventLoopDelay({ resolution: 10 });
loop.enable();

let opened: Promise<Store> | undefined;
const store = () =>
  (opened ??= openStore({
    databaseUrl: config.store.databaseUrl ?? undefined,
    dataDir: config.store.dataDir,
  }));

type BookingCall = {
  readonly use: (name: ToolUse['tool'], args: object) => Promise<ToolAnswer>;
  readonly hear: (words: string | null) => Promise<void>;
};

const calls = new Map<string, Promise<BookingCall>>();

/** A call whose caller the agent always understands, and who hears every answer to its end. */
async function openCall(callId: string): Promise<BookingCall> {
  let inventory: Inventory | null = null;
  const callStore = new CallStore({ open: store, voice: config.voice, log });
  const desk: BookingClient = new BookingClient({
    callId: () => callId,
    store,
    inventory: () => callStore.inventory(),
    send: (report) => line.send(report),
    log,
    confirms: config.confirmations !== null,
  });
  const orders = Promise.withResolvers<void>();
  const line = new Line<JobReport, JobOrder>({
    orders: jobOrder,
    path: config.linePath ?? linePath(config.store.dataDir),
    hello: () => {
      orders.resolve();
      return {
        type: 'hello',
        role: 'job',
        pid: process.pid,
        workerPid: process.ppid,
        stage: 'live',
        call: { jobId: `job-${callId}`, room: `room-${callId}`, callId },
      };
    },
    onOrder: (order) => desk.onOrder(order),
    onLost: () => desk.onLineLost(),
  });
  await orders.promise;
  const refresh = async () => void (inventory = (await callStore.inventory()) ?? inventory);
  await eventually('the list is in the store', async () => {
    await refresh();
    return inventory !== null;
  });
  const talk = createBookingTalk();
  const deps = {
    callId,
    caller: { phoneNumber: '+13125550142' },
    inventory: () => inventory,
    desk,
    clock: { nowMs: () => Date.now() },
    inventoryMaxAgeMs: config.timeouts.inventoryMaxAgeMs,
    confirmBookingMs: config.timeouts.confirmBookingMs,
    toolMs: config.timeouts.toolMs,
    say: () => {},
    onToolUsed: () => {},
    endCall: () => {},
  };
  const tools = createTools(deps, talk);
  const ctx = { disallowInterruptions() {} };
  return {
    use: async (name, args) => {
      const { signal: abortSignal } = new AbortController();
      const tool = tools[name];
      const answer = (await Reflect.apply(tool.execute, tool, [
        args,
        { abortSignal, ctx },
      ])) as ToolAnswer;
      talk.confirmation.note({ by: 'agent', words: answer.say });
      return answer;
    },
    // As in a call: what was booked meanwhile is read while the model thinks.
    hear: async (words) => {
      if (words === null) return;
      talk.confirmation.note({ by: 'caller', words });
      await refresh().catch(() => {});
    },
  };
}

async function serve({ id, callId, tool, args, words }: ToolUse): Promise<ToolResult> {
  const opening = calls.get(callId) ?? openCall(callId);
  calls.set(callId, opening);
  const call = await opening;
  await call.hear(words);
  loop.reset();
  const startedMs = performance.now();
  const said = await call.use(tool, args);
  const ms = Math.round(performance.now() - startedMs);
  return { id, answer: said, ms, stallMs: Math.round(loop.max / 1e6) };
}

process.on('message', (use: ToolUse) => {
  void serve(use).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));

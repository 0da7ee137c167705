import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import timers from 'node:timers/promises';
import { loadConfig } from '../../agent/config/config.ts';
import type { CallEvent } from '../harness/caller/call-events.ts';
import { reportCall } from '../harness/caller/call-report.ts';
import type { CallReport } from '../harness/caller/call-report.ts';
import { gatewayIdentity, gatewayToken } from '../harness/caller/gateway-identity.ts';
import { readVoices } from '../harness/caller/recording.ts';
import { renderAsCaller, renderLine } from '../harness/caller/rendered-line.ts';
import type { Step } from '../harness/caller/script.ts';
import { minimalEnvironment } from '../harness/environment.ts';
import { eventually } from '../harness/eventually.ts';
import type { Service } from '../harness/yard/service.ts';
import { Yard } from '../harness/yard/yard.ts';
import { openStoreOf } from '../stack/aftermath.ts';
import type { BurstEvent, BurstOrder } from './burst-callers.ts';
import { quantile } from './statistics.ts';

const questions = ['Do you deliver?', 'Where are you located?'];
const briefTalk: Step[] = [...questions.map((say) => ({ say })), { hangUp: true }];
/** A caller whom nobody answers is lost by then; carriers give up after 12 to 60 s of ringing. */
const ringTimeoutMs = 60_000;
const maxCallMs = 120_000;
const settleMs = 30_000;

const bursts = [
  { name: '1-at-once', calls: 1, everyMs: 0 },
  { name: '4-at-once', calls: 4, everyMs: 0 },
  { name: '8-at-once', calls: 8, everyMs: 0 },
  { name: '20-at-once', calls: 20, everyMs: 0 },
  { name: '20-at-1-a-second', calls: 20, everyMs: 1_000 },
] as const;

/** Of the bursts, in their order. */
export const burstNames = bursts.map(({ name }) => name);

/**
 * Calls that come together, at a service with its default settings and all its processes warm.
 * `firstWord` is from the ring to the first sound of an agent, of those answered; `turn` from the end
 * of the caller's speech to the first sound of the answer; both in the callers' recordings.
 * `toldBusy`: calls that ended as `overflow`; `callBacks`: those with a message to call back.
 */
export async function benchBurst({
  only,
  onProgress,
  onLine,
}: {
  /** The name of one burst, or null for all of them. */
  readonly only: string | null;
  readonly onProgress: (line: string) => void;
  /** Hears of each burst as it is over. */
  readonly onLine: (line: object) => void;
}): Promise<void> {
  await using yard = await Yard.open({ onProgress });
  const service = yard.service();
  await yard.teach(questions);
  const warm = loadConfig(minimalEnvironment()).livekit.numIdleProcesses;
  let from = 0;
  for (const { name, calls, everyMs } of bursts) {
    if (only !== null && name !== only) continue;
    await service.ready({ warm });
    const numbers = Array.from({ length: calls }, () => numberOf((from += 1)));
    const reports = await phoneTogether(yard, { numbers, everyMs, script: briefTalk });
    await isQuiet(service);
    onLine({ burst: name, ...(await figuresOf(yard, service, reports)) });
  }
}

/** A number of its own for each caller, that can be dialled. */
export function numberOf(nth: number): string {
  return `+1312555${String(1_000 + nth).padStart(4, '0')}`;
}

/** Nothing of the burst runs beside the next one. */
export async function isQuiet(service: Service): Promise<void> {
  const isOver = async () => (await service.readiness()).calls === 0;
  const untilMs = Date.now() + settleMs;
  while (!(await isOver()) && Date.now() < untilMs) await timers.setTimeout(250);
}

/** Calls from these numbers, one every `everyMs`, each by the script, to the end of the last. */
export async function phoneTogether(
  { livekit: { url, apiKey, apiSecret } }: Yard,
  {
    numbers,
    everyMs,
    script,
  }: {
    readonly numbers: readonly string[];
    readonly everyMs: number;
    readonly script: readonly Step[];
  },
): Promise<readonly CallReport[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-burst-'));
  const callers = fork(new URL('./burst-callers.ts', import.meta.url), {
    // rtc-node logs to stdout, which is for our lines.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  try {
    const lines = await Promise.all(
      script.flatMap((step) =>
        'say' in step ? [renderLine(step.say, { folder, render: renderAsCaller })] : [],
      ),
    );
    const placed = await Promise.all(
      numbers.map(async (from) => {
        const gateway = gatewayIdentity({ from, to: '+13125550199', roomPrefix: 'call' });
        const token = await gatewayToken(gateway, { apiKey, apiSecret, agentName: 'pickup' });
        const own = await mkdtemp(join(folder, 'caller-'));
        return { gateway, order: { url, token, folder: own, script, lines } };
      }),
    );
    const events = numbers.map((): CallEvent[] => []);
    const over = follow(callers, events);
    for (const [nth, { order }] of placed.entries()) {
      const limits = { ringTimeoutMs, maxCallMs, mediaTimeoutMs: 15_000, agentQuietMs: 700 };
      callers.send({ nth, order: { ...order, ...limits } } satisfies BurstOrder);
      if (everyMs > 0) await timers.setTimeout(everyMs);
    }
    await eventually('all calls are over', () => over.size === numbers.length, 2 * maxCallMs);
    return await Promise.all(
      placed.map(async ({ gateway: { callId, room }, order }, nth) => {
        const voices = await readVoices(order.folder);
        return reportCall({ callId, room, events: events[nth] ?? [], voices, recording: null });
      }),
    );
  } finally {
    callers.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

/** Notes what happens to each caller; the set holds those whose call is over. */
function follow(callers: ChildProcess, events: readonly CallEvent[][]): ReadonlySet<number> {
  const over = new Set<number>();
  callers.on('message', ({ nth, event }: BurstEvent) => {
    if (event) events[nth]?.push(event);
    else over.add(nth);
  });
  return over;
}

async function figuresOf(yard: Yard, service: Service, reports: readonly CallReport[]) {
  const ids = reports.map(({ callId }) => callId);
  const ofBurst = (callId: string | undefined) => callId !== undefined && ids.includes(callId);
  const busy = service.lines.filter(
    (line) => line.event === 'call.ended' && line['reason'] === 'overflow' && ofBurst(line.callId),
  );
  await using store = await openStoreOf(yard);
  const messages = await store.db
    .selectFrom('messages')
    .select('callId')
    .where('callId', 'in', ids)
    .execute();
  const firstWordsMs = reports.flatMap(({ ringToFirstWordMs }) => ringToFirstWordMs ?? []);
  const turnsMs = reports.flatMap(({ turns }) => turns.flatMap(({ latencyMs }) => latencyMs ?? []));
  const at = (values: readonly number[], share: number) =>
    values.length > 0 ? Math.round(quantile(values, share)) : null;
  return {
    calls: reports.length,
    answered: reports.filter(({ answered }) => answered).length,
    firstWordP50Ms: at(firstWordsMs, 0.5),
    firstWordP95Ms: at(firstWordsMs, 0.95),
    toldBusy: new Set(busy.map(({ callId }) => callId)).size,
    callBacks: new Set(messages.map(({ callId }) => callId)).size,
    turnP50Ms: at(turnsMs, 0.5),
    turnP95Ms: at(turnsMs, 0.95),
  };
}

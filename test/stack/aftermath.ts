import { maskPhones } from '../../agent/infra/log.ts';
import { catalogue } from '../../agent/telemetry/events.ts';
import { callTimeline, findCall } from '../../agent/infra/store/calls.ts';
import type { StoredCall, StoredCallEvent } from '../../agent/infra/store/calls.ts';
import { openStore } from '../../agent/infra/store/database.ts';
import type { Store } from '../../agent/infra/store/database.ts';
import type { Call } from '../harness/caller/call.ts';
import type { CallReport } from '../harness/caller/call-report.ts';
import { processEnd } from '../harness/yard/process-end.ts';
import type { LogLine } from '../harness/yard/service-log.ts';
import type { Service } from '../harness/yard/service.ts';
import type { Yard } from '../harness/yard/yard.ts';

/** A service and the yard whose phone it answers. */
export type Answering = { readonly yard: Yard; readonly service: Service };

/** What there is to see of a call once it is over. */
export type Aftermath = {
  readonly report: CallReport;
  /** The log lines that carry the call's id, in order. */
  readonly lines: readonly LogLine[];
  readonly events: readonly string[];
  /** Those of them that the call's timeline is to have. */
  readonly kept: readonly string[];
  readonly row: StoredCall | undefined;
  readonly timeline: readonly StoredCallEvent[];
  /** From the moment the caller left to `call.ended` in the log. */
  readonly endedAfterMs: number;
  /** From then to the end of the last job process in the call's room; null while one is left. */
  readonly exitMs: number | null;
};

/** A process that is still there after this is left over. */
const exitLimitMs = 30_000;

/** Waits until the call is over on every side, then looks at what it left. */
export async function aftermath({ yard, service }: Answering, call: Call): Promise<Aftermath> {
  const report = await call.ended;
  const leftAtMs = report.startedAtEpochMs + report.endedAtMs;
  await service.waitFor('call.closed', ({ callId }) => callId === call.callId);
  const goneAtMs = await Promise.all(
    jobPids(service, call).map((pid) => processEnd(pid, exitLimitMs)),
  );
  const lines = service.callLines(call.callId);
  const endedAt = lines.find(({ event }) => event === 'call.ended')?.time;
  return {
    report,
    lines,
    events: lines.map(({ event }) => event),
    kept: lines.filter(isKept).map(({ event }) => event),
    ...(await stored(yard, call.callId)),
    endedAfterMs: Date.parse(endedAt ?? '') - leftAtMs,
    exitMs: goneAtMs.includes(null) ? null : Math.max(...goneAtMs.map(Number)) - leftAtMs,
  };
}

/** True of a line that was told in one of the ways that the timeline keeps. */
function isKept({ event, level, message }: LogLine): boolean {
  const tellings = Object.entries(catalogue).find(([name]) => name === event)?.[1].tellings ?? {};
  return Object.values(tellings).some(
    ([of, words, kept]) => of === level && words === message && kept !== undefined,
  );
}

/** The processes of all jobs that had to do with the call. */
export function jobPids(service: Service, call: Call): number[] {
  const room = maskPhones(call.room);
  const pids = service.lines.flatMap((line) =>
    line.room === room && typeof line['jobPid'] === 'number' ? [line['jobPid']] : [],
  );
  return [...new Set(pids)];
}

async function stored(yard: Yard, callId: string): Promise<Pick<Aftermath, 'row' | 'timeline'>> {
  await using store = await openStoreOf(yard);
  return { row: await findCall(store, callId), timeline: await callTimeline(store, callId) };
}

/** The store of the yard's services, for a look at what they left. */
export async function openStoreOf({ env }: Yard): Promise<Store> {
  const { DATA_DIR: dataDir = '', DATABASE_URL: databaseUrl } = env;
  return openStore({ dataDir, ...(databaseUrl ? { databaseUrl } : {}) });
}

import { readdirSync, readFileSync } from 'node:fs';
import timers from 'node:timers/promises';
import type { CallReport } from '../harness/caller/call-report.ts';
import type { Step } from '../harness/caller/script.ts';
import type { Service } from '../harness/yard/service.ts';
import { Yard } from '../harness/yard/yard.ts';
import { isQuiet, numberOf, phoneTogether } from './burst.ts';
import { quantile, rounded } from './statistics.ts';

/** `after` is the product as it is, `before` without its flags of Node. */
export const memoryVariants = ['before', 'after'] as const;
type Variant = (typeof memoryVariants)[number];

/** A minute of talk, each answered from the sheet or the instructions. */
const lines = [
  'Do you have a skid steer?',
  'How much would it be for three days from tomorrow?',
  'Do you deliver?',
  'Where are you located?',
  'Do you have a mini excavator?',
  'How much would it be for a week from tomorrow?',
];
const script: Step[] = [...lines.map((say) => ({ say })), { hangUp: true }];
const together = [1, 4, 8] as const;
const sampleMs = 500;
/** What a start leaves to be done is done by then. */
const restMs = 8_000;
/** `utime` and `stime` are in hundredths of a second on Linux. */
const secondsPerTick = 0.01;

const kinds = ['supervisor', 'worker', 'attendant', 'warmJob', 'callJob'] as const;
type Kind = (typeof kinds)[number];

/**
 * Proportional set sizes and CPU times of each kind of process, from /proc: after a start, and with
 * one, four and eight calls at once. `restMb` is of processes that wait, `peakMb` the most that one
 * of the kind ever had, from its start on; `startCpuS` what a process used until it was ready and at
 * rest; `cpuSPerCallMinute` what all processes of the service used beyond that by the minutes from
 * answer to end. The compile cache is there, as after the first start of an installation.
 */
export async function benchMemory({
  variants,
  onProgress,
}: {
  readonly variants: readonly Variant[];
  readonly onProgress: (line: string) => void;
}): Promise<object> {
  const result: Partial<Record<Variant, object>> = {};
  for (const variant of variants) {
    onProgress(`${variant}: it starts`);
    result[variant] = await measure(variant, onProgress);
  }
  return result;
}

async function measure(variant: Variant, onProgress: (line: string) => void): Promise<object> {
  const most = Math.max(...together);
  await using yard = await Yard.open({
    env: { NUM_IDLE_PROCESSES: '4', MAX_CALLS: String(most) },
  });
  await yard.teach(lines);
  // The first fills the compile cache.
  const first = yard.service(startOf(variant));
  await first.ready();
  await first.stop();
  const service = yard.service(startOf(variant));
  using samples = new Samples(service);
  await service.ready({ warm: 4 });
  await timers.setTimeout(restMs);
  const atRest = samples.now();
  const calls: Record<string, object> = {};
  let nth = 0;
  for (const count of together) {
    onProgress(`${variant}: ${count} calls at once`);
    await service.ready({ warm: 4 });
    await timers.setTimeout(restMs);
    const numbers = Array.from({ length: count }, () => numberOf((nth += 1)));
    const beforeS = samples.usedS();
    const reports = await phoneTogether(yard, { numbers, everyMs: 0, script });
    await isQuiet(service);
    calls[count] = talkFigures(reports, samples.usedS() - beforeS);
  }
  return {
    restMb: byKind((kind) =>
      middle(
        atRest.filter((one) => one.kind === kind),
        'mb',
        1,
      ),
    ),
    startCpuS: byKind((kind) =>
      middle(
        atRest.filter((one) => one.kind === kind),
        'cpuS',
        2,
      ),
    ),
    peakMb: byKind((kind) => samples.peakMb(kind)),
    calls,
  };
}

/** Two in place of the usual command: what names the process, and, of `before`, what takes the flags. */
function startOf(variant: Variant): Parameters<Yard['service']>[0] {
  if (variant === 'after') return {};
  const of = (file: string) => `--import=${new URL(file, import.meta.url).href}`;
  const options = [of('../harness/yard/name-process.ts'), of('without-flags.ts')];
  return {
    command: [process.execPath, 'agent/main.ts', 'start'],
    env: { NODE_OPTIONS: options.join(' ') },
  };
}

/** `usedS` includes the starts of the processes that take the places of those with a call. */
function talkFigures(reports: readonly CallReport[], usedS: number): object {
  const talkedMs = reports.map(({ answered, ringToAnswerMs, endedAtMs }) =>
    answered ? endedAtMs - (ringToAnswerMs ?? 0) : 0,
  );
  const minutes = talkedMs.reduce((sum, ms) => sum + ms, 0) / 60_000;
  const turnsMs = reports.flatMap(({ turns }) => turns.flatMap(({ latencyMs }) => latencyMs ?? []));
  const firstMs = reports.flatMap(({ ringToFirstWordMs }) => ringToFirstWordMs ?? []);
  const at = (values: readonly number[], share: number) =>
    values.length > 0 ? Math.round(quantile(values, share)) : null;
  return {
    answered: reports.filter(({ answered }) => answered).length,
    cpuSPerCallMinute: minutes > 0 ? rounded(usedS / minutes, 2) : null,
    firstWordP50Ms: at(firstMs, 0.5),
    turnP50Ms: at(turnsMs, 0.5),
    turnP95Ms: at(turnsMs, 0.95),
    turns: turnsMs.length,
  };
}

function byKind<Value>(of: (kind: Kind) => Value): Readonly<Record<Kind, Value>> {
  const [supervisor, worker, attendant, warmJob, callJob] = kinds.map(of);
  return { supervisor, worker, attendant, warmJob, callJob } as Readonly<Record<Kind, Value>>;
}

type Sample = { readonly kind: Kind; readonly mb: number; readonly cpuS: number };

/** The median, or null of none. */
function middle(samples: readonly Sample[], of: 'mb' | 'cpuS', digits: number): number | null {
  const values = samples.map((sample) => sample[of]);
  return values.length > 0 ? rounded(quantile(values, 0.5), digits) : null;
}

/** Looks at all processes of a service twice a second, until it is disposed of. */
class Samples implements Disposable {
  readonly #service: Service;
  readonly #peakMb = new Map<Kind, number>();
  /** By pid, of those that are gone too. */
  readonly #usedS = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(service: Service) {
    this.#service = service;
    this.#timer = setInterval(() => this.now(), sampleMs);
  }

  /** All processes as they are now. */
  now(): readonly Sample[] {
    const parents = new Map<number, number>();
    for (const name of readdirSync('/proc')) {
      const parent = /^\d+$/.test(name) ? statOf(Number(name))?.parent : undefined;
      if (parent !== undefined) parents.set(Number(name), parent);
    }
    const inCall = new Set(this.#service.lines.map((line) => line['jobPid']));
    return [...parents].flatMap(([pid, parent]) => {
      const kind = this.#kindOf(pid, parent, inCall.has(pid));
      const stat = statOf(pid);
      const mb = pssMbOf(pid);
      if (!kind || !stat || mb === undefined) return [];
      const { cpuS } = stat;
      this.#peakMb.set(kind, Math.max(mb, this.#peakMb.get(kind) ?? 0));
      this.#usedS.set(pid, cpuS);
      return [{ kind, mb, cpuS }];
    });
  }

  /** Of all processes there ever were, up to the last look at each. */
  usedS(): number {
    this.now();
    return [...this.#usedS.values()].reduce((sum, cpuS) => sum + cpuS, 0);
  }

  /** The most that one process of the kind ever had. */
  peakMb(kind: Kind): number | null {
    const mb = this.#peakMb.get(kind);
    return mb === undefined ? null : rounded(mb, 1);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #kindOf(pid: number, parent: number, hasCall: boolean): Kind | undefined {
    const has = (event: string, field: string, value: number) =>
      this.#service.lines.some((line) => line.event === event && line[field] === value);
    if (pid === this.#service.pid) return 'supervisor';
    if (has('worker.started', 'workerPid', pid)) return 'worker';
    if (has('attendant.started', 'attendantPid', pid)) return 'attendant';
    if (!has('worker.started', 'workerPid', parent)) return undefined;
    return hasCall ? 'callJob' : 'warmJob';
  }
}

/** Undefined of a process that is gone. */
function statOf(pid: number): { readonly parent: number; readonly cpuS: number } | undefined {
  try {
    // The name of the program, before it, may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return {
      parent: Number(fields[1]),
      cpuS: (Number(fields[11]) + Number(fields[12])) * secondsPerTick,
    };
  } catch {
    return undefined;
  }
}

function pssMbOf(pid: number): number | undefined {
  try {
    const kb = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    // One that ends right now has no memory any more.
    return kb === undefined ? undefined : (Number(kb) * 1_024) / 1e6;
  } catch {
    return undefined;
  }
}

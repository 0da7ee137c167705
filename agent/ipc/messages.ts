import { z } from 'zod';

/**
 * The messages between the supervisor and its workers and jobs: one JSON object a line. During a
 * deploy the two ends may be of two releases: fields that one does not know are dropped, and so are
 * messages that it cannot read.
 */

const jobStages = [
  /** A warm process without a call. */
  'idle',
  'connecting',
  'claiming',
  'starting',
  /** A job that waits for another one to give it the call. */
  'standby',
  'live',
  'closing',
] as const;

/** The stages of a job, in order. */
export type JobStage = (typeof jobStages)[number];

const jobOutcome = z.enum(['ended', 'yielded', 'failed']);

/** A job's last word on its call, said with `bye`. Only `failed` asks for a fresh job. */
export type JobOutcome = z.infer<typeof jobOutcome>;

/**
 * Reasons for which a job goes on with another one's call: its agent died (`takeover`), hands the
 * call over between two turns (`handover`), or to try for the caller's voice anew (`rejoin`); or too
 * many agents died of the call, and a last one apologises, notes a call-back and ends it (`apology`).
 */
export const resumeKinds = ['takeover', 'handover', 'rejoin', 'apology'] as const;

/** One of `resumeKinds`. */
export type ResumeKind = (typeof resumeKinds)[number];

/** A job's identity in its room, as LiveKit makes it. */
export function agentIdentity(jobId: string): string {
  return `agent-${jobId}`;
}

/** The holder of a call's lease while an attendant has the call; also its `jobId` in the room. */
export function attendantId(unique: string): string {
  return `attendant-${unique}`;
}

/** True when the holder of a call's lease is an attendant, who gives the call to any job. */
export function isAttendant(holder: string | null | undefined): boolean {
  return holder?.startsWith(attendantId('')) ?? false;
}

const jobCall = z.object({
  jobId: z.string(),
  room: z.string(),
  callId: z.string().nullable(),
});

/** The call that a job serves; `callId` is known once the job is in the room. */
export type JobCall = Readonly<z.infer<typeof jobCall>>;

/**
 * The states of a worker's registration with LiveKit. `refused`: the server is there and rejects the
 * key. `gave-up`: no further attempt is made.
 */
export const linkStates = ['connecting', 'registered', 'refused', 'gave-up'] as const;

/** One of `linkStates`. */
export type LinkState = (typeof linkStates)[number];

const linkHealth = z.object({
  /** Registrations after the first. */
  reconnects: z.int().nonnegative(),
  /** Since the server last sent anything; null while there is no connection. */
  lastPongAgeMs: z.number().nullable(),
});

/** The state of a worker's connection to LiveKit. */
export type LinkHealth = Readonly<z.infer<typeof linkHealth>>;

const refusalReason = z.enum([
  'full',
  'no-warm-process',
  /** Others start just now, and each start slows down the rest. */
  'busy-starting',
  'draining',
  'no-supervisor',
]);

/** The reason for which a job request is turned down; the server then asks the next worker. */
export type RefusalReason = z.infer<typeof refusalReason>;

const settledState = z.enum(['confirmed', 'conflict', 'cancelled']);

/** The sheet's word on a booking. */
export type SettledState = z.infer<typeof settledState>;

const pid = z.int().positive();
const resumeKind = z.enum(resumeKinds);
/** `lateMs`: so much later than due, since the loop of its process stood still. */
const beat = z.object({ type: z.literal('beat'), lateMs: z.number().nonnegative().optional() });
const bye = z.object({ type: z.literal('bye'), outcome: jobOutcome });

const workerHello = z.object({ type: z.literal('hello'), role: z.literal('worker'), pid });
const jobHello = z.object({
  type: z.literal('hello'),
  role: z.literal('job'),
  pid,
  workerPid: pid,
  stage: z.enum(jobStages),
  call: jobCall.nullable(),
});

const attendedCall = z.object({ room: z.string(), callId: z.string(), holder: z.string() });

/** A call that an attendant has: `holder` has its lease. */
export type AttendedCall = Readonly<z.infer<typeof attendedCall>>;

const attendantHello = z.object({
  type: z.literal('hello'),
  role: z.literal('attendant'),
  pid,
  /** Those that it has already, when the supervisor is another than before. */
  calls: z.array(attendedCall).readonly(),
});

const attendanceEnd = z.enum(['handed-over', 'ended', 'declined', 'failed']);

/**
 * An attendant's last word on a call: a job has it, it is over, another agent had it (or there was
 * nothing to say, or nobody to say it to), or it was lost.
 */
export type AttendanceEnd = z.infer<typeof attendanceEnd>;

const metricSample = z.object({
  /** Without the `pickup_` in front. */
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  /** Null where something is counted, not timed. */
  seconds: z.number().nonnegative().nullable(),
  /** As much at once as is counted; 1 if left out. */
  amount: z.number().nonnegative().optional(),
});

/** One thing that is counted or timed. It names no call and no person. */
export type MetricSample = z.infer<typeof metricSample>;

/** A sample that cannot be read does not take the others with it. */
const metricSamples = z.array(z.unknown()).transform((values) =>
  values.flatMap((value): readonly MetricSample[] => {
    const read = metricSample.safeParse(value);
    return read.success ? [read.data] : [];
  }),
);

/** The first message on every connection. */
export const hello = z.discriminatedUnion('role', [workerHello, jobHello, attendantHello]);

/**
 * Up to this share of the places that are taken nobody is limited. Beyond it the worker asks before it
 * takes a call, and the guardian looks at who calls.
 */
export const unlimitedShare = 1 / 4;

/** The reports of a worker to the supervisor. */
export const workerReport = z.discriminatedUnion('type', [
  workerHello,
  beat,
  z.object({
    type: z.literal('link'),
    state: z.enum(linkStates),
    detail: z.string().nullable(),
  }),
  linkHealth.extend({ type: z.literal('link-health') }),
  /** The worker takes no further job, of its own accord: another must be started. */
  z.object({ type: z.literal('draining') }),
  /** May the job that LiveKit offers for this room be taken? */
  z.object({ type: z.literal('asked'), room: z.string(), jobId: z.string() }),
  z.object({ type: z.literal('accepted'), room: z.string(), jobId: z.string() }),
  z.object({ type: z.literal('refused'), room: z.string(), reason: refusalReason }),
  bye,
]);
export type WorkerReport = z.infer<typeof workerReport>;

/** The reports of a job to the supervisor. */
export const jobReport = z.discriminatedUnion('type', [
  jobHello,
  beat,
  z.object({ type: z.literal('stage'), stage: z.enum(jobStages), call: jobCall }),
  /** A question, answered under its `id`: read the sheet anew, and save it where calls read it. */
  z.object({ type: z.literal('ask'), id: z.int(), what: z.literal('fresh-inventory') }),
  /** The journal has something for the sheet: this booking, whose state the job waits for, or null. */
  z.object({ type: z.literal('booking-committed'), bookingId: z.string().nullable() }),
  /** The job wants a fresh one sent to its room, to which it will give its call. */
  z.object({ type: z.literal('hand-over'), kind: resumeKind }),
  /** The job's counts and times since the last of these. */
  z.object({ type: z.literal('metrics'), metrics: metricSamples.readonly() }),
  bye,
]);
export type JobReport = z.infer<typeof jobReport>;

/** The reports of an attendant to the supervisor. */
export const attendantReport = z.discriminatedUnion('type', [
  attendantHello,
  beat,
  attendedCall.extend({ type: z.literal('attending') }),
  z.object({ type: z.literal('attended'), room: z.string(), end: attendanceEnd }),
  /** The caller says something. */
  z.object({ type: z.literal('spoke'), room: z.string() }),
  /** Its counts and times since the last of these. */
  z.object({ type: z.literal('metrics'), metrics: metricSamples.readonly() }),
  bye,
]);
export type AttendantReport = z.infer<typeof attendantReport>;

/** The orders of the supervisor to an attendant. */
export const attendantOrder = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('answer'),
    room: z.string(),
    /** The caller is told after this, from the answer on, that nobody is free. */
    patienceMs: z.number(),
    /** A dead attendant, whose lease may be taken. */
    supersedes: z.string().nullable(),
    /** No job is kept for this caller: that they are told so is their own doing. */
    isFlood: z.boolean(),
  }),
  /** A job for this call is on its way. */
  z.object({ type: z.literal('job-coming'), room: z.string() }),
  /** The call is one of a flood after all: no job is kept for it, by its caller's own doing. */
  z.object({ type: z.literal('is-flood'), room: z.string() }),
  /** No job will come: the callers are told now. */
  z.object({ type: z.literal('give-up') }),
  /** End with the last call. */
  z.object({ type: z.literal('drain') }),
]);
export type AttendantOrder = z.infer<typeof attendantOrder>;

/** The orders of the supervisor to a worker. */
export const workerOrder = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('pool'),
    /** Pids of this worker's warm processes. */
    idlePids: z.array(pid).readonly(),
    /** Jobs with a call, over all workers of this supervisor. */
    jobs: z
      .array(
        z.object({ jobId: z.string(), room: z.string(), isStarting: z.boolean().default(false) }),
      )
      .readonly(),
    /** So many jobs may start together for new calls; null: no limit. */
    startsAtOnce: z.int().nullable().default(null),
    /** Each call is to be asked about before it is taken, however few there are. */
    asksAlways: z.boolean().default(false),
  }),
  z.object({ type: z.literal('drain') }),
  /** LiveKit is there again: a worker that waits to register tries now. */
  z.object({ type: z.literal('link-now') }),
  z.object({ type: z.literal('yard-changed') }),
  /** Answers `asked`. */
  z.object({ type: z.literal('verdict'), jobId: z.string(), isHeldBack: z.boolean() }),
]);
export type WorkerOrder = z.infer<typeof workerOrder>;

/** The orders of the supervisor to a job. */
export const jobOrder = z.discriminatedUnion('type', [
  /** `saved` is false when the sheet did not answer in time. */
  z.object({ type: z.literal('answer'), id: z.int(), saved: z.boolean() }),
  z.object({ type: z.literal('booking-state'), bookingId: z.string(), state: settledState }),
  /** Give the call to a fresh job: between two turns if that comes `withinMs`, else in the middle. */
  z.object({ type: z.literal('hand-over'), kind: resumeKind, withinMs: z.number() }),
  /** Nobody can go on with the call: one sentence, a note for call-back, and a clean end. */
  z.object({ type: z.literal('say-goodbye') }),
  z.object({ type: z.literal('end') }),
]);
export type JobOrder = z.infer<typeof jobOrder>;

/**
 * A line that could not be read. `type` is that of the message, if it has one; `field` the first
 * that is wrong. Nothing else of the line is told: it may hold a caller's words.
 */
export type IgnoredMessage = {
  readonly why: 'no-message' | 'unknown-type' | 'wrong-field';
  readonly type: string | null;
  readonly field: string | null;
};

/** A sender gone wrong may make up kinds without end. */
const mostKinds = 20;
const longestName = 40;

/** Reads the lines of one end; tells once of each kind that cannot be read. */
export class MessageReader {
  readonly #told = new Set<string>();
  readonly #onIgnored: (ignored: IgnoredMessage) => void;

  constructor(onIgnored: (ignored: IgnoredMessage) => void) {
    this.#onIgnored = onIgnored;
  }

  /** The message of `line`; null when it is none of `schema`. */
  read<T>(schema: z.ZodType<T>, line: string): T | null {
    const value = parseJson(line);
    const read = schema.safeParse(value);
    if (read.success) return read.data;
    const type = typeOf(value);
    const path = read.error.issues[0]?.path.join('.').slice(0, longestName) ?? '';
    const isUnknown = path === 'type' || path === 'role' || path === '';
    const why = type === null ? 'no-message' : isUnknown ? 'unknown-type' : 'wrong-field';
    this.#tell({ why, type, field: why === 'wrong-field' ? path : null });
    return null;
  }

  #tell(ignored: IgnoredMessage): void {
    const kind = `${ignored.why} ${ignored.type} ${ignored.field}`;
    if (this.#told.has(kind) || this.#told.size >= mostKinds) return;
    this.#told.add(kind);
    this.#onIgnored(ignored);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function typeOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  return typeof value.type === 'string' ? value.type.slice(0, longestName) : null;
}

import type { Withheld } from '../../tools/guardrail/guardrail.ts';
import type { SheetEvents } from '../../tools/sheet/write/sheet-events.ts';
import type { Fields, Level, Lines, Log as LogOf } from '../infra/log.ts';
import type { LedgerOutcome } from '../infra/store/ledger.ts';
import type { Swept } from '../infra/store/retention.ts';
import type {
  IgnoredMessage,
  JobCall,
  JobStage,
  MetricSample,
  RefusalReason,
  ResumeKind,
} from '../ipc/messages.ts';
import type { CanaryFault, CanaryFinding } from '../ipc/canary-finding.ts';
import type { Termination } from '../ipc/termination.ts';
import type { ConfirmationKind } from '../../tools/journal/confirmations.ts';
import type { AlertCause, AlertChange } from './alert-rules.ts';
import type { CountedName, LabelsOf, TimedName } from './instruments.ts';
import type { Usage } from '../infra/usage.ts';

/** A level, a constant message, and whether the call's timeline in the store keeps the event. */
type Telling = readonly [level: Level, message: string, kept?: 'timeline'];

/** An event of the catalogue. Its types are those of its fields and of its variants' names. */
type Spec<F, Variant extends string> = {
  /** Tellings by variant; under `''` when there is one way to tell it. */
  readonly tellings: Readonly<Record<string, Telling>>;
  /** The metrics that it moves. */
  readonly samples: (fields: F) => readonly MetricSample[];
  /** Types alone use it. */
  readonly variant?: Variant;
};

const noSamples = (): readonly MetricSample[] => [];

function specs<Variant extends string>(tellings: Readonly<Record<string, Telling>>) {
  return {
    /** The types of its fields, and the metrics that it moves. */
    of: <F extends object>(
      samples: (fields: F) => readonly MetricSample[] = noSamples,
    ): Spec<F, Variant> => ({ tellings, samples }),
  };
}

/** An event that is always told in the same way. */
function event(...telling: Telling) {
  return specs<never>({ '': telling });
}

/** An event with several levels or messages, by the outcome. */
function variants<Variant extends string>(tellings: Readonly<Record<Variant, Telling>>) {
  return specs<Variant>(tellings);
}

function count<Name extends CountedName>(name: Name, labels: LabelsOf<Name>): MetricSample {
  return { name, labels: { ...labels }, seconds: null };
}

/** Amounts that providers bill for a call; the dollars only where their prices are known. */
function billed(usage: Usage | null, costUsd: number | null): MetricSample[] {
  if (!usage) return [];
  const { tokensIn, tokensCached, tokensOut, heardSeconds, spokenCharacters } = usage;
  const samples = [
    { ...count('llm_tokens_total', { kind: 'in' }), amount: tokensIn },
    { ...count('llm_tokens_total', { kind: 'cached' }), amount: tokensCached },
    { ...count('llm_tokens_total', { kind: 'out' }), amount: tokensOut },
    { ...count('stt_seconds_total', {}), amount: heardSeconds },
    { ...count('tts_characters_total', {}), amount: spokenCharacters },
  ];
  if (costUsd !== null) samples.push({ ...count('calls_cost_usd_total', {}), amount: costUsd });
  return samples;
}

function timed(name: TimedName, ms: number | null): readonly MetricSample[] {
  return ms === null ? [] : [{ name, labels: {}, seconds: ms / 1_000 }];
}

/** An event that comes once a call: a further job of the call tells of it for debugging only. */
function arrival(message: string) {
  return variants({ first: ['info', message, 'timeline'], again: ['debug', message] });
}

const audio = ['info', 'audio of the caller', 'timeline'] as const;

type Failure = { readonly error: unknown };
type Booking = { readonly bookingId: string; readonly itemId: string };
type OfWorker = { readonly workerPid: number };
type OfDesk = { readonly deskPid: number };
type OfAttendant = { readonly attendantPid: number };
type Link = OfWorker & { readonly detail: string | null };
type SomeCall = { readonly room: string | null; readonly callId: string | null };
type OfJob = SomeCall & { readonly jobPid: number; readonly stage: JobStage };
type Resume = { readonly kind: ResumeKind };
type Ended = Termination & { readonly endedBy: string | null };
type Leg = {
  readonly callerIsPublished: boolean;
  readonly callerIsSubscribed: boolean;
  readonly callerHasTrack: boolean;
};
type CanaryFigures = Omit<CanaryFinding, 'why'>;
type Timed = { readonly durationMs: number };
type Confirmation = {
  /** The `webhook-id`. */
  readonly eventId: string;
  readonly kind: ConfirmationKind;
  readonly attempts: number;
};

type Alert = Pick<AlertChange, 'cause' | 'detail'> & { readonly since: string };
type SheetFields<Name extends keyof SheetEvents> = SheetEvents[Name][0];

/**
 * Every event of the service, `noun.verb`. From here come its line in the log, its entry in the
 * call's timeline, and the metrics that it moves; README and scripts rely on names and messages. Two
 * are no events of ours and are written as they come: `framework.log`, and `log.repeated`.
 */
export const catalogue = {
  'service.started': event('info', 'service started').of<{ readonly port: number }>(),
  'service.draining': event('info', 'draining').of<{
    readonly signal: string;
    readonly calls: number;
    readonly graceMs: number | null;
    readonly drainMs: number;
    readonly handOver: boolean;
  }>(),
  'service.stopped': event('info', 'service stopped').of<{ readonly outcome: string }>(),
  'service.failed': event('error', 'service failed').of<Failure>(),
  'config.unusual': variants({
    budgets: ['warn', 'time budgets do not fit together'],
    platform: ['warn', 'the machine or its platform may harm calls'],
    unfit: ['error', 'the machine or its platform harms calls'],
  }).of<{ readonly problem: string }>(),
  'drain.handing-over': event('info', 'call is handed over to another deployment').of<
    Partial<JobCall> & { readonly attempt: number; readonly withinMs: number }
  >(),
  'drain.goodbye': event('info', 'nobody goes on with the call').of<JobCall>(),

  'worker.started': event('info', 'worker started').of<OfWorker>(),
  'worker.registered': event('info', 'worker registered with LiveKit').of<Link>(),
  'worker.unregistered': event('warn', 'LiveKit is not reachable').of<Link>(),
  'worker.refused': event(
    'error',
    'LiveKit refused the key: check LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
  ).of<Link>(),
  'worker.gave-up': event(
    'error',
    'LiveKit was given up on: the process ends with its last call and must be started anew',
  ).of<Link & { readonly attempts: number }>(),
  'worker.ready': event('info', 'ready for calls').of<{
    readonly calls: number;
    readonly warmProcesses: number;
    readonly maxCalls: number;
  }>(),
  'worker.replaced': event('warn', 'worker replaced').of<OfWorker & { readonly reason: string }>(),
  'worker.hung': event('error', 'worker process hangs, killed').of<
    OfWorker & { readonly silentMs: number }
  >(() => [count('processes_failed_total', { process: 'worker', how: 'frozen' })]),
  'worker.died': variants({
    unstarted: ['error', 'worker could not be started'],
    exited: ['error', 'worker process died'],
  }).of<{
    readonly error?: unknown;
    readonly workerPid?: number;
    readonly code?: number | null;
    readonly signal?: string | null;
  }>(() => [count('processes_failed_total', { process: 'worker', how: 'died' })]),
  'worker.stopped': event('info', 'worker process ended').of<
    OfWorker & { readonly code: number | null; readonly signal: string | null }
  >(),

  'call.limited': event('warn', 'one number has more calls than its share').of<{
    readonly room: string;
  }>(),
  'job.accepted': event('debug', 'job accepted').of<{
    readonly room: string;
    readonly jobId: string;
  }>(),
  'job.refused': event('warn', 'job refused').of<{
    readonly room: string;
    readonly reason: RefusalReason;
  }>(),
  'job.died': event('error', 'job process died').of<OfJob>(() => [
    count('processes_failed_total', { process: 'job', how: 'died' }),
  ]),
  'job.frozen': event('warn', 'job process does not run').of<OfJob & { readonly silentMs: number }>(
    () => [count('processes_failed_total', { process: 'job', how: 'frozen' })],
  ),
  'job.failed': variants({
    start: ['error', 'job could not take the call'],
    away: ['error', 'job could not come back into its room'],
    'stuck-turn': ['error', 'job got stuck in a turn'],
    'stuck-speech': ['error', 'job got stuck while it spoke'],
    'hang-up': ['error', 'caller could not be hung up on'],
  }).of<{ readonly reason?: string; readonly awayMs?: number; readonly error?: unknown }>(),
  'job.forced': variants({
    call: ['error', 'call ended by force'],
    killed: ['error', 'job killed'],
    ordered: ['error', 'job ended by order of the supervisor'],
    late: ['warn', 'job did not close in time'],
    room: ['debug', 'room could not be left'],
  }).of<
    Partial<SomeCall> & {
      readonly jobPid?: number;
      readonly outcome?: string;
      readonly closeMs?: number;
      readonly error?: unknown;
    }
  >(),
  'job.yielded': event('info', 'job left the call').of<object>(),
  'job.doubted': variants({
    expected: ['debug', 'job asked whether the call is still its own'],
    odd: ['warn', 'job asked whether the call is still its own'],
  }).of<
    Timed & {
      readonly sign: string;
      readonly claim: string;
      /** Of a process that stood still: for how long, and how much of it for want of a core. */
      readonly stoodMs?: number;
      readonly queuedMs?: number | null;
    }
  >(),
  'job.resumed': event('info', 'call goes on in another job', 'timeline').of<
    Resume & { readonly items: number | null; readonly isHopeless: boolean }
  >(({ kind }) => [{ name: 'call_resumes_total', labels: { kind }, seconds: null }]),
  // The gap begins; the supervisor knows when it ends.
  'job.handed-over': event('info', 'call handed over to a fresh job').of<Resume>(({ kind }) => [
    { name: 'call_resume_gap_seconds', labels: { kind }, seconds: null },
  ]),
  'handover.due': event('info', 'job reached HANDOVER_AFTER_MS').of<{ readonly afterMs: number }>(
    () => [count('handovers_due_total', {})],
  ),
  'handover.failed': event('warn', 'call could not be handed over').of<Resume & Failure>(
    ({ kind }) => [count('handovers_failed_total', { kind })],
  ),

  'attendant.started': event('info', 'attendant started').of<OfAttendant>(),
  'attendant.stopped': event('info', 'attendant ended').of<OfAttendant>(),
  'attendant.died': variants({
    unstarted: ['error', 'attendant could not be started'],
    exited: ['error', 'attendant process died'],
  }).of<
    Partial<OfAttendant> & {
      readonly error?: unknown;
      readonly code?: number | null;
      readonly signal?: string | null;
    }
  >(() => [count('processes_failed_total', { process: 'attendant', how: 'died' })]),
  'attendant.hung': event('error', 'attendant process hangs, killed').of<
    OfAttendant & { readonly silentMs: number }
  >(() => [count('processes_failed_total', { process: 'attendant', how: 'frozen' })]),
  'attendant.sent': event('info', 'attendant sent to a call without a job').of<{
    readonly room: string;
    readonly waitedMs: number;
    readonly why: string;
  }>(() => [count('guardian_actions_total', { action: 'sent-attendant' })]),
  'attendant.failed': event('warn', 'attendant could not take a call').of<
    SomeCall & { readonly why: string; readonly error?: unknown }
  >(),
  'attendant.handed-over': event('info', 'attendant gave the call to its job', 'timeline').of<{
    readonly afterMs: number;
    readonly callerSpoke: boolean;
  }>(),
  'desk.started': event('info', 'desk started').of<OfDesk>(),
  'desk.stopped': event('info', 'desk ended').of<OfDesk>(),
  'desk.died': variants({
    unstarted: ['warn', 'desk could not be started'],
    exited: ['warn', 'desk process died'],
  }).of<
    Partial<OfDesk> & {
      readonly error?: unknown;
      readonly code?: number | null;
      readonly signal?: string | null;
    }
  >(),
  'desk.failed': event('warn', 'page of the desk could not be made').of<Failure>(),
  'desk.signed-in': event('info', 'somebody signed in at the desk').of<{
    readonly by: 'password' | 'link';
  }>(),
  'desk.refused': event('warn', 'somebody was not let in at the desk').of<{
    readonly why: 'wrong' | 'too-many' | 'link';
    readonly waitMs: number;
  }>(),
  'desk.settled': event('info', 'something was settled at the desk').of<{
    readonly deed: string;
  }>(),
  'call-back.noted': event('info', 'caller is to be called back', 'timeline').of<{
    readonly reason: 'overflow';
  }>(({ reason }) => [count('call_backs_total', { reason })]),

  'guardian.dispatched': event('warn', 'no job serves the call, dispatched again').of<
    SomeCall & {
      readonly resume: 'takeover' | 'apology';
      readonly attempt: number;
      readonly takeovers: number;
      readonly cause: string | null;
      readonly waitedMs: number;
    }
  >(() => [count('guardian_actions_total', { action: 'dispatched' })]),
  'guardian.handover': event('info', 'fresh job sent for a call').of<SomeCall & Resume>(() => [
    count('guardian_actions_total', { action: 'sent-for-hand-over' }),
  ]),
  'guardian.gave-up': event('error', 'no job could be had for a call').of<
    SomeCall & { readonly attempts: number; readonly wasAnswered: boolean }
  >(() => [count('guardian_actions_total', { action: 'gave-up' })]),
  'guardian.failed': variants({
    dispatch: ['warn', 'no fresh job could be sent'],
    call: ['warn', 'call could not be looked after'],
    sweep: ['warn', 'rooms could not be swept'],
    'sweep-again': ['debug', 'rooms could not be swept'],
  }).of<Partial<SomeCall> & Failure>(() => [count('guardian_actions_total', { action: 'failed' })]),

  'inventory.refreshed': variants({
    again: ['info', 'inventory refreshed'],
    usual: ['debug', 'inventory refreshed'],
  }).of<Timed & { readonly items: number; readonly failures: number }>(),
  'inventory.failed': variants({
    person: ['error', 'sheet was not read, the last good list stays in use'],
    passing: ['warn', 'sheet was not read, the last good list stays in use'],
    again: ['debug', 'sheet was not read, the last good list stays in use'],
    start: ['warn', 'ready without the sheet'],
  }).of<
    Failure & {
      readonly toDo?: string | null;
      readonly failures?: number;
      readonly retryInMs?: number | null;
    }
  >(),
  'inventory.problem': event('warn', 'cells of the sheet are not usable').of<{
    readonly count: number;
    readonly problems: readonly unknown[];
  }>(),
  'booking.committed': event('info', 'booking is in the journal').of<
    Booking & {
      readonly callId: string;
      readonly start: string;
      readonly end: string;
      readonly repeated: boolean;
    }
  >(() => [count('bookings_total', { outcome: 'committed' })]),
  'booking.changed': event('info', 'booking was changed').of<
    Booking & { readonly callId: string; readonly start: string; readonly end: string }
  >(),
  'booking.off-rent': event('info', 'the caller is done with a rental: staff are to fetch it').of<
    Booking & { readonly callId: string; readonly code: string }
  >(() => [count('bookings_total', { outcome: 'off-rent' })]),
  'booking.confirmed': event('info', 'booking is in the sheet').of<
    SheetFields<'booking.confirmed'>
  >(() => [count('bookings_total', { outcome: 'confirmed' })]),
  'booking.conflict': variants({
    'given-away': ['warn', 'staff gave the unit away meanwhile: call the customer back'],
    deleted: ['warn', 'the row of a booking was deleted'],
    moved: ['warn', 'staff moved a booking to days of another: call the customer back'],
  }).of<SheetFields<'booking.conflict'>>(() => [count('bookings_total', { outcome: 'conflict' })]),
  'booking.cancelled': variants({
    'by-phone': ['info', 'cancelled booking is off the sheet'],
    'by-staff': ['info', 'staff cancelled a booking in the sheet'],
  }).of<SheetFields<'booking.cancelled'>>(() => [
    count('bookings_total', { outcome: 'cancelled' }),
  ]),
  'booking.duplicated': event('warn', 'a booking had more than one row in the sheet').of<
    SheetFields<'booking.duplicated'>
  >(),
  'booking.moved': event('info', 'staff moved a booking in the sheet').of<
    SheetFields<'booking.moved'>
  >(),
  'booking.rows-missing': event(
    'warn',
    'rows of bookings are gone from the sheet together: their days stay booked',
  ).of<SheetFields<'booking.rows-missing'>>(),
  'message.delivered': event('info', 'message is in the sheet').of<
    SheetFields<'message.delivered'>
  >(),
  'unit.status-set': event('info', 'status of a unit was set').of<SheetFields<'unit.status-set'>>(),
  'sheet.writing': event('info', 'this process writes the sheet').of<
    SheetFields<'sheet.writing'>
  >(),
  'sheet.write-failed': variants({
    person: ['error', 'sheet could not be written'],
    passing: ['warn', 'sheet could not be written'],
    again: ['debug', 'sheet could not be written'],
  }).of<SheetFields<'sheet.write-failed'>>(),
  'phrase.synthesised': event('debug', 'phrase synthesised').of<
    Timed & { readonly characters: number; readonly audioMs: number }
  >(),
  'phrase.ready': event('info', 'all phrases are there').of<{
    readonly made: number;
    readonly characters: number;
  }>(),
  'phrase.failed': event('warn', 'phrases could not be synthesised').of<Failure>(),

  'call.incoming': arrival('call incoming').of<{
    readonly callerNumber: string | null;
    readonly yardNumber: string | null;
  }>(),
  'room.connected': arrival('room connected').of<Timed>(),
  'equipment.loaded': arrival('equipment loaded').of<{
    readonly items: number;
    readonly ageMs: number | null;
    readonly source: 'store' | 'none';
  }>(),
  'session.started': arrival('session started').of<Timed>(),
  'call.answered': event('info', 'call answered', 'timeline').of<{
    readonly ringMs: number;
    readonly by: 'attendant' | 'job';
    readonly greeting: 'ready' | 'synthesised';
  }>(({ ringMs }) => [count('calls_answered_total', {}), ...timed('call_pickup_seconds', ringMs)]),
  'call.notices': event('info', 'notices of the greeting played', 'timeline').of<{
    readonly notices: readonly string[];
    /** False: the caller broke in, or hung up. */
    readonly isWhole: boolean;
  }>(),
  'call.state': event('debug', 'call moved on').of<{
    readonly from: string;
    readonly to: string;
  }>(),
  'call.escalated': event('info', 'caller goes to a person at once', 'timeline').of<{
    readonly kind: 'emergency' | 'breakdown' | 'spanish';
  }>(({ kind }) => [count('calls_escalated_total', { kind })]),
  'call.transferred': event('info', 'transfer to a person', 'timeline').of<
    Timed & {
      readonly outcome: string;
      readonly sipStatus: number | null;
      readonly error?: unknown;
    }
  >(),
  // A job tells of its own call; of one that no job served, the supervisor does.
  'call.ended': variants({
    served: ['info', 'call ended', 'timeline'],
    unserved: ['info', 'call ended'],
    lost: ['error', 'call ended'],
  }).of<Ended & Partial<SomeCall> & { readonly cause?: string | null; readonly isTest?: true }>(
    ({ result, reason, isTest }) =>
      isTest ? [] : [count('calls_ended_total', { result, reason })],
  ),
  'call.closed': variants({
    served: ['info', 'call closed'],
    unserved: ['info', 'call closed'],
    lost: ['error', 'call closed'],
  }).of<
    Termination & {
      readonly answerToFirstWordMs?: number | null;
      readonly usage?: Usage;
      readonly costUsd?: number | null;
      readonly isTest?: true;
    } & Fields
  >(({ answerToFirstWordMs = null, usage = null, costUsd = null, isTest }) => [
    ...(isTest ? [] : timed('call_first_word_seconds', answerToFirstWordMs)),
    ...billed(usage, costUsd),
  ]),
  'call.settled': event('debug', 'call has its place in the ledger').of<{
    readonly callId: string;
    readonly outcome: LedgerOutcome;
  }>(({ outcome }) => [count('calls_settled_total', { outcome })]),
  'retention.swept': event('info', 'what is too old was removed').of<
    Swept & { readonly recordings: number }
  >(),
  'room.reconnecting': event('info', 'connection to the room was lost').of<Leg>(),
  'room.reconnected': event('info', 'connection to the room is restored').of<
    Leg & { readonly awayMs: number }
  >(),
  'tool.used': variants({
    used: ['info', 'tool used', 'timeline'],
    failed: ['warn', 'tool used', 'timeline'],
    // A call may write 40 lines at `info` in all.
    often: ['debug', 'tool used', 'timeline'],
  }).of<Timed & { readonly tool: string; readonly ok: boolean; readonly error?: unknown }>(
    ({ tool, ok }) => [count('tools_used_total', { tool, ok: `${ok}` })],
  ),
  'turn.completed': event('debug', 'turn completed').of<{ readonly latencyMs: number }>(
    ({ latencyMs }) => timed('turn_latency_seconds', latencyMs),
  ),
  'gap.detected': event(...audio).of<{
    readonly silentMs: number;
    readonly attempt: number | null;
    readonly refusal: string | null;
    readonly sign: string | null;
  }>(),
  'gap.step': event(...audio).of<{
    readonly attempt: number | null;
    readonly step: string;
    readonly silentMs?: number;
    readonly error?: unknown;
  }>(({ step, error }) => [
    count('gap_steps_total', { step, outcome: error === undefined ? 'tried' : 'failed' }),
  ]),
  'gap.recovered': event(...audio).of<{
    readonly attempt: number | null;
    readonly step: string | null;
    readonly afterMs: number | null;
    readonly lengthMs: number;
  }>(({ step }) => [count('gap_steps_total', { step: step ?? 'none', outcome: 'recovered' })]),
  'gap.gave-up': event(...audio).of<{
    readonly attempt: number | null;
    readonly why: string;
    readonly silentMs: number;
    readonly error?: unknown;
  }>(({ why }) =>
    // Told again when the polite end fails.
    why === 'end-failed' ? [] : [count('gap_steps_total', { step: 'none', outcome: 'gave-up' })],
  ),
  'liveness.resumed': event('warn', 'timers of the call run again').of<{
    readonly reason: string;
  }>(),
  'speech.withheld': event('info', 'sentence of the model left out', 'timeline').of<{
    readonly kind: Withheld;
  }>(),
  'hearing.recovered': event('info', 'caller is heard again', 'timeline').of<Fields>(),
  // The session tells of the same by its own names, without `sense`: it is counted once.
  'provider.failed': variants({
    failed: ['warn', 'provider failed'],
    goodbye: ['warn', 'goodbye was not played out'],
  }).of<{ readonly sense?: 'hearing' | 'thinking' | 'speaking' } & Fields>(({ sense }) =>
    sense ? [count('provider_failures_total', { sense })] : [],
  ),

  'alert.raised': event('warn', 'a person is needed').of<Alert>(),
  'alert.cleared': event('info', 'a person is no longer needed').of<Alert>(),
  'alert.failed': event('error', 'nobody took the alert').of<
    Failure & { readonly cause: AlertCause; readonly state: AlertChange['state'] }
  >(),
  'confirmation.sent': event('info', 'confirmation sent').of<Confirmation>(() => [
    count('confirmations_total', { outcome: 'sent' }),
  ]),
  'confirmation.failed': variants({
    'put-off': ['warn', 'confirmation was not taken, and is sent again'],
    again: ['debug', 'confirmation was not taken, and is sent again'],
  }).of<Failure & Confirmation>(() => [count('confirmations_total', { outcome: 'failed' })]),
  'confirmation.gave-up': event('error', 'confirmation was given up').of<Failure & Confirmation>(
    () => [count('confirmations_total', { outcome: 'gave-up' })],
  ),
  'recording.ended': event('warn', 'call goes on without its recording').of<{
    readonly why: string;
    readonly error?: unknown;
  }>(),
  'canary.passed': event('info', 'test call was as it should be').of<CanaryFigures>(() => [
    count('canary_calls_total', { result: 'passed' }),
  ]),
  'canary.failed': event('warn', 'test call was not as it should be').of<
    CanaryFigures & { readonly why: CanaryFault; readonly failures: number }
  >(() => [count('canary_calls_total', { result: 'failed' })]),
  'digest.sent': event('info', 'digest of a day sent').of<{ readonly day: string }>(),
  'digest.failed': event('warn', 'digest was not taken, and is sent again').of<
    Failure & { readonly attempts: number }
  >(),
  'store.failed': variants({
    backlog: ['warn', 'journal could not be looked through'],
    booking: ['warn', 'booking could not be looked up'],
    call: ['warn', 'call could not be looked up'],
    'call-back': ['error', 'call-back could not be noted'],
    canary: ['warn', 'test call could not be counted'],
    claim: ['error', 'call could not be claimed'],
    confirmations: ['warn', 'confirmations could not be looked through'],
    'confirmations-again': ['debug', 'confirmations could not be looked through'],
    close: ['error', 'store could not be closed'],
    equipment: ['warn', 'equipment could not be read'],
    retention: ['warn', 'what is too old could not be removed'],
    ledger: ['warn', 'ledger could not be kept up to date'],
    'ledger-again': ['debug', 'ledger could not be kept up to date'],
    'inventory-lease': ['warn', 'inventory lease could not be renewed'],
    'open-ahead': ['warn', 'store could not be opened ahead'],
    phrase: ['warn', 'phrase could not be read'],
    'put-through': ['warn', 'staff could not be told what a transfer is about'],
    record: ['error', 'call could not be written down'],
    'record-late': ['error', 'call is not fully written down'],
    renewal: ['warn', 'claim of the call could not be renewed'],
    said: ['error', 'what was said could not be read'],
    transcript: ['warn', 'transcript is not fully written down'],
    supervisors: ['warn', 'other supervisors are not seen'],
    'supervisors-again': ['debug', 'other supervisors are not seen'],
    'whose-call': ['error', 'nobody can say whose a call is'],
  }).of<{
    readonly error?: unknown;
    readonly room?: string;
    readonly callId?: string;
    readonly bookingId?: string;
  }>(),
  'line.failed': event('warn', 'message on the line ignored').of<IgnoredMessage>(),
  'process.fault': variants({
    'supervisor-rejection': ['error', 'unhandled rejection in the supervisor'],
    'supervisor-exception': ['error', 'uncaught exception in the supervisor'],
    'supervisor-close': ['warn', 'not everything could be closed'],
    'worker-rejection': ['error', 'unhandled rejection in the worker'],
    'worker-exception': ['error', 'uncaught exception in the worker'],
    'worker-drain': ['error', 'worker could not drain'],
    'attendant-rejection': ['error', 'unhandled rejection in the attendant'],
    'attendant-exception': ['error', 'uncaught exception in the attendant'],
    canary: ['error', 'test call broke off'],
    'desk-rejection': ['error', 'unhandled rejection in the desk'],
    'desk-exception': ['error', 'uncaught exception in the desk'],
    'job-rejection': ['error', 'unhandled rejection in a job'],
    // The end of a call breaks off whatever the framework was about: a hang-up, no fault.
    'job-closing': ['debug', 'unhandled rejection in a job'],
    'job-exception': ['error', 'uncaught exception in a job'],
    'job-warm-up': ['error', 'job process could not be warmed up'],
  }).of<Failure>(),
} satisfies Readonly<Record<`${string}.${string}`, Spec<never, string>>>;

type Catalogue = typeof catalogue;

/** The name of an event. */
export type EventName = keyof Catalogue;

/** The fields of an event. */
type FieldsOf<Name extends EventName> = Parameters<Catalogue[Name]['samples']>[0];

type ArgsOf<S> =
  S extends Spec<infer F, infer Variant>
    ? [Variant] extends [never]
      ? keyof F extends never
        ? readonly []
        : readonly [fields: F]
      : readonly [fields: F, variant: Variant]
    : never;

/** Each event's arguments. */
export type Events = { readonly [Name in EventName]: ArgsOf<Catalogue[Name]> };

/** The log of a process, a call, a worker: events of the catalogue go in. */
export type Log = LogOf<Events>;

/** An event as it was emitted, for listeners that make something else of it than a line. */
export type Emitted = {
  readonly [Name in EventName]: {
    readonly event: Name;
    readonly fields: FieldsOf<Name>;
    readonly samples: readonly MetricSample[];
    /** The call's timeline in the store keeps it. */
    readonly isKept: boolean;
  };
}[EventName];

/** Writes each event to `lines` as the catalogue says, those of its children too. */
export function eventLog(lines: Lines): Log {
  return {
    emit: (name, ...told) => {
      const { fields, telling } = readArgs(name, told);
      const [level, message] = telling;
      lines[level]({ event: name, ...fields }, message);
    },
    child: (fields) => eventLog(lines.child(fields)),
  };
}

/** A log that writes to `log`, and tells `onEvent` of every event, those below its level too. */
export function watchedLog(log: Log, onEvent: (emitted: Emitted) => void): Log {
  return {
    emit: (name, ...told) => {
      log.emit(name, ...told);
      const { fields, telling } = readArgs(name, told);
      const { samples }: Spec<never, string> = catalogue[name];
      const emitted = {
        event: name,
        fields,
        samples: samples(fields as never),
        isKept: telling.length > 2,
      };
      onEvent(emitted as Emitted);
    },
    child: (fields) => watchedLog(log.child(fields), onEvent),
  };
}

function readArgs(name: EventName, told: readonly unknown[]) {
  const [fields = {}, variant = ''] = told as readonly [fields?: Fields, variant?: string];
  const { tellings }: Spec<never, string> = catalogue[name];
  const telling = tellings[variant];
  if (!telling) throw new Error(`The event ${name} has no variant ${variant}`);
  return { fields, telling };
}

import type { JobContext } from '@livekit/agents';
import type { Room } from '@livekit/rtc-node';
import type { BookingService } from '../../tools/journal/booking-service.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../telemetry/events.ts';
import type { JobOutcome, JobStage, ResumeKind } from '../ipc/messages.ts';
import type { TerminationReason } from '../ipc/termination.ts';
import type { CallRecord } from './call-record.ts';
import type { CallState } from './call-state.ts';
import type { CallStore } from './persistence/call-store.ts';

/** A call's job: the process that serves it, and what it gives the call. */
export type CallJob = {
  readonly ctx: JobContext;
  readonly config: Config;
  readonly store: CallStore;
  readonly desk: BookingService;
  readonly log: Log;
  /** Tells the supervisor how far this job is. */
  readonly onStage: (stage: JobStage, callId: string | null) => void;
  /** Asks the supervisor for a fresh job in this room; false when it cannot be asked. */
  readonly askForFreshJob: (kind: ResumeKind) => boolean;
};

/** All that the parts of one call share, made once a call. */
export type CallContext = {
  readonly jobId: string;
  readonly room: Room;
  readonly roomName: string;
  readonly config: Config;
  readonly store: CallStore;
  readonly desk: BookingService;
  /** The call's timeline and figures; `record.log` is its logger. */
  readonly record: CallRecord;
  readonly state: CallState;
  /** Aborted when this job is done with the call. */
  readonly signal: AbortSignal;
  readonly askForFreshJob: CallJob['askForFreshJob'];
  /** Ends the call at once. */
  readonly end: (reason: TerminationReason) => void;
  /** Leaves the call to another job. */
  readonly leave: (outcome: Exclude<JobOutcome, 'ended'>) => void;
};

/** The leaving of a job: after the call's end, or alone. */
export type CallEnding = {
  readonly outcome: JobOutcome;
  /** Leaving may take so long, from now; then it is to be by force. */
  readonly closeMs: number;
  /** Resolves when the call is written down and its room is closed. Never rejects. */
  readonly closed: Promise<void>;
};

import type { JobContext } from '@livekit/agents';
import type { BookingService } from '../../tools/journal/booking-service.ts';
import type { Config } from '../config/config.ts';
import type { JobOutcome, JobStage, ResumeKind } from '../ipc/messages.ts';
import type { Log } from '../infra/log.ts';
import type { CallStore } from './persistence/call-store.ts';

/** What one call needs from its job. */
export type CallDeps = {
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

/** How the job is to leave: after the call's end, or alone. */
export type CallEnding = {
  readonly outcome: JobOutcome;
  /** How long leaving may take, from now; then it is to be by force. */
  readonly closeMs: number;
  /** Resolves when the call is written down and its room is closed. Never rejects. */
  readonly closed: Promise<void>;
};

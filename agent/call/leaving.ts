import type { JobOutcome } from '../ipc/client.ts';
import type { Log } from '../infra/log.ts';
import type { CallEnding } from './call-context.ts';

/**
 * How a job leaves once it is done with its call: out of the room, then for good. Closing can hang on
 * a store, a server, or a tool that ignores its signal: past its time the job leaves by force.
 */
export async function leaveAfter(
  { outcome, closeMs, closed }: CallEnding,
  options: {
    readonly log: Log;
    /** Never rejects. */
    readonly leaveRoom: () => Promise<void>;
    /** Ends the process. */
    readonly leave: (outcome: JobOutcome) => Promise<void>;
  },
): Promise<void> {
  const { log, leaveRoom, leave } = options;
  const force = setTimeout(() => {
    log.warn({ event: 'job.forced', closeMs }, 'job did not close in time');
    void leave(outcome);
  }, closeMs);
  force.unref();
  await closed;
  await leaveRoom();
  clearTimeout(force);
  await leave(outcome);
}

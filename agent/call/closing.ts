import type { JobContext } from '@livekit/agents';
import type { Config } from '../config/config.ts';
import type { CallLease } from './persistence/call-lease.ts';
import type { CallRecord } from './call-record.ts';
import type { CallStore } from './persistence/call-store.ts';
import { endRoom } from '../livekit/room-service.ts';
import type { MediaFigures } from './media/media-monitor.ts';
import type { Termination } from '../ipc/termination.ts';

/**
 * What follows the end of a call: the record, before anything that can hang; the end of its room,
 * if the caller is still there; the closing line. Never rejects.
 */
export async function closeCall(options: {
  readonly ctx: JobContext;
  readonly config: Config;
  readonly store: CallStore;
  readonly record: CallRecord;
  readonly ending: Termination;
  readonly claim: CallLease | undefined;
  readonly media: MediaFigures | null;
  readonly isCallerGone: boolean;
}): Promise<void> {
  const { ctx, config, store, claim, record, ending, media, isCallerGone } = options;
  const summary = await record.ended(ending, media);
  try {
    // What another job still says to the caller must not be cut off.
    const hangsUp = !isCallerGone && (await claim?.isStillOurs()) !== false;
    if (hangsUp) await endRoom(config, ctx.job.room?.name ?? '');
  } catch (error) {
    record.log.error({ event: 'job.failed', error }, 'caller could not be hung up on');
  }
  record.log.info({ event: 'call.closed', ...summary }, 'call closed');
  await store.end();
}

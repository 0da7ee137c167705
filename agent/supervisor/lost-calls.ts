import { termination } from '../call/termination.ts';
import type { Log } from '../log.ts';
import { recordCallClose, recordCallStart } from '../store/calls.ts';
import type { Store } from '../store/database.ts';
import type { LostCall } from './guardian.ts';

/**
 * Writes down a call that ended before any job had it, in the log and in the store, once: of several
 * supervisors that saw it, the first one's record stands.
 */
export async function recordLostCall(store: Store, log: Log, call: LostCall): Promise<void> {
  const { room, callId, phoneNumber, firstSeenAtMs, attempts } = call;
  const endedAtMs = Date.now();
  // With dispatches tried it was ours: the caller gave up waiting for an answer that never came.
  const ending = termination(attempts === 0 ? 'cancelled-while-ringing' : 'start-failed');
  const summary = { durationMs: endedAtMs - firstSeenAtMs, attempts };
  try {
    await recordCallStart(store, {
      callId,
      room,
      callerNumber: phoneNumber,
      startedAtMs: firstSeenAtMs,
      jobId: null,
      epoch: 0,
    });
    const first = await recordCallClose(store, {
      callId,
      ...ending,
      endedBy: 'caller',
      endedAtMs,
      turns: 0,
      summary,
    });
    if (!first) return;
  } catch (error) {
    log.error({ event: 'store.failed', callId, error }, 'call could not be written down');
  }
  const level = attempts === 0 ? 'info' : 'error';
  log[level]({ event: 'call.ended', room, callId, ...ending, endedBy: 'caller' }, 'call ended');
  log[level]({ event: 'call.closed', room, callId, ...ending, ...summary }, 'call closed');
}

import { termination } from '../call/termination.ts';
import type { Log } from '../log.ts';
import { dropCallState } from '../store/call-states.ts';
import { recordCallClose, recordCallStart } from '../store/calls.ts';
import type { Store } from '../store/database.ts';
import type { LostCall } from './guardian.ts';

/**
 * Writes down a call that no job wrote down, in the log and in the store, once: what a job, or
 * another supervisor that saw it, has written stands.
 */
export async function recordLostCall(store: Store, log: Log, call: LostCall): Promise<void> {
  const { room, callId, phoneNumber, firstSeenAtMs, attempts } = call;
  const endedAtMs = Date.now();
  const ending = termination(call.reason);
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
    await dropCallState(store, callId);
  } catch (error) {
    log.error({ event: 'store.failed', callId, error }, 'call could not be written down');
  }
  const level = ending.result === 'failed' ? 'error' : 'info';
  log[level]({ event: 'call.ended', room, callId, ...ending, endedBy: 'caller' }, 'call ended');
  log[level]({ event: 'call.closed', room, callId, ...ending, ...summary }, 'call closed');
}

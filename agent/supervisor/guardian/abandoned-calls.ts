import { takeMessage } from '../../../tools/journal/journal.ts';
import { termination } from '../../ipc/termination.ts';
import type { TerminationReason } from '../../ipc/termination.ts';
import type { Log } from '../../telemetry/events.ts';
import {
  dropCallState,
  findCall,
  recordCallClose,
  recordCallStart,
} from '../../infra/store/calls.ts';
import type { Store } from '../../infra/store/database.ts';
import type { WatchedCall } from './watched-call.ts';

/** A call whose end no job wrote down. */
export type AbandonedCall = {
  readonly room: string;
  readonly callId: string;
  readonly phoneNumber: string | null;
  readonly isTest?: boolean;
  readonly firstSeenAtMs: number;
  readonly attempts: number;
  readonly reason: TerminationReason;
  /** The caller had been answered: they are to be called back. */
  readonly wasAnswered: boolean;
  /** We end the call; else the caller has. */
  readonly isCallerThere: boolean;
};

/**
 * The call as it is written down; null when LiveKit never said whose it was. Of a caller who had left
 * before anybody looked there is only the room: its 12 random signs stand for the call.
 */
export function abandonedCall(
  { room, caller, firstSeenAtMs, attempts, wasAnswered, wasOffered, isEmpty }: WatchedCall,
  end: Pick<AbandonedCall, 'reason' | 'isCallerThere'>,
): AbandonedCall | null {
  const unseen = wasOffered && isEmpty && !caller ? `room_${room.split('_').at(-1)}` : null;
  const callId = caller?.callId ?? unseen;
  if (callId === null) return null;
  const phoneNumber = caller?.phoneNumber ?? null;
  const isTest = caller?.isTest ?? false;
  return { room, callId, phoneNumber, isTest, firstSeenAtMs, attempts, wasAnswered, ...end };
}

/**
 * Writes down a call that no job wrote down, in the log and in the store, once: what a job, or
 * another supervisor that saw it, has written stands.
 */
export async function recordAbandonedCall(
  store: Store,
  log: Log,
  call: AbandonedCall,
): Promise<void> {
  const { room, callId, firstSeenAtMs, attempts } = call;
  const endedAtMs = Date.now();
  const ending = termination(call.reason);
  const endedBy = call.isCallerThere ? null : 'caller';
  const summary = { durationMs: endedAtMs - firstSeenAtMs, attempts };
  try {
    await recordCallStart(store, {
      callId,
      room,
      callerNumber: call.phoneNumber,
      startedAtMs: firstSeenAtMs,
      isTest: call.isTest ?? false,
      jobId: null,
      epoch: 0,
    });
    const stored = await findCall(store, callId);
    if (stored && stored.endedAtMs !== null) return;
    // First: a note that is taken twice is better than one that a crash here would lose.
    if (call.wasAnswered && ending.result === 'failed') await noteCallBack(store, call);
    const close = { callId, ...ending, endedBy, endedAtMs, turns: 0, summary };
    if (!(await recordCallClose(store, close))) return;
    await dropCallState(store, callId);
  } catch (error) {
    log.emit('store.failed', { callId, error }, 'record');
  }
  const variant = ending.result === 'failed' ? 'lost' : 'unserved';
  log.emit('call.ended', { room, callId, ...ending, endedBy }, variant);
  log.emit('call.closed', { room, callId, ...ending, ...summary }, variant);
}

async function noteCallBack(store: Store, { callId, phoneNumber }: AbandonedCall): Promise<void> {
  await takeMessage(store, {
    callId,
    message: {
      customer: null,
      phone: phoneNumber,
      text: 'Please call back: the call broke off through a fault of ours.',
      kind: 'call-back',
    },
    clock: { nowMs: () => Date.now() },
  });
}

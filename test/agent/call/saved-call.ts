import { newSavedCall } from '../../../agent/ipc/saved-call.ts';
import type { SavedCall } from '../../../agent/ipc/saved-call.ts';

/** A call as a job keeps it, in which what `talk` says was said, and nothing else happened. */
export function savedCall(talk: Partial<SavedCall['talk']> = {}): SavedCall {
  const call = newSavedCall({ startedAtMs: 1, answeredAtMs: 2 });
  return { ...call, talk: { ...call.talk, callerTurns: 1, ...talk } };
}

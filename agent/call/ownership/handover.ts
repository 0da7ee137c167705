import { sharedTimes } from '../../config/timeouts.ts';
import { RoomEvent } from '@livekit/rtc-node';
import type { Room } from '@livekit/rtc-node';
import timers from 'node:timers/promises';
import { DeadlineError, withDeadline } from '../../infra/deadline.ts';
import { agentIdentity } from '../../ipc/messages.ts';
import type { ResumeKind } from '../../ipc/messages.ts';
import type { Log } from '../../telemetry/events.ts';
import type { CallLease, Claim } from '../persistence/call-lease.ts';
import type { CallStore } from '../persistence/call-store.ts';
import type { SavedCall } from '../../ipc/saved-call.ts';
import { goTopic, listenFor, readyTopic, send } from '../../livekit/hand-over-signals.ts';

/**
 * A call goes from one job to a fresh one while the caller is on the line. The fresh one enters the
 * room, listens, and says that it is ready; the old one gives it the call's lease together with all
 * that was said, between two turns, and leaves; only then does the fresh one speak. No moment has
 * two jobs that may speak, and one is listening in every moment.
 */

const pollMs = 50;
/** A job that is not heard by the other says it again. */
const repeatMs = 250;
/** Longer than a lock lasts. With a store that says nothing for so long, the fresh job is to speak. */
const unknownMs = 3_000;

/** The old job's side of a hand-over. */
export type HandOverDeps = {
  readonly room: Room;
  readonly jobId: string;
  readonly store: CallStore;
  readonly claim: CallLease;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Has a fresh job sent to the room; false when nobody can be asked. */
  readonly ask: (kind: ResumeKind) => boolean;
  /** Neither side speaks, and no answer is being prepared. */
  readonly isBetweenTurns: () => boolean;
  /** The call goes over in the middle of a turn too from then on; by `performance.now()`. */
  readonly dueAtMs: () => number;
  /** Tells the caller of it, if they are to be told. */
  readonly announce: () => Promise<void>;
  /**
   * Enters the moment in which the call is neither here nor there, which `give` decides; null when
   * something has begun meanwhile that only this job can finish.
   */
  readonly surrender: (give: () => Promise<boolean>) => Promise<boolean> | null;
  /** Answers nothing from now on; the returned function takes it back. */
  readonly fallSilent: () => () => void;
  readonly state: () => SavedCall;
};

/** Gives the call to a fresh job. False when that came to nothing: then it is still ours. */
export async function handOver(kind: ResumeKind, deps: HandOverDeps): Promise<boolean> {
  const { room, log, signal } = deps;
  const ready = readyJob(room, deps.jobId, signal);
  try {
    if (!deps.ask(kind)) return false;
    const jobId = await withDeadline(() => ready.jobId, {
      ms: sharedTimes.freshJobMs,
      label: 'fresh job',
      signal,
    });
    // For a caller whose voice does not arrive there are no turns to wait for.
    if (kind !== 'rejoin') {
      await betweenTurns(deps);
      await withDeadline(() => deps.announce(), {
        ms: sharedTimes.handOverNoticeMs,
        label: 'notice',
        signal,
      });
      await betweenTurns(deps);
    }
    // A fresh job that waited too long is gone, and what began meanwhile is finished here.
    if (!room.remoteParticipants.has(agentIdentity(jobId))) return false;
    return (await deps.surrender(() => transfer(jobId, deps))) ?? false;
  } catch (error) {
    signal.throwIfAborted();
    log.emit('handover.failed', { kind, error });
    return false;
  } finally {
    ready.stop();
  }
}

/** The first job that says it is ready to take over from us. */
function readyJob(
  room: Room,
  ownJobId: string,
  signal: AbortSignal,
): { readonly jobId: Promise<string>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  const stop = listenFor(room, readyTopic, (identity) => {
    const jobId = identity.replace(/^agent-/, '');
    if (jobId && jobId !== ownJobId) resolve(jobId);
  });
  signal.addEventListener('abort', stop, { once: true });
  return { jobId: promise, stop };
}

async function betweenTurns({ isBetweenTurns, dueAtMs, signal }: HandOverDeps): Promise<void> {
  const isTime = () => isBetweenTurns() || performance.now() >= dueAtMs();
  await withDeadline(
    async (joined) => {
      while (!isTime()) await timers.setTimeout(pollMs, undefined, { signal: joined });
    },
    { ms: sharedTimes.turnEndMs, label: 'end of a turn', signal },
  );
}

async function transfer(jobId: string, deps: HandOverDeps): Promise<boolean> {
  const { room, store, fallSilent, state } = deps;
  const speakAgain = fallSilent();
  let isGiven = false;
  try {
    isGiven = await withDeadline((own) => store.handTo(jobId, state(), own), {
      ms: sharedTimes.leaseTransferMs,
      label: 'hand-over in the store',
    });
  } catch {
    isGiven = await wasGivenTo(jobId, deps);
  }
  if (isGiven) await send(room, goTopic, jobId);
  else speakAgain();
  return isGiven;
}

/**
 * The write may have arrived although nothing said so. Until that is known, nothing is spoken; if it
 * never is, the call goes to the job that is sure to be silent until this one is gone.
 */
async function wasGivenTo(jobId: string, { claim }: HandOverDeps): Promise<boolean> {
  try {
    const holder = await withDeadline((own) => holderOnceKnown(claim, own), {
      ms: unknownMs,
      label: 'holder of the call',
    });
    return holder === jobId;
  } catch {
    return true;
  }
}

async function holderOnceKnown(claim: CallLease, signal: AbortSignal): Promise<string | null> {
  while (true) {
    try {
      return await claim.holder();
    } catch {
      await timers.setTimeout(repeatMs, undefined, { signal });
    }
  }
}

/** The fresh job's side of a hand-over. */
export type StandbyDeps = {
  readonly room: Room;
  /** The job that has the call. */
  readonly from: string;
  readonly claim: CallLease;
  /** False when there is nobody to speak to any more. */
  readonly isCallerThere: () => boolean;
  readonly signal: AbortSignal;
};

/**
 * Says that this job is ready, until the call is its own. False when it never was. An old job that
 * leaves the room without having given the call has died: then it is taken. Once it is gone, or has
 * said that it gives the call, a store that cannot be asked is no reason to leave the caller in
 * silence: no other job can ask it either. A caller who left meanwhile is not left in silence: the old
 * job has told the end.
 */
export async function waitForCall(deps: StandbyDeps): Promise<boolean> {
  const { room, from, claim, isCallerThere, signal } = deps;
  const old = agentIdentity(from);
  let wake = Promise.withResolvers<void>();
  let isGiven = false;
  const stopListening = listenFor(room, goTopic, (identity) => {
    if (identity !== old) return;
    isGiven = true;
    wake.resolve();
  });
  const onLeft = () => wake.resolve();
  room.on(RoomEvent.ParticipantDisconnected, onLeft);
  try {
    return await withDeadline(
      async (joined) => {
        while (!joined.aborted) {
          const isOldSilent = isGiven || !room.remoteParticipants.has(old);
          const whose = await ask(claim, isOldSilent ? from : undefined);
          if (whose === 'ours') return true;
          if (isOldSilent && whose === 'unknown') return isCallerThere();
          await send(room, readyTopic, from);
          await Promise.race([wake.promise, timers.setTimeout(repeatMs)]);
          wake = Promise.withResolvers<void>();
        }
        return false;
      },
      { ms: sharedTimes.standbyMs, label: 'call to be handed over', signal },
    );
  } catch (error) {
    if (error instanceof DeadlineError) return false;
    throw error;
  } finally {
    stopListening();
    room.off(RoomEvent.ParticipantDisconnected, onLeft);
  }
}

async function ask(claim: CallLease, supersedes: string | undefined): Promise<Claim> {
  if (supersedes !== undefined) return claim.take(supersedes);
  try {
    return (await claim.holds()) ? 'ours' : 'taken';
  } catch {
    // The store is away: nobody can give us the call.
    return 'unknown';
  }
}

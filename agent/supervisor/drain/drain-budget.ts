import { sharedTimes } from '../../config/timeouts.ts';

/** The time that a drain must fit into, in milliseconds. */
export type DrainBudget = {
  /** The platform's time from its signal to SIGKILL. */
  readonly graceMs: number;
  /** Calls may go on so long. */
  readonly drainMs: number;
};

/** The steps of a drain, in milliseconds since the signal. */
type DrainTimes = {
  /** Calls that are here are ended with a sentence. */
  readonly lastWordsMs: number;
  /** Calls that are here then are ended by force. */
  readonly endMs: number;
};

const { turnEndMs, politeEndMs } = sharedTimes;
/** The exit: kill what is left (200 ms), close the store and the ports. */
const exitMs = 500;
/** A fresh job is heard after 0.7 s, after 1.5 s when it has to be forked first. */
const hurriedHandOverMs = 1_500;
/** A polite end that nothing hurries: on a busy machine the last words, and the exit, take longer. */
const unhurriedEndMs = 8_000;
/** A sentence that the platform cuts short still tells the caller, and the note is written first. */
const leastGoodbyeMs = 1_000;
/** A fresh job needs this long before it could be given the call at all. */
const leastWithinMs = 1_000;
/** The other deployment has few warm processes, and new callers need them too. */
const patientTogether = 2;

/**
 * Without another deployment the last words come as late as they can. With one, a grace that is
 * too short for both is better spent on handing over: that call goes on.
 */
export function drainTimes({ graceMs, drainMs }: DrainBudget, otherIsReady: boolean): DrainTimes {
  const latestMs = Math.max(0, graceMs - exitMs);
  const aloneMs = Math.max(0, Math.min(drainMs, latestMs - politeEndMs));
  const handedOverMs = Math.min(hurriedHandOverMs, latestMs - leastGoodbyeMs);
  const lastWordsMs = otherIsReady ? Math.max(aloneMs, handedOverMs) : aloneMs;
  return { lastWordsMs, endMs: Math.min(lastWordsMs + unhurriedEndMs, latestMs) };
}

/** Calls are handed over between two turns while `leftMs` allow it, else in a hurry all at once. */
export function handOverPace(leftMs: number): {
  readonly withinMs: number;
  /** The most calls that may be on their way at a time. */
  readonly together: number;
} {
  const spareMs = Math.max(leastWithinMs, leftMs - hurriedHandOverMs);
  const withinMs = Math.min(turnEndMs, spareMs);
  return { withinMs, together: withinMs < turnEndMs ? Infinity : patientTogether };
}

/** Processes that were told to end are killed after this. */
export function killAfterMs({ graceMs }: DrainBudget, passedMs: number): number {
  const patientMs = 1_500;
  const leastMs = 200;
  return Math.max(leastMs, Math.min(patientMs, graceMs - exitMs - passedMs));
}

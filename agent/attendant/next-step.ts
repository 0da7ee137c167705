/** A caller over speech of ours breaks it off after this, as in a talk with a job. */
const overMs = 500;
/** After the caller's words, or after ours, it is said that a moment is needed. */
const afterCallerMs = 1_500;
const afterOursMs = 6_000;
/** Nobody is told that the lines are busy while they speak, unless they go on and on. */
const hearsOutMs = 5_000;
/** A job that did not say for so long that it is ready is gone: it says so four times a second. */
const readyMs = 1_500;
/** Whoever hangs up sooner after our words did not wait for more. */
const inVainMs = 2_000;
/** A job that is on its way is waited for so much longer: 3 s where it starts on a busy core. */
const comingMs = 10_000;

/** An answered call as its attendant sees it; times are of one clock, and null for never. */
export type Attendance = {
  readonly nowMs: number;
  readonly answeredAtMs: number;
  /** The caller is told then that nobody is free. */
  readonly patienceMs: number;
  readonly isSpeaking: boolean;
  /** The end of our last words. */
  readonly spokeAtMs: number;
  readonly callerIsSpeaking: boolean;
  /** The beginning of what the caller says or said last. */
  readonly callerBeganMs: number | null;
  readonly callerHeardMs: number | null;
  /** The call's job has listened since then. */
  readonly jobListensSinceMs: number | null;
  readonly jobSaidReadyMs: number | null;
  /** A job was sent for, or is in the room, and is not ready yet. */
  readonly jobIsComing: boolean;
};

/** An attendant's next act. `give`: to the job, now. `hush`: the caller speaks over our words. */
export type Step = 'give' | 'hush' | 'one-moment' | 'part' | 'wait';

/**
 * The one place that says what an attendant does next. A job that is there gets the call between two
 * words: after ours, or once the caller has spoken. What they say across its coming is heard out,
 * since it would have the second half alone.
 */
export function nextStep(now: Attendance): Step {
  const { nowMs, isSpeaking, callerIsSpeaking, callerBeganMs, callerHeardMs, spokeAtMs } = now;
  const speaksOver = isSpeaking && callerIsSpeaking && nowMs - (callerBeganMs ?? nowMs) >= overMs;
  if (speaksOver) return 'hush';
  if (isJobThere(now)) return isSpeaking || saysItAcross(now) ? 'wait' : 'give';
  if (isSpeaking) return 'wait';
  const waitedMs = nowMs - now.answeredAtMs;
  const moreMs = Math.max(callerIsSpeaking ? hearsOutMs : 0, now.jobIsComing ? comingMs : 0);
  if (waitedMs >= now.patienceMs + moreMs) return 'part';
  if (callerIsSpeaking) return 'wait';
  const spokeLast = callerHeardMs !== null && callerHeardMs > spokeAtMs;
  const quietMs = nowMs - (spokeLast ? callerHeardMs : spokeAtMs);
  return quietMs >= (spokeLast ? afterCallerMs : afterOursMs) ? 'one-moment' : 'wait';
}

/**
 * True for a caller who leaves unserved, and not of their own accord: they were greeted, and had waited
 * for a job in vain.
 */
export function gaveUpWaiting({
  nowMs,
  isSpeaking,
  spokeAtMs,
  callerHeardMs,
}: Attendance): boolean {
  const sinceMs = Math.max(spokeAtMs, callerHeardMs ?? 0);
  const isAsked = callerHeardMs !== null;
  return !isSpeaking && spokeAtMs > 0 && (isAsked || nowMs - sinceMs >= inVainMs);
}

function isJobThere({ nowMs, jobSaidReadyMs }: Attendance): boolean {
  return jobSaidReadyMs !== null && nowMs - jobSaidReadyMs < readyMs;
}

/** The caller began before the job listened, and goes on. */
function saysItAcross(now: Attendance): boolean {
  const { callerIsSpeaking, callerBeganMs, jobListensSinceMs, nowMs } = now;
  if (!callerIsSpeaking || callerBeganMs === null || jobListensSinceMs === null) return false;
  return callerBeganMs < jobListensSinceMs && nowMs - jobListensSinceMs < hearsOutMs;
}

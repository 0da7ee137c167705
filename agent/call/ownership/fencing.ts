import { ParticipantKind, RoomEvent } from '@livekit/rtc-node';
import type { Participant, Room } from '@livekit/rtc-node';
import { readFileSync } from 'node:fs';
import timers from 'node:timers/promises';
import type { Log } from '../../telemetry/events.ts';
import type { Claim } from '../persistence/call-lease.ts';

/**
 * Two agents in a room are normal: after a server's restart, beside a job that was believed dead,
 * in a hand-over. The lease says which of them may speak. A job that has reason to doubt asks it at
 * once, and is silent until it is known; the one that lost it leaves.
 */

/** A look at the lease takes 5 ms. Another agent alone, seen in every hand-over, breaks no sentence. */
const knownMs = 250;
const askAgainMs = 250;
/** Past this nobody can have taken the call either: the store is away for all. */
const unknownMs = 5_000;
const tickMs = 250;
/** The process stood still for so long, with all its timers, that another job may be there by now. */
const lateMs = 700;

/** Time that the process stood still, and the part of it for want of a core; null if unknown. */
type StoodStill = { readonly stoodMs: number; readonly queuedMs: number | null };

/** Signs that another job may have the call. Only the last is seen in healthy calls. */
type Sign = 'reconnected' | 'stood-still' | 'other-agent';

type FencingDeps = {
  readonly room: Room;
  readonly log: Log;
  /** Looks at the lease. A lost one ends this job by itself. */
  readonly check: () => Promise<Claim>;
  /** Holds back what is being said, without losing it; the result goes on with it. */
  readonly pause: () => () => void;
  /** Breaks it off, and answers nothing; the result makes up for it. */
  readonly fallSilent: () => () => void;
  readonly signal: AbortSignal;
  readonly nowMs?: () => number;
  /** For how long this thread was ready to run and had no core, ever; null if unknown. */
  readonly queuedMs?: () => number | null;
};

/** Watches for signs that another job may have the call, until `signal`. */
export class Fencing {
  readonly #deps: FencingDeps;
  readonly #nowMs: () => number;
  readonly #queuedMs: () => number | null;
  #isAsking = false;
  /** A further sign came meanwhile: what is being asked may be of before it. */
  #asksAgain = false;
  #goOn: (() => void) | undefined;
  #lastTickMs = 0;
  #lastQueuedMs: number | null = null;

  constructor(deps: FencingDeps) {
    this.#deps = deps;
    this.#nowMs = deps.nowMs ?? (() => performance.now());
    this.#queuedMs = deps.queuedMs ?? runQueueMs;
  }

  start(): void {
    const { room, signal } = this.#deps;
    const onReconnected = () => this.#doubt('reconnected');
    const onJoined = (participant: Participant) => {
      if (isAgent(participant)) this.#doubt('other-agent');
    };
    this.#lastTickMs = this.#nowMs();
    this.#lastQueuedMs = this.#queuedMs();
    const ticks = setInterval(() => this.#tick(), tickMs);
    room.on(RoomEvent.Reconnected, onReconnected);
    room.on(RoomEvent.ParticipantConnected, onJoined);
    const stop = () => {
      clearInterval(ticks);
      room.off(RoomEvent.Reconnected, onReconnected);
      room.off(RoomEvent.ParticipantConnected, onJoined);
    };
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    if ([...room.remoteParticipants.values()].some(isAgent)) this.#doubt('other-agent');
  }

  #tick(): void {
    const nowMs = this.#nowMs();
    const queuedMs = this.#queuedMs();
    const stoodMs = nowMs - this.#lastTickMs;
    const starvedMs =
      queuedMs === null || this.#lastQueuedMs === null ? null : queuedMs - this.#lastQueuedMs;
    this.#lastTickMs = nowMs;
    this.#lastQueuedMs = queuedMs;
    if (stoodMs <= tickMs + lateMs) return;
    this.#doubt('stood-still', {
      stoodMs: Math.round(stoodMs),
      queuedMs: starvedMs === null ? null : Math.round(starvedMs),
    });
  }

  #doubt(sign: Sign, stood?: StoodStill): void {
    if (sign !== 'other-agent') this.#goOn ??= this.#deps.pause();
    if (this.#isAsking) this.#asksAgain = true;
    else void this.#ask(sign, stood);
  }

  async #ask(sign: Sign, stood?: StoodStill): Promise<void> {
    this.#isAsking = true;
    const startedMs = this.#nowMs();
    let speakAgain = () => {};
    const silence = setTimeout(() => {
      if (!this.#deps.signal.aborted) speakAgain = this.#fallSilent();
    }, knownMs);
    let claim: Claim;
    do {
      this.#asksAgain = false;
      claim = await this.#known();
    } while (this.#asksAgain && claim !== 'taken');
    clearTimeout(silence);
    this.#isAsking = false;
    const variant = sign === 'other-agent' && claim === 'ours' ? 'expected' : 'odd';
    const durationMs = Math.round(this.#nowMs() - startedMs);
    this.#deps.log.emit('job.doubted', { sign, claim, durationMs, ...stood }, variant);
    const goOn = this.#goOn;
    this.#goOn = undefined;
    if (claim === 'taken' || this.#deps.signal.aborted) return;
    goOn?.();
    speakAgain();
  }

  #fallSilent(): () => void {
    try {
      return this.#deps.fallSilent();
    } catch {
      // The session does not run (any more): there is nothing to break off.
      return () => {};
    }
  }

  async #known(): Promise<Claim> {
    const { check, signal } = this.#deps;
    const untilMs = this.#nowMs() + unknownMs;
    let claim = await check();
    while (claim === 'unknown' && this.#nowMs() < untilMs && !signal.aborted) {
      await timers.setTimeout(askAgainMs);
      claim = await check();
    }
    return claim;
  }
}

function isAgent({ info }: Participant): boolean {
  return info.kind === ParticipantKind.AGENT;
}

/** Of Linux, of the process's first thread: the second figure of the kernel's sched-stats, in ns. */
function runQueueMs(): number | null {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return null;
  }
}

import { withDeadline } from '../infra/deadline.ts';
import type { JobStage } from '../ipc/client.ts';
import { GOODBYE } from '../speech/prompts/prompts.ts';
import type { CallLease } from './persistence/call-lease.ts';
import type { CallDeps, CallEnding } from './call-context.ts';
import type { CallRecord } from './call-record.ts';
import type { CallState } from './call-state.ts';
import { closeCall } from './closing.ts';
import type { Departure } from './leg/departure.ts';
import type { LiveCall } from './live-call.ts';
import { reasonOfFailure, termination } from '../ipc/termination.ts';
import type { TerminationReason } from '../ipc/termination.ts';

/** This job is not the one that serves the call: it leaves unheard. */
export class YieldedError extends Error {
  override readonly name = 'YieldedError';
}

type WayOutDeps = Pick<CallDeps, 'ctx' | 'config' | 'store'> & {
  readonly record: CallRecord;
  readonly claim: () => CallLease | undefined;
  /** Undefined before the conversation is there. */
  readonly live: () => LiveCall | undefined;
  readonly enter: (next: CallState, stage?: JobStage) => void;
  /** The caller is watched no longer. */
  readonly stopWatching: () => void;
};

/** The one way out of a call, its end or this job's leaving: whichever comes first, and once. */
export class WayOut {
  readonly #deps: WayOutDeps;
  readonly #abort = new AbortController();
  readonly #ended = Promise.withResolvers<CallEnding>();
  #sayingGoodbye: TerminationReason | undefined;
  /** Of several jobs for one call, the one that writes down its end. */
  #isOurs = false;
  #goneEarly: Departure | undefined;

  constructor(deps: WayOutDeps) {
    this.#deps = deps;
  }

  /** Aborted when this job is done with the call. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get hasEnded(): boolean {
    return this.#abort.signal.aborted;
  }

  /** The caller had left before the call was this job's. */
  get wasTooLate(): boolean {
    return this.#goneEarly !== undefined;
  }

  /** Resolves with the way that was taken. Never rejects. */
  get ending(): Promise<CallEnding> {
    return this.#ended.promise;
  }

  /** The call is this job's: what happened before is now for it to deal with. */
  claimed(): void {
    this.#isOurs = true;
    if (this.#goneEarly) this.callerGone(this.#goneEarly);
  }

  /** The caller's leg went away, or our own connection. */
  callerGone(departure: Departure): void {
    if (departure === 'replaced') return this.leave('yielded');
    // Ours is the connection that ended: the caller may still be there, and gets a fresh job.
    if (departure === 'cut-off' && !this.#sayingGoodbye) return this.leave('failed');
    // Whose call it is comes first.
    if (this.#isOurs) void this.#endAfterCaller(departure);
    else this.#goneEarly = departure;
  }

  async #endAfterCaller(departure: Exclude<Departure, 'replaced'>): Promise<void> {
    // What was under way may say whose call it is by now, or where the caller went.
    const live = this.#deps.live();
    const settled = await live?.moves.settled();
    if (settled === 'handed-over') return;
    const reason = settled === 'transferred' ? 'transferred' : this.#reasonFor(departure);
    if (reason === 'media-lost' || departure === 'link-lost') await this.#noteLost();
    // A caller whose link is lost may still hold on: the gateway hangs up when the room ends.
    this.end(reason, { isCallerGone: reason !== 'link-lost' });
  }

  async #noteLost(): Promise<void> {
    if (this.#deps.record.answeredAtMs === null || this.#sayingGoodbye) return;
    await this.#deps.live()?.apology.noteCallBack();
  }

  #reasonFor(departure: Exclude<Departure, 'replaced'>): TerminationReason {
    if (departure === 'cut-off') return 'link-lost';
    if (departure !== 'hung-up') return departure;
    const { record, live } = this.#deps;
    if (record.answeredAtMs === null) return 'cancelled-while-ringing';
    return live()?.isLegSilent ? 'media-lost' : 'caller-hangup';
  }

  /** The framework gives up a session by itself only when its own wiring breaks. */
  sessionClosed({ isLive }: { readonly isLive: boolean }): void {
    if (this.#sayingGoodbye) this.end(this.#sayingGoodbye);
    else if (isLive) this.leave('failed');
  }

  /** What stands in the way of answering is this job's end, not yet the call's: a fresh job may do. */
  startFailed(error: unknown): void {
    if (this.hasEnded) return;
    if (error instanceof YieldedError) return this.leave('yielded');
    const reason = reasonOfFailure(error);
    this.#deps.record.log.error(
      { event: 'job.failed', reason, error },
      'job could not take the call',
    );
    this.leave('failed');
  }

  /** Ends the call with the agent's last words, heard to their end. */
  async sayGoodbye(
    reason: TerminationReason,
    text = GOODBYE,
    ms = this.#deps.config.timeouts.goodbyeMs,
  ): Promise<void> {
    const { record } = this.#deps;
    const live = this.#deps.live();
    if (this.#sayingGoodbye || this.hasEnded || !live) return;
    this.#sayingGoodbye = reason;
    live.stop();
    try {
      await withDeadline(() => live.sayGoodbye(text), {
        ms,
        label: 'goodbye',
        signal: this.#abort.signal,
      });
    } catch (error) {
      // The caller hung up meanwhile, or it could not be played out: the call ends anyway.
      if (!this.hasEnded) {
        record.log.warn({ event: 'provider.failed', error }, 'goodbye was not played out');
      }
    }
    this.end(reason);
  }

  /** Leaves without ending the call: another job has it, or will have it. */
  leave(outcome: 'yielded' | 'failed'): void {
    if (this.hasEnded) return;
    const { config, store, record, live, enter } = this.#deps;
    // The process takes a moment to leave, and what was to be said would go on.
    live()?.hush();
    enter({ name: 'left', outcome });
    this.#letGo('This job leaves the call');
    if (outcome === 'yielded') record.log.info({ event: 'job.yielded' }, 'job left the call');
    const closeMs = config.timeouts.hangupCloseMs;
    this.#ended.resolve({ outcome, closeMs, closed: store.end() });
  }

  /** Ends the call: what it was like is written down, and the caller is hung up on. */
  end(reason: TerminationReason, { isCallerGone = false } = {}): void {
    if (this.hasEnded) return;
    const ending = termination(reason);
    const { ctx, config, store, record, claim, live, enter } = this.#deps;
    enter({ name: 'closing', termination: ending }, 'closing');
    this.#letGo(`The call ended: ${reason}`);
    const closed = closeCall({
      ctx,
      config,
      store,
      claim: claim(),
      record,
      ending,
      media: live()?.media ?? null,
      isCallerGone,
    });
    const { hangupCloseMs, closeMs } = config.timeouts;
    this.#ended.resolve({
      outcome: 'ended',
      closeMs: isCallerGone ? hangupCloseMs : closeMs,
      closed: closed.then(() => enter({ name: 'closed', termination: ending })),
    });
  }

  /** Stops whatever still works for the call. */
  #letGo(why: string): void {
    this.#abort.abort(new Error(why));
    this.#deps.stopWatching();
    this.#deps.live()?.stop();
  }
}

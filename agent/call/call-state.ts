import type { JobOutcome } from '../ipc/messages.ts';
import type { Termination, TerminationReason } from '../ipc/termination.ts';

/** A call's phase in its job. Each member carries only what is true in it. */
export type CallPhase =
  | { readonly name: 'admitted' }
  | { readonly name: 'connecting' }
  /** Listens, beside the job that still has the call and is about to hand it over. */
  | { readonly name: 'standby'; readonly callId: string }
  /** The call is this job's: from here on its end is this job's to write down. */
  | { readonly name: 'starting'; readonly callId: string }
  | {
      readonly name: 'live';
      readonly callId: string;
      readonly answeredAtMs: number;
      readonly activity: Activity;
    }
  | { readonly name: 'closing'; readonly termination: Termination }
  | { readonly name: 'closed'; readonly termination: Termination }
  /** This job left and the call did not end: another has it, or will have it. */
  | { readonly name: 'left'; readonly outcome: Exclude<JobOutcome, 'ended'> };

const phases: Readonly<Record<CallPhase['name'], readonly CallPhase['name'][]>> = {
  admitted: ['connecting', 'left'],
  connecting: ['starting', 'standby', 'left'],
  standby: ['starting', 'left'],
  starting: ['live', 'closing', 'left'],
  live: ['closing', 'left'],
  closing: ['closed'],
  closed: [],
  left: [],
};

/**
 * The activities of a live call, of which there is one at a time. A part that waited compares the
 * object that it began with: the same name twice is two activities.
 */
export type Activity =
  | { readonly name: 'talking' }
  | { readonly name: 'transferring' }
  | { readonly name: 'handing-over' }
  /** `isGiven` resolves once it is known whether a fresh job has the call. It never rejects. */
  | { readonly name: 'surrendering'; readonly isGiven: Promise<boolean> }
  | { readonly name: 'farewell'; readonly reason: TerminationReason };

/** An act that depends on the activity. `recover`: steps against an audio gap or a lost link. */
export type Action = 'speak' | 'save' | 'transfer' | 'hand-over' | 'recover';

type Row = {
  readonly may: readonly Action[];
  /** The timers that end the call, or that speak because of silence. */
  readonly timers: 'run' | 'paused' | 'stopped';
  readonly leadsTo: readonly Activity['name'][];
};

/**
 * The table of the live call. The caller's hang-up is allowed in every row, and so is this job's
 * leaving; both end the phase. Whether the call is another job's by now is not asked here: that doubt
 * is a hold on the response gate (fencing), in any row.
 *
 * - talking: the agent listens, thinks, speaks.
 * - transferring: from the announcement until the result. The announcement is the transfer's own; else
 *   nobody speaks, and what the caller says to a ringing tone is not heard. No timer may hang up on
 *   somebody who is being put through. It stays once somebody took the caller, who is about to leave.
 * - handing-over: a fresh job was sent for and the end of a turn is waited for; meanwhile the talk goes
 *   on. A transfer withdraws it.
 * - surrendering: the call is neither here nor there, for milliseconds, 5 s at worst. Whatever is said
 *   or saved now might be said by two jobs, or overwrite what the fresh one has saved.
 * - farewell: the last words, which nothing interrupts. A job that dies of them is followed by one that
 *   goes on from before them.
 */
const activities: Readonly<Record<Activity['name'], Row>> = {
  talking: {
    may: ['speak', 'save', 'transfer', 'hand-over', 'recover'],
    timers: 'run',
    leadsTo: ['transferring', 'handing-over', 'farewell'],
  },
  transferring: {
    may: ['save'],
    timers: 'paused',
    leadsTo: ['talking', 'farewell'],
  },
  'handing-over': {
    may: ['speak', 'save', 'transfer', 'recover'],
    timers: 'run',
    leadsTo: ['talking', 'surrendering', 'transferring', 'farewell'],
  },
  surrendering: {
    may: [],
    timers: 'paused',
    leadsTo: ['talking'],
  },
  farewell: {
    may: [],
    timers: 'stopped',
    leadsTo: [],
  },
};

/** The one state of a call in its job: its phase, and within `live` its activity. */
export class CallState {
  readonly #onMoved: (from: string, to: string) => void;
  #phase: CallPhase = { name: 'admitted' };
  #onActivity: (activity: Activity, timers: Row['timers']) => void = () => {};

  /** `onMoved` hears of every transition, phases and activities alike. */
  constructor(onMoved: (from: string, to: string) => void) {
    this.#onMoved = onMoved;
  }

  get phase(): CallPhase {
    return this.#phase;
  }

  /** Null while the call is not live. */
  get activity(): Activity | null {
    return this.#phase.name === 'live' ? this.#phase.activity : null;
  }

  /** False for everything while the call is not live. */
  may(action: Action): boolean {
    const { activity } = this;
    return activity !== null && activities[activity.name].may.includes(action);
  }

  /** @throws {Error} when the call cannot go there; that is a bug, never a caller's doing. */
  enter(next: CallPhase): void {
    const { name } = this.#phase;
    if (!phases[name].includes(next.name)) {
      throw new Error(`A call cannot go from ${name} to ${next.name}`);
    }
    this.#phase = next;
    this.#onMoved(name, next.name);
  }

  /** Begins `next`; false, and nothing changes, where the table does not lead there. */
  begin(next: Activity): boolean {
    const phase = this.#phase;
    if (phase.name !== 'live') return false;
    const { name } = phase.activity;
    const { leadsTo } = activities[name];
    if (!leadsTo.includes(next.name)) return false;
    this.#phase = { ...phase, activity: next };
    this.#onMoved(name, next.name);
    this.#onActivity(next, activities[next.name].timers);
    return true;
  }

  /** Ends `activity`, and the talk goes on; false when something else has begun since. */
  finish(activity: Activity): boolean {
    return this.activity === activity && this.begin({ name: 'talking' });
  }

  /** Tells `listener` of each activity that begins, with what becomes of the call's timers. */
  follow(listener: (activity: Activity, timers: Row['timers']) => void): void {
    this.#onActivity = listener;
  }
}

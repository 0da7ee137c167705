import { voice } from '@livekit/agents';
import {
  callerSilentGoodbye,
  callLimitGoodbye,
  callLimitWarning,
} from '../../speech/prompts/prompts.ts';
import type { Timeouts } from '../../config/timeouts.ts';
import { followFramesOut } from '../../livekit/workarounds.ts';
import type { CallRecord } from '../call-record.ts';
import type { CallState } from '../call-state.ts';
import type { MediaMonitor } from '../media/media-monitor.ts';
import { CallerSilence } from './caller-silence.ts';
import type { CallTimers, CallTimer } from '../call-timers.ts';
import type { RepromptPolicy } from './reprompt-policy.ts';
import type { TerminationReason } from '../../ipc/termination.ts';

/** An agent that prepares an answer for longer than a turn and a tool may take will give none. */
const stuckMarginMs = 10_000;
/**
 * While the agent speaks, its frames go out one after another, 0.2 s ahead of what is heard. A voice
 * that brings none for 10 s is given up by the framework: an output that takes none hangs.
 */
const noFrameMs = 12_000;

/**
 * Budgets of a call, beside `MAX_CALL_MS`: a talk of two hours with a request to the
 * model every 10 s, each of 8,000 tokens, has six of these millions.
 */
export const callBudget = { modelTokens: 6_000_000, toolCalls: 500 } as const;

const {
  AgentStateChanged,
  ConversationItemAdded,
  FunctionToolsExecuted,
  MetricsCollected,
  UserInputTranscribed,
  UserStateChanged,
} = voice.AgentSessionEventTypes;

type SessionWatchdogDeps = {
  readonly session: voice.AgentSession;
  readonly record: Pick<CallRecord, 'log' | 'frameSpoken' | 'spent'>;
  readonly timers: CallTimers;
  readonly timeouts: Timeouts;
  readonly state: Pick<CallState, 'may'>;
  /** Tells whether not the caller is silent, but their line. */
  readonly media: Pick<MediaMonitor, 'isLegSilent'>;
  readonly reprompts: RepromptPolicy;
  /** Their line stayed silent to the end: they are to be called back. */
  readonly onLegLost: () => void;
  readonly say: (text: string) => void;
  readonly farewell: (reason: TerminationReason, text: string) => void;
  /** The caller has said something that is about to be answered. */
  readonly onTurn: () => void;
  /** A fresh job is to go on with the call. */
  readonly leave: (outcome: 'failed') => void;
};

/** Watches the session of a live call, and ends it where a caller would expect that. */
export class SessionWatchdog {
  readonly #deps: SessionWatchdogDeps;
  readonly #stuck: CallTimer;
  readonly #unheard: CallTimer;
  #silence: CallerSilence | undefined;

  constructor(deps: SessionWatchdogDeps) {
    this.#deps = deps;
    this.#stuck = deps.timers.timer({
      name: 'stuck',
      ms: deps.timeouts.toolMs + stuckMarginMs,
      onExpired: () => this.#leave('stuck-turn'),
    });
    this.#unheard = deps.timers.timer({
      name: 'unheard',
      ms: noFrameMs,
      onExpired: () => this.#leave('stuck-speech'),
    });
  }

  /** Times that a caller who is silent now was asked whether they are there. */
  get promptsSpoken(): number {
    return this.#silence?.promptsSpoken ?? 0;
  }

  /** The caller gave a sign, be it with keys. */
  heard(): void {
    this.#silence?.heard();
  }

  /** `promptsSpoken` and `answeredAtMs` are as an earlier job of the call has left them. */
  start(from: { readonly promptsSpoken: number; readonly answeredAtMs: number | null }): void {
    this.#limitSilence(from.promptsSpoken);
    this.#limitCall(from.answeredAtMs);
    this.#limitSpending();
    this.#follow();
    this.#followPlayout();
  }

  #follow(): void {
    const { session, reprompts, state, onTurn } = this.#deps;
    session.on(AgentStateChanged, ({ newState }) => {
      this.#silence?.agentState(newState);
      if (newState === 'thinking') this.#stuck.restart();
      else this.#stuck.stop();
      if (newState === 'speaking') this.#unheard.restart();
      else this.#unheard.stop();
    });
    session.on(UserStateChanged, ({ oldState, newState }) => {
      this.#silence?.callerState(newState);
      if (newState === 'speaking') reprompts.callerStarted();
      else if (oldState === 'speaking') reprompts.callerStopped();
    });
    session.on(UserInputTranscribed, ({ isFinal, transcript }) => {
      if (transcript.trim() !== '') {
        if (isFinal) this.#silence?.heard(transcript);
        else this.#silence?.hearing();
      }
      if (isFinal) reprompts.callerUnderstood();
    });
    session.on(ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message') return;
      if (item.role === 'assistant') {
        this.#silence?.agentSaid(item.textContent ?? '');
        reprompts.answered();
      } else onTurn();
    });
    session.on(voice.AgentSessionEventTypes.Error, ({ error }) => {
      const isFinal = !('recoverable' in error && error.recoverable);
      if (error.type === 'llm_error' && isFinal && state.may('speak')) reprompts.turnFailed();
    });
  }

  #followPlayout(): void {
    const { session, record } = this.#deps;
    followFramesOut(session, () => {
      record.frameSpoken();
      if (session.agentState === 'speaking') this.#unheard.restart();
    });
  }

  /** This job can do no more for the call: a fresh one goes on with it. */
  #leave(how: 'stuck-turn' | 'stuck-speech'): void {
    const { record, leave } = this.#deps;
    record.log.emit('job.failed', { reason: 'stuck' }, how);
    leave('failed');
  }

  #limitSilence(promptsSpoken: number): void {
    const { session, timers, timeouts, say, farewell, media, onLegLost, reprompts } = this.#deps;
    this.#silence = new CallerSilence({
      timers,
      callerSilentMs: timeouts.callerSilentMs,
      say,
      end: () => (media.isLegSilent ? onLegLost() : farewell('caller-silent', callerSilentGoodbye)),
      isDeaf: () => reprompts.isDeaf,
      promptsSpoken,
    });
    this.#silence.agentState(session.agentState);
    this.#silence.callerState(session.userState);
  }

  /** A talk that goes round in circles costs money, however short it is. */
  #limitSpending(): void {
    const { session, record, farewell } = this.#deps;
    const check = () => {
      const { modelTokens, toolCalls } = record.spent;
      if (modelTokens < callBudget.modelTokens && toolCalls < callBudget.toolCalls) return;
      farewell('over-limit', callLimitGoodbye);
    };
    session.on(MetricsCollected, check);
    session.on(FunctionToolsExecuted, check);
  }

  #limitCall(answeredAtMs: number | null): void {
    const { timers, timeouts, say, farewell } = this.#deps;
    void new CallLimit({
      timers,
      maxCallMs: timeouts.maxCallMs,
      elapsedMs: Date.now() - (answeredAtMs ?? Date.now()),
      warn: () => say(callLimitWarning),
      end: () => farewell('over-limit', callLimitGoodbye),
    });
  }
}

const warningMs = 60_000;

/** An end to every call, with a warning a minute before, or half-way where that is later. */
export class CallLimit {
  readonly #timers: readonly CallTimer[];

  /**
   * Runs from now. `elapsedMs`: how long ago the call was answered, in whichever job; a warning that
   * was due before is not repeated. `warn` and `end` must not throw.
   */
  constructor(deps: {
    readonly timers: CallTimers;
    readonly maxCallMs: number;
    readonly elapsedMs: number;
    readonly warn: () => void;
    readonly end: () => void;
  }) {
    const { timers, maxCallMs, elapsedMs, warn, end } = deps;
    const dueMs = Math.max(maxCallMs - warningMs, maxCallMs / 2);
    const warnInMs = dueMs - elapsedMs;
    const endInMs = Math.max(0, maxCallMs - elapsedMs);
    this.#timers = [
      ...(warnInMs > 0
        ? [timers.timer({ name: 'over-limit-warning', ms: warnInMs, onExpired: warn })]
        : []),
      timers.timer({ name: 'over-limit', ms: endInMs, onExpired: end }),
    ];
    for (const timer of this.#timers) timer.restart();
  }

  stop(): void {
    for (const timer of this.#timers) timer.stop();
  }
}

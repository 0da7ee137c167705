import { voice } from '@livekit/agents';
import { callerSilentGoodbye, callLimitGoodbye, callLimitWarning } from '../speech/set-phrases.ts';
import type { Timeouts } from '../timeouts.ts';
import { CallLimit } from './call-limit.ts';
import { CallerSilence } from './caller-silence.ts';
import type { Liveness, LivenessTimer } from './liveness.ts';
import type { ProviderTrouble } from './provider-trouble.ts';
import type { TerminationReason } from './termination.ts';

/** An agent that prepares an answer for longer than a turn and a tool may take will give none. */
const stuckMarginMs = 10_000;

const { AgentStateChanged, ConversationItemAdded, UserInputTranscribed, UserStateChanged } =
  voice.AgentSessionEventTypes;

type SessionWatchDeps = {
  readonly session: voice.AgentSession;
  readonly liveness: Liveness;
  readonly timeouts: Timeouts;
  readonly trouble: ProviderTrouble;
  readonly isOver: () => boolean;
  /** Not the caller is silent, but their line. */
  readonly isLegSilent: () => boolean;
  readonly say: (text: string) => void;
  readonly sayGoodbye: (reason: TerminationReason, text: string) => void;
  /** The caller has said something that is about to be answered. */
  readonly onTurn: () => void;
  /** An answer is being prepared that never comes. */
  readonly onStuck: () => void;
};

/** What the session of a live call shows, and the ends that a caller would expect of it. */
export class SessionWatch {
  readonly #deps: SessionWatchDeps;
  readonly #stuck: LivenessTimer;
  #silence: CallerSilence | undefined;

  constructor(deps: SessionWatchDeps) {
    this.#deps = deps;
    this.#stuck = deps.liveness.timer({
      name: 'stuck',
      ms: deps.timeouts.toolMs + stuckMarginMs,
      onExpired: deps.onStuck,
    });
  }

  /** How often a caller who is silent now was asked whether they are there. */
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
    this.#follow();
  }

  #follow(): void {
    const { session, trouble, isOver, onTurn } = this.#deps;
    session.on(AgentStateChanged, ({ newState }) => {
      this.#silence?.agentState(newState);
      if (newState === 'thinking') this.#stuck.restart();
      else this.#stuck.stop();
    });
    session.on(UserStateChanged, ({ oldState, newState }) => {
      this.#silence?.callerState(newState);
      if (newState === 'speaking') trouble.callerStarted();
      else if (oldState === 'speaking') trouble.callerStopped();
    });
    session.on(UserInputTranscribed, ({ isFinal }) => {
      this.heard();
      if (isFinal) trouble.callerUnderstood();
    });
    session.on(ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message') return;
      if (item.role === 'assistant') trouble.answered();
      else onTurn();
    });
    session.on(voice.AgentSessionEventTypes.Error, ({ error }) => {
      const isFinal = !('recoverable' in error && error.recoverable);
      if (error.type === 'llm_error' && isFinal && !isOver()) trouble.turnFailed();
    });
  }

  #limitSilence(promptsSpoken: number): void {
    const { session, liveness, timeouts, say, sayGoodbye, isLegSilent } = this.#deps;
    this.#silence = new CallerSilence({
      liveness,
      callerSilentMs: timeouts.callerSilentMs,
      say,
      end: () => sayGoodbye(isLegSilent() ? 'media-lost' : 'caller-silent', callerSilentGoodbye),
      promptsSpoken,
    });
    this.#silence.agentState(session.agentState);
    this.#silence.callerState(session.userState);
  }

  #limitCall(answeredAtMs: number | null): void {
    const { liveness, timeouts, say, sayGoodbye } = this.#deps;
    void new CallLimit({
      liveness,
      maxCallMs: timeouts.maxCallMs,
      elapsedMs: Date.now() - (answeredAtMs ?? Date.now()),
      warn: () => say(callLimitWarning),
      end: () => sayGoodbye('over-limit', callLimitGoodbye),
    });
  }
}

import type { voice } from '@livekit/agents';
import { callerSilentPrompts } from '../../speech/prompts/prompts.ts';
import type { CallTimers, CallTimer } from '../call-timers.ts';

type CallerSilenceDeps = {
  readonly timers: CallTimers;
  readonly callerSilentMs: number;
  /** Says a prompt. It must not throw; whether it is heard changes nothing here. */
  readonly say: (text: string) => void;
  /** The polite end. */
  readonly end: () => void;
  /** Prompts that an earlier job of this call has spoken since it last heard the caller. */
  readonly promptsSpoken?: number;
};

/**
 * Asks a caller who says nothing though it is their turn, twice, and then ends the call. It is the
 * caller's turn while the agent listens and the caller does not speak.
 */
export class CallerSilence {
  readonly #deps: CallerSilenceDeps;
  readonly #timer: CallTimer;
  #promptsSpoken: number;
  #agent: voice.AgentState = 'initializing';
  #caller: voice.UserState = 'listening';

  constructor(deps: CallerSilenceDeps) {
    this.#deps = deps;
    this.#promptsSpoken = deps.promptsSpoken ?? 0;
    this.#timer = deps.timers.timer({
      name: 'caller-silent',
      ms: deps.callerSilentMs,
      onExpired: () => this.#isSilent(),
    });
  }

  /** Prompts since the caller was last heard. */
  get promptsSpoken(): number {
    return this.#promptsSpoken;
  }

  agentState(state: voice.AgentState): void {
    this.#agent = state;
    this.#follow();
  }

  callerState(state: voice.UserState): void {
    const isSame = (state === 'speaking') === (this.#caller === 'speaking');
    this.#caller = state;
    // From listening to away is no news: the silence goes on.
    if (!isSame) this.#follow();
  }

  /** The caller was understood, or pressed a key: noise alone does not count. */
  heard(): void {
    this.#promptsSpoken = 0;
    this.#follow();
  }

  #follow(): void {
    const isCallersTurn = this.#agent === 'listening' && this.#caller !== 'speaking';
    if (isCallersTurn) this.#timer.restart();
    else this.#timer.stop();
  }

  #isSilent(): void {
    const prompt = callerSilentPrompts[this.#promptsSpoken];
    if (prompt === undefined) return this.#deps.end();
    this.#promptsSpoken += 1;
    // A prompt that cannot be spoken must not be the last.
    this.#timer.restart();
    this.#deps.say(prompt);
  }
}

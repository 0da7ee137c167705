import { voice } from '@livekit/agents';

/** What a call's closing line and row say about the conversation. Times are Unix milliseconds. */
export type CallFigures = {
  readonly turns: number;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly toolsUsed: readonly string[];
  readonly providerFailures: number;
  readonly lastCallerSpeechAtMs: number | null;
  readonly lastAgentSpeechAtMs: number | null;
};

/** Counts what happens in a session: turns, how long each answer took, tools, failures. */
export class FigureCounter {
  readonly #latenciesMs: number[] = [];
  readonly #tools: string[] = [];
  #providerFailures = 0;
  #callerStoppedAtMs: number | null = null;
  #lastCallerSpeechAtMs: number | null = null;
  #lastAgentSpeechAtMs: number | null = null;

  /** Listens to `session`; `onTurn` hears of each answer, from the end of the caller's speech. */
  watch(session: voice.AgentSession, onTurn: (latencyMs: number) => void): void {
    session.on(voice.AgentSessionEventTypes.UserStateChanged, ({ oldState, createdAt }) => {
      if (oldState !== 'speaking') return;
      this.#callerStoppedAtMs = createdAt;
      this.#lastCallerSpeechAtMs = createdAt;
    });
    session.on(voice.AgentSessionEventTypes.AgentStateChanged, ({ oldState, newState, createdAt }) => {
      if (oldState === 'speaking') this.#lastAgentSpeechAtMs = createdAt;
      if (newState !== 'speaking' || this.#callerStoppedAtMs === null) return;
      const latencyMs = createdAt - this.#callerStoppedAtMs;
      this.#callerStoppedAtMs = null;
      this.#latenciesMs.push(latencyMs);
      onTurn(latencyMs);
    });
  }

  toolUsed(name: string): void {
    this.#tools.push(name);
  }

  providerFailed(): void {
    this.#providerFailures += 1;
  }

  get figures(): CallFigures {
    return {
      turns: this.#latenciesMs.length,
      latencyP50Ms: percentile(this.#latenciesMs, 0.5),
      latencyP95Ms: percentile(this.#latenciesMs, 0.95),
      toolsUsed: this.#tools,
      providerFailures: this.#providerFailures,
      lastCallerSpeechAtMs: this.#lastCallerSpeechAtMs,
      lastAgentSpeechAtMs: this.#lastAgentSpeechAtMs,
    };
  }
}

/** The value that `share` of the sorted values do not exceed (nearest rank), or null for none. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

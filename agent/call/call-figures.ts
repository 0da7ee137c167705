import { voice } from '@livekit/agents';
import type { SavedCall } from './persistence/call-snapshot.ts';

/** What a call's closing line and row say about the conversation. Times are Unix milliseconds. */
export type CallFigures = {
  readonly turns: number;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly toolsUsed: readonly string[];
  readonly providerFailures: number;
  readonly firstAgentSpeechAtMs: number | null;
  readonly lastCallerSpeechAtMs: number | null;
  readonly lastAgentSpeechAtMs: number | null;
  /** Of words of the caller, final or not. */
  readonly lastTranscriptAtMs: number | null;
  /** Of the agent's speech. Frames of the caller say nothing: they go on without any packet. */
  readonly framesOut: number;
};

/** What was counted, for a job that goes on with the call. */
type SavedFigures = Pick<
  SavedCall['figures'],
  | 'latenciesMs'
  | 'tools'
  | 'providerFailures'
  | 'firstAgentSpeechAtMs'
  | 'lastCallerSpeechAtMs'
  | 'lastAgentSpeechAtMs'
  | 'lastTranscriptAtMs'
  | 'framesOut'
>;

/** Counts what happens in a session: turns, how long each answer took, tools, failures. */
export class FigureCounter {
  readonly #latenciesMs: number[] = [];
  readonly #tools: string[] = [];
  #providerFailures = 0;
  #callerStoppedAtMs: number | null = null;
  #firstAgentSpeechAtMs: number | null = null;
  #lastCallerSpeechAtMs: number | null = null;
  #lastAgentSpeechAtMs: number | null = null;
  #lastTranscriptAtMs: number | null = null;
  #framesOut = 0;

  /** Listens to `session`; `onTurn` hears of each answer, from the end of the caller's speech. */
  watch(session: voice.AgentSession, onTurn: (latencyMs: number) => void): void {
    const { AgentStateChanged, ConversationItemAdded, UserInputTranscribed } =
      voice.AgentSessionEventTypes;
    // The voice detector's own time: the end of speech is told only after its silence.
    session.on(ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message' || item.role !== 'user') return;
      const { stoppedSpeakingAt } = item.metrics;
      const stoppedAtMs = stoppedSpeakingAt
        ? Math.round(stoppedSpeakingAt * 1_000)
        : item.createdAt;
      this.#callerStoppedAtMs = stoppedAtMs;
      this.#lastCallerSpeechAtMs = stoppedAtMs;
    });
    session.on(UserInputTranscribed, ({ createdAt }) => {
      this.#lastTranscriptAtMs = createdAt;
    });
    session.on(AgentStateChanged, ({ oldState, newState, createdAt }) => {
      if (oldState === 'speaking') this.#lastAgentSpeechAtMs = createdAt;
      if (newState !== 'speaking') return;
      this.#firstAgentSpeechAtMs ??= createdAt;
      if (this.#callerStoppedAtMs === null) return;
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

  frameSpoken(): void {
    this.#framesOut += 1;
  }

  /** Goes on from what a job before has counted. */
  goOn(saved: SavedFigures): void {
    this.#latenciesMs.unshift(...saved.latenciesMs);
    this.#tools.unshift(...saved.tools);
    this.#providerFailures += saved.providerFailures;
    this.#firstAgentSpeechAtMs = saved.firstAgentSpeechAtMs ?? this.#firstAgentSpeechAtMs;
    // What was heard here, while that job still spoke, is the later.
    this.#lastCallerSpeechAtMs ??= saved.lastCallerSpeechAtMs ?? null;
    this.#lastAgentSpeechAtMs ??= saved.lastAgentSpeechAtMs ?? null;
    this.#lastTranscriptAtMs ??= saved.lastTranscriptAtMs ?? null;
    this.#framesOut += saved.framesOut ?? 0;
  }

  /** What a job that goes on needs. */
  get saved(): SavedFigures {
    return {
      latenciesMs: this.#latenciesMs,
      tools: this.#tools,
      providerFailures: this.#providerFailures,
      firstAgentSpeechAtMs: this.#firstAgentSpeechAtMs,
      lastCallerSpeechAtMs: this.#lastCallerSpeechAtMs,
      lastAgentSpeechAtMs: this.#lastAgentSpeechAtMs,
      lastTranscriptAtMs: this.#lastTranscriptAtMs,
      framesOut: this.#framesOut,
    };
  }

  get figures(): CallFigures {
    return {
      turns: this.#latenciesMs.length,
      latencyP50Ms: percentile(this.#latenciesMs, 0.5),
      latencyP95Ms: percentile(this.#latenciesMs, 0.95),
      toolsUsed: this.#tools,
      providerFailures: this.#providerFailures,
      firstAgentSpeechAtMs: this.#firstAgentSpeechAtMs,
      lastCallerSpeechAtMs: this.#lastCallerSpeechAtMs,
      lastAgentSpeechAtMs: this.#lastAgentSpeechAtMs,
      lastTranscriptAtMs: this.#lastTranscriptAtMs,
      framesOut: this.#framesOut,
    };
  }
}

/** The value that `share` of the sorted values do not exceed (nearest rank), or null for none. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

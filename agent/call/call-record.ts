import { voice } from '@livekit/agents';
import type { ResumeKind } from '../ipc/messages.ts';
import type { Fields } from '../infra/log.ts';
import { watchedLog } from '../telemetry/events.ts';
import type { Log } from '../telemetry/events.ts';
import type { CallStore } from './persistence/call-store.ts';
import type { MediaFigures } from './media/media-monitor.ts';
import type { SavedCall } from '../ipc/saved-call.ts';
import { TranscriptRecorder } from './transcript.ts';
import { endedBy } from '../ipc/termination.ts';
import type { Termination } from '../ipc/termination.ts';
import type { TransferResult } from './leg/transfer.ts';
import { costOf, noUsage, sumOf } from '../infra/usage.ts';
import type { Prices, Usage } from '../infra/usage.ts';

/** At most this many lines at `info` about tools: a call may write 40 in all. */
const toolLinesAtInfo = 20;

/** All that is told of one call: its log lines, its stored timeline, its figures, its closing line. */
export class CallRecord {
  #startedAtMs = Date.now();
  readonly #store: CallStore;
  readonly #prices: Prices;
  readonly #figures = new FigureCounter();
  readonly #transcript: TranscriptRecorder;
  #log: Log;
  #toolLines = 0;
  /** The figures of earlier jobs of the call; their connections ended with them. */
  #earlier: SavedCall['figures'] | undefined;
  /** LiveKit's or the gateway's word on the caller's leaving; null while there is none. */
  leg: string | null = null;
  /** The outcome of the last transfer that was tried; null without one. */
  #transfer: Pick<TransferResult, 'outcome' | 'sipStatus'> | null = null;
  /** Moves of the call from one job to another: as planned, and because one died. */
  handovers = 0;
  takeovers = 0;
  /** The cause of a call that we could not go on with, where its reason does not say; else null. */
  cause: 'drain' | 'agents-died' | null = null;
  #answeredAtMs: number | null = null;
  #isTest = false;
  #isResumed = false;

  constructor({
    log,
    store,
    prices,
  }: {
    readonly log: Log;
    readonly store: CallStore;
    readonly prices: Prices;
  }) {
    this.#store = store;
    this.#transcript = new TranscriptRecorder((entry) => store.addToTranscript(entry));
    this.#prices = prices;
    this.#log = watchedLog(log, ({ event, fields, isKept }) => {
      // An error may hold what the store is not to keep.
      const { error: _error, ...kept }: Fields = { ...fields };
      if (isKept) store.recordEvent(event, kept);
    });
  }

  /**
   * The call's own log: its lines carry the call's id, once that is known. What the catalogue has for
   * a call's timeline goes into the stored one.
   */
  get log(): Log {
    return this.#log;
  }

  /** The call's beginning, whichever job served it then. */
  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** The gateway's answer to the caller; null while it rings. */
  get answeredAtMs(): number | null {
    return this.#answeredAtMs;
  }

  identify(callId: string, { isTest = false }: { readonly isTest?: boolean } = {}): void {
    this.#isTest = isTest;
    this.#log = this.#log.child({ callId });
  }

  /** Another job has answered the caller: what is told once a call was told. */
  joins(): void {
    this.#isResumed = true;
  }

  /** Goes on counting where the job before has stopped. */
  goOn({ startedAtMs, answeredAtMs, figures }: SavedCall): void {
    this.#startedAtMs = startedAtMs;
    this.#answeredAtMs = answeredAtMs ?? this.#answeredAtMs;
    this.#figures.goOn(figures);
    this.#earlier = figures;
    this.#transfer = figures.transfer;
    this.handovers = figures.handovers;
    this.takeovers = figures.takeovers;
  }

  /** This job goes on with the call of another. */
  resumed(
    kind: ResumeKind,
    fields: {
      readonly items: number | null;
      readonly isHopeless: boolean;
      readonly isAttended: boolean;
    },
  ): void {
    const { isAttended, ...told } = fields;
    if (kind === 'takeover') this.takeovers += 1;
    // Before an attendant gave it the call, no job had it.
    else if (kind !== 'apology' && !isAttended) this.handovers += 1;
    this.#log.emit('job.resumed', { kind, ...told });
  }

  /** The figures so far, for a job that goes on. */
  savedFigures(media: MediaFigures | null): SavedCall['figures'] {
    const { handovers, takeovers } = this;
    const transfer = this.#transfer;
    return { ...this.#figures.saved, ...this.#packets(media), handovers, takeovers, transfer };
  }

  /** The model's tokens and the tool calls of the whole call, in whichever jobs. */
  get spent(): { readonly modelTokens: number; readonly toolCalls: number } {
    const { usage, toolsUsed } = this.#figures.figures;
    return { modelTokens: usage.tokensIn + usage.tokensOut, toolCalls: toolsUsed.length };
  }

  answered(): void {
    this.#answeredAtMs ??= Date.now();
  }

  /** The variant of an event that comes once a call: a further job of it tells it again. */
  get arrival(): 'first' | 'again' {
    return this.#isResumed ? 'again' : 'first';
  }

  toolUsed(
    tool: string,
    {
      error,
      ...use
    }: { readonly durationMs: number; readonly ok: boolean; readonly error?: unknown },
  ): void {
    this.#figures.toolUsed(tool);
    this.#transcript.toolUsed(tool, use.durationMs);
    this.#toolLines += 1;
    const variant = error ? 'failed' : this.#toolLines > toolLinesAtInfo ? 'often' : 'used';
    this.#log.emit('tool.used', { tool, ...use, ...(error ? { error } : {}) }, variant);
  }

  /** A transfer to a person was tried. */
  transferred({ outcome, sipStatus, ...rest }: TransferResult & { durationMs: number }): void {
    this.#transfer = { outcome, sipStatus };
    this.#log.emit('call.transferred', { ...this.#transfer, ...rest });
  }

  frameSpoken(): void {
    this.#figures.frameSpoken();
  }

  providerFailed(): void {
    this.#figures.providerFailed();
  }

  /** A provider did something that is billed. */
  used(usage: Partial<Usage>): void {
    this.#figures.used(usage);
  }

  /**
   * Counts the session's turns and failures for as long as `isOpen`: what follows is its closing.
   * Keeps what is said and done in it, with the age of the list at each answer.
   */
  watch(
    session: voice.AgentSession,
    {
      isOpen,
      listAgeMs,
    }: { readonly isOpen: () => boolean; readonly listAgeMs: () => number | null },
  ): void {
    this.#transcript.watch(session, listAgeMs);
    this.#figures.watch(session, (latencyMs) => this.#log.emit('turn.completed', { latencyMs }));
    session.on(voice.AgentSessionEventTypes.Error, ({ error: failure }) => {
      if (!isOpen()) return;
      const { type } = failure;
      const recoverable = 'recoverable' in failure && failure.recoverable;
      const error = 'error' in failure ? failure.error : failure;
      if (!recoverable) this.#figures.providerFailed();
      this.#log.emit('provider.failed', { type, recoverable, error }, 'failed');
    });
  }

  /** Writes down how the call ended, and what it was like. Never rejects, and takes its time. */
  async ended(ending: Termination, media: MediaFigures | null) {
    const whole = { ...ending, endedBy: endedBy(ending.reason) };
    const test = this.#isTest ? ({ isTest: true } as const) : {};
    this.#log.emit('call.ended', { ...whole, cause: this.cause, ...test }, 'served');
    const summary = { ...this.#summary(media), ...test };
    const { endedAtMs, turns } = summary;
    await this.#store.recordClose({ ...whole, endedAtMs, turns, summary });
    return { ...whole, ...summary };
  }

  #summary(media: MediaFigures | null) {
    const { firstAgentSpeechAtMs, ...figures } = this.#figures.figures;
    const answeredAtMs = this.#answeredAtMs;
    const endedAtMs = Date.now();
    return {
      endedAtMs,
      durationMs: endedAtMs - this.#startedAtMs,
      talkMs: answeredAtMs === null ? null : endedAtMs - answeredAtMs,
      answerToFirstWordMs:
        answeredAtMs === null || firstAgentSpeechAtMs === null
          ? null
          : firstAgentSpeechAtMs - answeredAtMs,
      ...figures,
      costUsd: costOf(figures.usage, this.#prices),
      ...this.#packets(media),
      gaps: media?.gaps ?? null,
      transfer: this.#transfer,
      leg: this.leg,
      cause: this.cause,
      handovers: this.handovers,
      takeovers: this.takeovers,
    };
  }

  /** The packets of all the call's jobs together. */
  #packets(media: MediaFigures | null) {
    const earlier = this.#earlier;
    return {
      packetsIn: (earlier?.packetsIn ?? 0) + (media?.packets ?? 0),
      lastPacketInAtMs: media?.lastPacketAtMs ?? earlier?.lastPacketInAtMs ?? null,
      packetsOut: (earlier?.packetsOut ?? 0) + (media?.packetsOut ?? 0),
      lastPacketOutAtMs: media?.lastPacketOutAtMs ?? earlier?.lastPacketOutAtMs ?? null,
    };
  }
}

/** The conversation's figures in a call's closing line and row. Times are Unix milliseconds. */
export type CallFigures = {
  readonly turns: number;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly toolsUsed: readonly string[];
  readonly providerFailures: number;
  readonly firstAgentSpeechAtMs: number | null;
  readonly lastCallerSpeechAtMs: number | null;
  readonly lastAgentSpeechAtMs: number | null;
  /** The recogniser's last words of the caller, final or not. */
  readonly lastTranscriptAtMs: number | null;
  /** The agent's audio. Frames of the caller say nothing: they go on without any packet. */
  readonly framesOut: number;
  readonly usage: Usage;
};

/** The counts so far, for a job that goes on with the call. */
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
  | 'usage'
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
  #usage = noUsage;

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

  used(usage: Partial<Usage>): void {
    this.#usage = sumOf(this.#usage, usage);
  }

  /** Goes on from what a job before has counted. */
  goOn(saved: SavedFigures): void {
    this.#latenciesMs.unshift(...saved.latenciesMs);
    this.#tools.unshift(...saved.tools);
    this.#providerFailures += saved.providerFailures;
    this.#firstAgentSpeechAtMs = saved.firstAgentSpeechAtMs ?? this.#firstAgentSpeechAtMs;
    // What was heard here, while that job still spoke, is the later.
    this.#lastCallerSpeechAtMs ??= saved.lastCallerSpeechAtMs;
    this.#lastAgentSpeechAtMs ??= saved.lastAgentSpeechAtMs;
    this.#lastTranscriptAtMs ??= saved.lastTranscriptAtMs;
    this.#framesOut += saved.framesOut;
    this.used(saved.usage ?? noUsage);
  }

  /** The counts so far, for a job that goes on. */
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
      usage: this.#usage,
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
      usage: { ...this.#usage, heardSeconds: Math.round(this.#usage.heardSeconds) },
    };
  }
}

/** The value that `share` of the sorted values do not exceed (nearest rank), or null for none. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

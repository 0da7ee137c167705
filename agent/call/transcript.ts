import { voice, type llm } from '@livekit/agents';
import type { TranscriptEntry } from '../infra/store/transcripts.ts';

/** A tool's result of a whole list has 3 kB. */
const longestText = 8_000;

type CallerTurn = {
  readonly endedAtMs: number;
  readonly heardMs: number | null;
  readonly endOfTurnMs: number | null;
  /** From the end of speech until the model was asked. */
  readonly askedMs: number;
};

/** Follows a session, and hands on what is said and done in it as entries of the call's transcript. */
export class TranscriptRecorder {
  readonly #add: (entry: TranscriptEntry) => void;
  readonly #toolTimesMs = new Map<string, number[]>();
  #turn: CallerTurn | undefined;
  #firstSoundAtMs: number | null = null;

  constructor(add: (entry: TranscriptEntry) => void) {
    this.#add = add;
  }

  /** Listens to `session`; `listAgeMs` tells the age of the list that it answers from. */
  watch(session: voice.AgentSession, listAgeMs: () => number | null): void {
    const { AgentStateChanged, ConversationItemAdded, FunctionToolsExecuted } =
      voice.AgentSessionEventTypes;
    session.on(AgentStateChanged, ({ newState, createdAt }) => {
      if (newState === 'speaking') this.#firstSoundAtMs ??= createdAt;
    });
    session.on(ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message') return;
      if (item.role === 'user') this.#heard(item);
      if (item.role === 'assistant') this.#said(item, listAgeMs());
    });
    session.on(FunctionToolsExecuted, (event) => {
      for (const [call, output] of voice.zipFunctionCallsAndOutputs(event)) {
        const { name, args, createdAt } = call;
        const durationMs = this.#toolTimesMs.get(name)?.shift() ?? null;
        const text = output?.output.slice(0, longestText) ?? null;
        const ok = output !== undefined && !output.isError;
        const use = { tool: name, args: parsed(args), result: text, durationMs, ok };
        this.#add({ kind: 'tool', atMs: createdAt, ...use });
      }
    });
  }

  /** A tool was used; what it was given and gave is told by the session when all of a turn are done. */
  toolUsed(name: string, durationMs: number): void {
    const times = this.#toolTimesMs.get(name) ?? [];
    times.push(durationMs);
    this.#toolTimesMs.set(name, times);
  }

  #heard(item: llm.ChatMessage): void {
    const { startedSpeakingAt, stoppedSpeakingAt, transcriptionDelay, endOfTurnDelay } =
      item.metrics;
    const endedAtMs = toMs(stoppedSpeakingAt) ?? item.createdAt;
    const endOfTurnMs = toMs(endOfTurnDelay);
    this.#turn = {
      endedAtMs,
      heardMs: toMs(transcriptionDelay),
      endOfTurnMs,
      askedMs: (endOfTurnMs ?? 0) + (toMs(item.metrics.onUserTurnCompletedDelay) ?? 0),
    };
    this.#firstSoundAtMs = null;
    this.#line('caller', item, [toMs(startedSpeakingAt) ?? endedAtMs, endedAtMs]);
  }

  #said(item: llm.ChatMessage, listAgeMs: number | null): void {
    const { startedSpeakingAt, stoppedSpeakingAt, llmNodeTtft, ttsNodeTtfb } = item.metrics;
    const beganAtMs = toMs(startedSpeakingAt) ?? this.#firstSoundAtMs ?? item.createdAt;
    this.#line('agent', item, [beganAtMs, toMs(stoppedSpeakingAt)]);
    const turn = this.#turn;
    if (!turn) return;
    this.#turn = undefined;
    const soundAtMs = this.#firstSoundAtMs ?? beganAtMs;
    const firstSoundMs = Math.max(0, soundAtMs - turn.endedAtMs);
    const tokenMs = llmNodeTtft === undefined ? null : turn.askedMs + llmNodeTtft * 1_000;
    const byteMs =
      ttsNodeTtfb === undefined ? null : (tokenMs ?? turn.askedMs) + ttsNodeTtfb * 1_000;
    // An answer that was begun before the turn was known to be over is there sooner than the sum.
    const within = (ms: number | null) => ms && Math.round(Math.min(ms, firstSoundMs));
    this.#add({
      kind: 'turn',
      atMs: turn.endedAtMs,
      heardMs: turn.heardMs,
      endOfTurnMs: turn.endOfTurnMs,
      firstTokenMs: within(tokenMs),
      firstByteMs: within(byteMs),
      firstSoundMs,
      listAgeMs,
    });
  }

  #line(
    who: 'caller' | 'agent',
    item: llm.ChatMessage,
    [atMs, untilMs]: readonly [number, number | null],
  ): void {
    const text = item.textContent?.slice(0, longestText) ?? '';
    if (text.trim() === '') return;
    this.#add({ kind: 'line', atMs, untilMs, who, text, isInterrupted: item.interrupted });
  }
}

function toMs(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.round(seconds * 1_000);
}

/** The model's arguments, which may be no JSON. */
function parsed(args: string): unknown {
  try {
    return JSON.parse(args.slice(0, longestText));
  } catch {
    return args.slice(0, longestText);
  }
}

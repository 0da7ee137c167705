import { voice } from '@livekit/agents';
import type { Log, LogEvent } from '../log.ts';
import { FigureCounter } from './call-figures.ts';
import type { CallStore } from './call-store.ts';
import type { PacketCount } from './packet-clock.ts';
import type { Termination } from './termination.ts';

/** Who brought the call's end about; null for neither. */
export type EndedBy = 'agent' | 'caller' | null;

/** At most this many lines at `info` about tools: a call may write 40 in all. */
const toolLinesAtInfo = 20;

/** All that is told of one call: its log lines, its stored timeline, its figures, its closing line. */
export class CallRecord {
  readonly startedAtMs = Date.now();
  readonly #store: CallStore;
  readonly #figures = new FigureCounter();
  #log: Log;
  #toolLines = 0;
  #answeredAtMs: number | null = null;

  constructor({ log, store }: { readonly log: Log; readonly store: CallStore }) {
    this.#log = log;
    this.#store = store;
  }

  /** The call's own logger: its lines carry the call's id, once that is known. */
  get log(): Log {
    return this.#log;
  }

  /** When the gateway answered the caller; null while it rings. */
  get answeredAtMs(): number | null {
    return this.#answeredAtMs;
  }

  identify(callId: string): void {
    this.#log = this.#log.child({ callId });
  }

  answered(): void {
    this.#answeredAtMs ??= Date.now();
  }

  /** One event of the call: a line in the log, and an entry in its stored timeline. */
  note(event: LogEvent, message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#log.info({ event, ...fields }, message);
    this.#store.recordEvent(event, fields);
  }

  toolUsed(
    tool: string,
    {
      error,
      ...use
    }: { readonly durationMs: number; readonly ok: boolean; readonly error?: unknown },
  ): void {
    this.#figures.toolUsed(tool);
    this.#toolLines += 1;
    const level = error ? 'warn' : this.#toolLines > toolLinesAtInfo ? 'debug' : 'info';
    this.#log[level](
      { event: 'tool.used', tool, ...use, ...(error ? { error } : {}) },
      'tool used',
    );
    this.#store.recordEvent('tool.used', { tool, ...use });
  }

  /** Counts the session's turns and failures for as long as `isOpen`: what follows is its closing. */
  watch(session: voice.AgentSession, isOpen: () => boolean): void {
    this.#figures.watch(session, (latencyMs) =>
      this.#log.debug({ event: 'turn.completed', latencyMs }, 'turn completed'),
    );
    session.on(voice.AgentSessionEventTypes.Error, ({ error: failure }) => {
      if (!isOpen()) return;
      const { type } = failure;
      const recoverable = 'recoverable' in failure && failure.recoverable;
      const error = 'error' in failure ? failure.error : failure;
      if (!recoverable) this.#figures.providerFailed();
      this.#log.warn({ event: 'provider.failed', type, recoverable, error }, 'provider failed');
    });
  }

  /** The record in the store, then what `andThen` does, then the closing line. Never rejects. */
  async close(
    ending: Termination & { readonly endedBy: EndedBy },
    options: { readonly packets: PacketCount | null; readonly andThen: () => Promise<void> },
  ): Promise<void> {
    const summary = this.#summary(options.packets);
    // Whatever hangs after it, the call is written down.
    const { turns } = summary;
    await this.#store.recordClose({ ...ending, endedAtMs: summary.endedAtMs, turns, summary });
    await options.andThen();
    this.#log.info({ event: 'call.closed', ...ending, ...summary }, 'call closed');
  }

  #summary(packets: PacketCount | null) {
    const { firstAgentSpeechAtMs, ...figures } = this.#figures.figures;
    const answeredAtMs = this.#answeredAtMs;
    const endedAtMs = Date.now();
    return {
      endedAtMs,
      durationMs: endedAtMs - this.startedAtMs,
      talkMs: answeredAtMs === null ? null : endedAtMs - answeredAtMs,
      answerToFirstWordMs:
        answeredAtMs === null || firstAgentSpeechAtMs === null
          ? null
          : firstAgentSpeechAtMs - answeredAtMs,
      ...figures,
      packetsIn: packets?.packets ?? 0,
      lastPacketInAtMs: packets?.lastPacketAtMs ?? null,
    };
  }
}

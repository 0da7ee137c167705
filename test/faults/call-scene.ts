import timers from 'node:timers/promises';
import { gapIn, timesAskedAgain } from './call-silence.ts';
import type { Call } from '../harness/caller/call.ts';
import type { CallReport } from '../harness/caller/call-report.ts';
import type { PlaceCallOptions } from '../harness/caller/caller.ts';
import { maskPhones } from '../../agent/infra/log.ts';
import type { LogLine } from '../harness/yard/service-log.ts';
import type { TtsEntry } from '../harness/emulators/deepgram-speak.ts';
import type { OpenAiRequest } from '../harness/emulators/openai.ts';
import { farewell } from './call-lines.ts';
import type { Question } from './call-lines.ts';
import type { CallPlace } from './call-place.ts';

const pollMs = 20;
/** Longer than any pause within an answer. */
const quietMs = 600;
/** How long the caller waits for an answer. */
const patienceMs = 16_000;
const maxSayings = 3;

/** One caller on the line of a place, and what is measured while something goes wrong. */
export class CallScene implements AsyncDisposable {
  readonly place: CallPlace;
  readonly call: Call;
  /** How often what the case is about was tried: requests, steps, hand-overs, as fits. */
  attempts: number | null = null;
  /** From the fault's start, or its end where the case says so, to the next answer heard. */
  recoveredMs: number | null = null;
  /** Questions answered rightly since the fault. */
  turnsAfter = 0;
  /** When each line began that had to be said again, unasked; on the clock of the call's events. */
  readonly inVain: number[] = [];
  #struckAtMs: number | undefined;

  private constructor(place: CallPlace, call: Call) {
    this.place = place;
    this.call = call;
  }

  /** Phones; the caller only does what the case has it do, and gives up after three minutes. */
  static async phone(
    place: CallPlace,
    options: Partial<PlaceCallOptions> = {},
  ): Promise<CallScene> {
    return new CallScene(place, await place.yard.call({ maxCallMs: 180_000, ...options }));
  }

  /** The lines of the log that are about this call, jobs that left it unheard included. */
  get lines(): readonly LogLine[] {
    return this.place.service.lines.filter((line) => this.#isOurs(line));
  }

  /** What was synthesised for this call, in order. */
  get spoken(): readonly TtsEntry[] {
    return this.place.yard.of(this.call, this.place.yard.spoken);
  }

  /** What was asked of the model in this call, in order. */
  get requests(): readonly OpenAiRequest[] {
    return this.place.yard.of(this.call, this.place.yard.openai.requests);
  }

  count(event: string): number {
    return this.lines.filter((line) => line.event === event).length;
  }

  /** A line of this call, past or to come. */
  async logged(
    event: string,
    matches: (line: LogLine) => boolean = () => true,
    withinMs = 60_000,
  ): Promise<LogLine> {
    const isIt = (line: LogLine) => this.#isOurs(line) && matches(line);
    return this.place.service.waitFor(event, isIt, withinMs);
  }

  /** Waits until it holds. @throws {Error} that names `what` when it does not in time. */
  async until(what: string, holds: () => boolean, withinMs = 30_000): Promise<void> {
    const untilMs = performance.now() + withinMs;
    while (!holds()) {
      if (performance.now() > untilMs) throw new Error(`It never came to this: ${what}`);
      if (this.isOver) throw new Error(`The call ended before this: ${what}`);
      await timers.setTimeout(pollMs);
    }
  }

  get isOver(): boolean {
    return this.call.events.some(({ type }) => type === 'ended');
  }

  /** The process of the job that speaks now, as far as the log tells. */
  get jobPid(): number {
    const pids = this.lines.flatMap((line) => line['jobPid'] ?? []);
    return Number(pids.at(-1));
  }

  /** Waits until the agent has greeted. */
  async greeted(): Promise<void> {
    await this.call.waitFor('agent-audio-end');
    await this.quiet();
  }

  /** Whether the agent is heard now. */
  get isSpeaking(): boolean {
    return this.#quietForMs() === 0;
  }

  /** Waits until the agent has been silent for a moment. */
  async quiet(): Promise<void> {
    await this.until('the agent is quiet', () => this.#quietForMs() >= quietMs);
  }

  /** Now the fault begins, or ends: from here `recoveredMs` and `turnsAfter` count. */
  strike(): void {
    this.#struckAtMs = Date.now();
    this.recoveredMs = null;
  }

  /**
   * Says a line until it is taken in; again after `withinMs`, three times in all, as people do: cores
   * that are too busy garble the sound on its way.
   * @throws {Error} that names `what` when it was said in vain each time.
   */
  async sayUntil(
    say: string,
    options: {
      readonly what: string;
      readonly isTaken: () => boolean;
      readonly withinMs?: number;
      /** Told when it was said for the first time. */
      readonly onSaid?: () => void;
    },
  ): Promise<void> {
    const { what, isTaken, withinMs = patienceMs, onSaid = () => {} } = options;
    const inVain: number[] = [];
    let sinceMs = 0;
    for (let saying = 1; ; saying += 1) {
      sinceMs = Date.now();
      const { fromMs } = await this.call.say(say);
      if (saying === 1) onSaid();
      const saidMs = Date.now();
      try {
        await this.until(what, isTaken, withinMs);
        break;
      } catch (error) {
        if (saying === maxSayings || this.isOver) throw error;
      }
      // A fresh agent that asks what the caller needs has given them the turn, too.
      const wasAsked = this.spoken
        .findLast(({ atMs }) => atMs >= saidMs)
        ?.text.trim()
        .endsWith('?');
      if (!wasAsked) inVain.push(fromMs);
    }
    if (timesAskedAgain(this.requests, sinceMs) < inVain.length) this.inVain.push(...inVain);
  }

  /** Says a line until the model is asked for the answer to it. */
  async sayToModel(say: string): Promise<void> {
    const before = this.requests.length;
    const isTaken = () => this.requests.length > before;
    await this.sayUntil(say, { what: 'the model is asked', isTaken, withinMs: 8_000 });
  }

  /** Says goodbye until the agent takes its leave, and waits for the first of its words. */
  async sayGoodbye(): Promise<void> {
    const before = this.count('tool.used');
    const isTaken = () => this.count('tool.used') > before;
    await this.sayUntil(farewell, { what: 'the agent takes its leave', isTaken });
    const { atMs = 0 } = this.call.events.findLast(({ type }) => type === 'said') ?? {};
    await this.call.waitFor('agent-audio-start', (event) => event.atMs >= atMs);
  }

  /**
   * Says a line, and waits for the answer to be heard to its end; again when none comes. With
   * `strikes` the fault is one of this turn, and begins with the end of the line.
   * `by` says whose words are the answer: those of every voice, if left out.
   */
  async ask(
    { say, hears }: Question,
    options: {
      readonly strikes?: boolean;
      readonly by?: (entry: TtsEntry) => boolean;
    } = {},
  ): Promise<void> {
    const { strikes = false, by = () => true } = options;
    const fromMs = Date.now();
    const since = () => this.spoken.filter((entry) => entry.atMs >= fromMs && by(entry));
    const words = () => since().map(({ text }) => text.trim());
    const isAnswered = () => hears.test(words().join(' '));
    await this.sayUntil(say, {
      what: `${hears}`,
      isTaken: isAnswered,
      onSaid: () => strikes && this.strike(),
    }).catch((error: unknown) => {
      throw new Error(`${String(error)} after "${say}", but: ${words().join(' ') || 'nothing'}`);
    });
    const answeredAtMs = await this.#heardSince(since().at(0)?.atMs ?? fromMs);
    await this.quiet();
    if (this.#struckAtMs === undefined) return;
    this.turnsAfter += 1;
    this.#recovered(answeredAtMs);
  }

  /** Waits for any words of the agent, recorded ones included, since the caller's last line. */
  async hearsSomething(): Promise<void> {
    const { atMs = 0 } = this.call.events.findLast(({ type }) => type === 'said') ?? {};
    const heard = await this.call.waitFor('agent-audio-start', (event) => event.atMs >= atMs);
    this.#recovered(this.#startedAtMs + heard.atMs);
    await this.quiet();
  }

  /** The caller hangs up, and is content. */
  async hangUp(): Promise<CallReport> {
    return this.call.hangUp();
  }

  /** Milliseconds since the call began to ring, on the clock of its events. */
  get nowMs(): number {
    return Date.now() - this.#startedAtMs;
  }

  /** When the fault began, on the clock of the call's events; null before it did. */
  get struckMs(): number | null {
    return this.#struckAtMs === undefined ? null : this.#struckAtMs - this.#startedAtMs;
  }

  #recovered(atMs: number): void {
    if (this.#struckAtMs !== undefined) {
      this.recoveredMs ??= Math.max(0, Math.round(atMs - this.#struckAtMs));
    }
  }

  get #startedAtMs(): number {
    const ringing = this.call.events.find((event) => event.type === 'ringing');
    return ringing?.epochMs ?? Date.now();
  }

  /** A case that breaks off leaves no caller behind for the next one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.call[Symbol.asyncDispose]();
  }

  /** On the wall clock, when the first sound was heard that began with words of `atMs` or later. */
  async #heardSince(atMs: number): Promise<number> {
    const fromMs = atMs - this.#startedAtMs;
    const started = () =>
      this.call.events.find((event) => event.type === 'agent-audio-start' && event.atMs >= fromMs);
    // A sentence that follows another at once has no start of its own.
    await this.until('the answer is heard', () => started() !== undefined || this.isSpeaking);
    return this.#startedAtMs + (started()?.atMs ?? this.nowMs);
  }

  /** 0 while the agent speaks. */
  #quietForMs(): number {
    return gapIn(this.call.events, this.nowMs);
  }

  #isOurs({ callId, room }: LogLine): boolean {
    return callId === this.call.callId || room === maskPhones(this.call.room);
  }
}

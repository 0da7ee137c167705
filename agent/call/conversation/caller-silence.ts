import type { voice } from '@livekit/agents';
import { callerSilentPrompts } from '../../speech/prompts/prompts.ts';
import type { CallTimers, CallTimer } from '../call-timers.ts';
import { MachineSpeech } from './machine-speech.ts';

/** Words come within 0.3 s of their sound, final ones within some seconds: who speaks is let finish. */
const wordsComeMs = 2_500;
const mostGraces = 4;
/** Who asked us to wait is left alone for so many times the usual silence. */
const patience = 3;

type CallerSilenceDeps = {
  readonly timers: CallTimers;
  readonly callerSilentMs: number;
  /** Says a prompt. It must not throw; whether it is heard changes nothing here. */
  readonly say: (text: string) => void;
  /** The polite end. */
  readonly end: () => void;
  /** True while no recogniser takes in what the caller says: then they are dealt with elsewhere. */
  readonly isDeaf: () => boolean;
  /** Prompts that an earlier job of this call has spoken since it last heard the caller. */
  readonly promptsSpoken?: number;
};

/**
 * Asks a caller who says nothing though it is their turn, twice, and then ends the call. It is the
 * caller's turn while the agent does not speak. Only words of a person count: a noise, an echo, music
 * or a recording stops no clock, and a line on which a machine talks to us ends in the same way.
 */
export class CallerSilence {
  readonly #deps: CallerSilenceDeps;
  readonly #timer: CallTimer;
  readonly #grace: CallTimer;
  readonly #machine = new MachineSpeech();
  #promptsSpoken: number;
  #caller: voice.UserState = 'listening';
  #hasWords = false;
  #graces = 0;
  /** Periods of silence that the caller has asked for. */
  #patience = 0;
  #isAskedToWait = false;
  #isOver = false;

  constructor(deps: CallerSilenceDeps) {
    this.#deps = deps;
    this.#promptsSpoken = deps.promptsSpoken ?? 0;
    const { callerSilentMs: ms, timers } = deps;
    this.#timer = timers.timer({ name: 'caller-silent', ms, onExpired: () => this.#expired() });
    this.#grace = timers.timer({
      name: 'caller-may-speak',
      ms: Math.min(wordsComeMs, ms),
      onExpired: () => this.#expired(),
    });
    this.#timer.restart();
    this.agentState('initializing');
  }

  /** Prompts since the caller was last heard. */
  get promptsSpoken(): number {
    return this.#promptsSpoken;
  }

  agentState(state: voice.AgentState): void {
    // What the agent says by itself, or to a noise, gives a silent caller no more time.
    for (const timer of [this.#timer, this.#grace]) {
      if (state === 'listening') timer.resume();
      else timer.hold();
    }
  }

  callerState(state: voice.UserState): void {
    this.#caller = state;
  }

  agentSaid(words: string): void {
    this.#machine.agentSaid(words);
  }

  /** Words of the caller come in, which are not final yet. */
  hearing(): void {
    this.#hasWords = true;
  }

  /** Final words of the caller, or a key that they pressed when there are none. */
  heard(words?: string): void {
    this.#hasWords = false;
    const kind = words === undefined ? 'person' : this.#machine.callerSaid(words);
    if (kind === 'machine') {
      // Who asked us to wait may have us hear their own music.
      if (this.#machine.isMachine && !this.#isAskedToWait) this.#end();
      return;
    }
    this.#graces = 0;
    this.#isAskedToWait = kind === 'wait';
    this.#patience = this.#isAskedToWait ? patience : 0;
    this.#promptsSpoken = 0;
    this.#grace.stop();
    this.#timer.restart();
  }

  /** Who speaks at that moment may be about to be understood; a noise gets no second grace. */
  #expired(): void {
    if (this.#deps.isDeaf()) return this.#timer.restart();
    const mayGoOn = this.#hasWords || (this.#caller === 'speaking' && this.#graces === 0);
    this.#hasWords = false;
    if (!mayGoOn || this.#graces >= mostGraces) return this.#isSilent();
    this.#graces += 1;
    this.#grace.restart();
  }

  #isSilent(): void {
    this.#graces = 0;
    if (this.#patience > 0) {
      this.#patience -= 1;
      return this.#timer.restart();
    }
    const prompt = callerSilentPrompts[this.#promptsSpoken];
    if (prompt === undefined) return this.#end();
    this.#promptsSpoken += 1;
    this.#isAskedToWait = false;
    // A prompt that cannot be spoken must not be the last.
    this.#timer.restart();
    this.#deps.say(prompt);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.stop();
    this.#deps.end();
  }
}

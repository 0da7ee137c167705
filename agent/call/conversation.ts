import { voice } from '@livekit/agents';
import type { Room } from '@livekit/rtc-node';
import timers from 'node:timers/promises';
import { createTools } from '../../tools/index.ts';
import type { ToolDeps } from '../../tools/tool.ts';
import { defaultTimeZone } from '../../tools/yard/equipment.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { todayIn } from '../../tools/yard/rental-dates.ts';
import type { Config } from '../config.ts';
import { instructionsFor } from '../speech/instructions.ts';
import { phraseFrames } from '../speech/phrases.ts';
import type { PhraseAudio } from '../speech/phrases.ts';
import { Receptionist } from '../speech/receptionist.ts';
import { createSession, keytermsOf } from '../speech/session.ts';

/** A phrase, with its audio where that was ready before the call. */
export type ReadyPhrase = { readonly text: string; readonly audio: PhraseAudio | undefined };

/** Audio that the gateway's jitter buffer still holds when our own queue is empty. */
const inFlightMs = 500;

const clock = { nowMs: () => Date.now() };

/** The talk of one call: how it hears, thinks and speaks, and what it can do meanwhile. */
export class Conversation {
  readonly session: voice.AgentSession;
  readonly #receptionist: Receptionist;
  #inventory: Inventory | null;
  #callerTurns = 0;
  #callerWords = '';
  readonly #agentWords: string[] = [];

  /** `inventory` is null when the sheet could not be read; `reload` reads it again, at each turn. */
  constructor(options: {
    readonly config: Config;
    readonly inventory: Inventory | null;
    readonly reload: () => Promise<Inventory | null>;
    readonly tools: Pick<
      ToolDeps,
      'callId' | 'caller' | 'desk' | 'signal' | 'onToolUsed' | 'endCall'
    >;
  }) {
    const { config, inventory, reload, tools } = options;
    this.#inventory = inventory;
    this.session = createSession(config, {
      keyterms: keytermsOf(inventory?.units.map((unit) => unit.name) ?? []),
    });
    this.#receptionist = new Receptionist({
      instructions: instructionsFor({
        yard: inventory?.yard ?? null,
        todayIso: todayIn(inventory?.yard.timeZone ?? defaultTimeZone, clock),
      }),
      tools: createTools({
        inventory: () => this.#inventory,
        clock,
        inventoryMaxAgeMs: config.timeouts.inventoryMaxAgeMs,
        confirmBookingMs: config.timeouts.confirmBookingMs,
        toolMs: config.timeouts.toolMs,
        turn: () => this.#callerTurns,
        callerWords: () => this.#callerWords,
        wasSpoken: (words) => this.#agentWords.some((said) => said.includes(words)),
        say: (words) => void this.session.say(words, { addToChatCtx: false }),
        ...tools,
      }),
    });
    this.session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message') return;
      const words = item.textContent ?? '';
      if (item.role === 'assistant') this.#agentWords.push(words);
      if (item.role !== 'user') return;
      this.#callerTurns += 1;
      this.#callerWords = words;
      void this.#refresh(reload);
    });
  }

  /** In a few milliseconds, while the model thinks: what was booked meanwhile is taken. */
  async #refresh(reload: () => Promise<Inventory | null>): Promise<void> {
    try {
      this.#inventory = (await reload()) ?? this.#inventory;
    } catch {
      // The list of before stands; a booking looks at the sheet anew in any case.
    }
  }

  /** Publishes the agent's track, at which the gateway answers, and begins to listen. */
  async start(room: Room, callerIdentity: string): Promise<void> {
    await this.session.start({
      agent: this.#receptionist,
      room,
      // Recording would go to LiveKit Cloud, and the caller has no screen to read text on.
      record: false,
      inputOptions: {
        participantIdentity: callerIdentity,
        closeOnDisconnect: false,
        textEnabled: false,
      },
      outputOptions: { transcriptionEnabled: false },
    });
  }

  /** Says the first words. The caller may talk over them. */
  greet({ text, audio }: ReadyPhrase): void {
    this.session.say(text, audio ? { audio: phraseFrames(audio) } : {});
  }

  /** Says the last words; resolves when the caller has heard them to the end. */
  async sayGoodbye({ text, audio }: ReadyPhrase): Promise<void> {
    const speech = this.session.say(text, {
      allowInterruptions: false,
      ...(audio ? { audio: phraseFrames(audio) } : {}),
    });
    await speech.waitForPlayout();
    await timers.setTimeout(inFlightMs);
  }
}

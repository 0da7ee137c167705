import type { voice } from '@livekit/agents';
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

  /** `inventory` is null when the sheet could not be read. */
  constructor(options: {
    readonly config: Config;
    readonly inventory: Inventory | null;
    readonly tools: Pick<ToolDeps, 'signal' | 'onToolUsed' | 'endCall'>;
  }) {
    const { config, inventory, tools } = options;
    this.session = createSession(config, {
      keyterms: keytermsOf(inventory?.units.map((unit) => unit.name) ?? []),
    });
    this.#receptionist = new Receptionist({
      instructions: instructionsFor({
        yard: inventory?.yard ?? null,
        todayIso: todayIn(inventory?.yard.timeZone ?? defaultTimeZone, clock),
      }),
      tools: createTools({
        inventory: () => inventory,
        clock,
        inventoryMaxAgeMs: config.timeouts.inventoryMaxAgeMs,
        toolMs: config.timeouts.toolMs,
        ...tools,
      }),
    });
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

import type { BookingService } from '../../../tools/journal/booking-service.ts';
import type { Urgency } from '../../../tools/dialogue/urgency.ts';
import type { Yard } from '../../../tools/yard/equipment.ts';
import { onDuty } from '../../../tools/yard/on-duty.ts';
import { withDeadline } from '../../infra/deadline.ts';
import { emergencyWords } from '../../speech/instructions.ts';
import {
  BREAKDOWN,
  BREAKDOWN_NEEDS_NUMBER,
  BREAKDOWN_NOTED,
  BREAKDOWN_NOT_NOTED,
  EMERGENCY_IN_SPANISH,
  EMERGENCY_NEEDS_NUMBER,
  EMERGENCY_TOLD,
  SPANISH_TRANSFERRING,
  TRANSFERRING,
} from '../../speech/prompts/prompts.ts';
import type { Log } from '../../telemetry/events.ts';
import type { TransferWords } from '../leg/transfer.ts';
import type { Apology } from './apology.ts';

/** A caller in trouble is not kept waiting for a store. */
const noteMs = 2_000;

/** Reasons to put a caller through without asking a model. */
export type EscalationKind = Urgency | 'spanish';

type EscalationDeps = {
  readonly callerNumber: string | null;
  readonly desk: Pick<BookingService, 'takeMessage'>;
  readonly apology: Pick<Apology, 'offerCallBack'>;
  readonly log: Pick<Log, 'emit'>;
  /** The yard as the sheet has it now; undefined when nothing is known of it. */
  readonly yard: () => Promise<Yard | undefined>;
  /** Puts the caller through to the first of these who takes the call; false where that cannot be. */
  readonly transfer: (numbers: readonly string[], words: TransferWords) => boolean;
  /** Says a set phrase, which the caller may talk over where it asks something. */
  readonly say: (text: string) => void;
  readonly nowMs?: () => number;
};

/**
 * People first: an emergency, a breakdown on site and a caller who speaks no English are answered by
 * fixed words and go to a person, whether the model works or not. What was said is written down
 * before anybody is rung, since a transfer by SIP REFER carries no word of it.
 */
export class Escalation {
  readonly #deps: EscalationDeps;

  constructor(deps: EscalationDeps) {
    this.#deps = deps;
  }

  /** Deals with the caller's `words`. Never rejects. */
  async escalate(kind: EscalationKind, words: string, isSpanish: boolean): Promise<void> {
    const { log, yard: readYard, transfer, nowMs = () => Date.now() } = this.#deps;
    log.emit('call.escalated', { kind });
    const isNoted = kind === 'spanish' ? null : this.#note(kind, words);
    const yard = await readYard();
    const contacts = kind === 'breakdown' ? yard?.breakdown : yard?.transferTo;
    const numbers = yard ? onDuty(contacts, yard.timeZone, nowMs()) : [];
    if (kind === 'spanish') {
      const callBack = () => this.#deps.apology.offerCallBack('spanish');
      if (numbers.length > 0 && transfer(numbers, { before: [SPANISH_TRANSFERRING], callBack }))
        return;
      return this.#deps.say(await callBack());
    }
    const first =
      kind === 'breakdown'
        ? [BREAKDOWN]
        : [...(isSpanish ? [EMERGENCY_IN_SPANISH] : []), emergencyWords(yard ?? null)];
    const callBack = async () => this.#wordsFor(kind, (await isNoted) ?? false);
    const before = [...first, isSpanish ? SPANISH_TRANSFERRING : TRANSFERRING];
    if (numbers.length > 0 && transfer(numbers, { before, callBack })) return;
    if (kind === 'emergency') for (const text of first) this.#deps.say(text);
    this.#deps.say(await callBack());
  }

  #wordsFor(kind: Urgency, isNoted: boolean): string {
    const hasNumber = this.#deps.callerNumber !== null;
    if (kind === 'emergency') return isNoted && hasNumber ? EMERGENCY_TOLD : EMERGENCY_NEEDS_NUMBER;
    if (!hasNumber) return BREAKDOWN_NEEDS_NUMBER;
    return isNoted ? BREAKDOWN_NOTED : BREAKDOWN_NOT_NOTED;
  }

  async #note(kind: Urgency, words: string): Promise<boolean> {
    const { desk, callerNumber: phone, log } = this.#deps;
    const text = `URGENT, ${kind}. The caller said: ${words}`;
    try {
      const take = () => desk.takeMessage({ text, customer: null, phone, kind: 'urgent' });
      await withDeadline(take, { ms: noteMs, label: 'urgent message' });
      return true;
    } catch (error) {
      log.emit('store.failed', { error }, 'call-back');
      return false;
    }
  }
}

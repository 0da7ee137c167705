import type { Inventory } from '../../tools/yard/equipment.ts';
import type { Timeouts } from '../config/timeouts.ts';
import { withDeadline } from '../infra/deadline.ts';
import { greetingFor, type Greeting } from '../speech/instructions.ts';
import {
  CALL_AGAIN,
  CALL_YOU_BACK,
  CAN_YOU_HEAR,
  GOODBYE,
  STILL_HERE,
  WELCOME_BACK,
} from '../speech/prompts/prompts.ts';
import type { CallRecord } from './call-record.ts';
import type { CallStore } from './persistence/call-store.ts';
import { PromptCache } from './conversation/prompt-cache.ts';
import type { SavedCall } from '../ipc/saved-call.ts';

/** All that a call reads from the store before it is answered: then it waits for nothing. */
export type Preload = {
  /** Null when it could not be read: the agent says so when asked for equipment. */
  readonly inventory: Inventory | null;
  readonly greeting: Greeting;
  readonly prompts: PromptCache;
};

type PreloadOptions = {
  readonly store: CallStore;
  readonly record: CallRecord;
  readonly timeouts: Timeouts;
  /** An earlier job spoke with the caller already. */
  readonly isResumed: boolean;
  readonly isRecorded: boolean;
  readonly signal: AbortSignal;
};

/** The possible first words of a job that goes on with a call, or that ends it. */
const resumePhrases = [STILL_HERE, WELCOME_BACK, CAN_YOU_HEAR, CALL_YOU_BACK, CALL_AGAIN];

/** Reads it. What fails is left out. @throws the reason of `signal`, when the call has ended. */
export async function preloadCall(options: PreloadOptions): Promise<Preload> {
  const { store, record, isResumed, signal } = options;
  const inventory = await loadEquipment(options);
  const greeting = greetingFor(inventory?.yard ?? null, { isRecorded: options.isRecorded });
  const prompts = new PromptCache({ read: (text) => store.phrase(text), log: () => record.log });
  await prompts.load([greeting.text, ...(isResumed ? resumePhrases : [GOODBYE])], signal);
  signal.throwIfAborted();
  return { inventory, greeting, prompts };
}

async function loadEquipment(options: PreloadOptions): Promise<Inventory | null> {
  const { store, record, timeouts, signal } = options;
  let inventory: Inventory | null = null;
  try {
    inventory = await withDeadline(() => store.inventory(), {
      ms: timeouts.equipmentLoadMs,
      label: 'equipment load',
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    record.log.emit('store.failed', { error }, 'equipment');
  }
  const items = inventory?.units.length ?? 0;
  const ageMs = inventory ? Date.now() - inventory.fetchedAtMs : null;
  const source = inventory ? 'store' : 'none';
  record.log.emit('equipment.loaded', { items, ageMs, source }, record.arrival);
  return inventory;
}

/** Reads what an earlier job of the call has kept; undefined when nothing could be read in time. */
export async function readSavedCall(
  options: Pick<PreloadOptions, 'store' | 'record' | 'timeouts'>,
): Promise<SavedCall | undefined> {
  const { store, record, timeouts } = options;
  try {
    const ms = timeouts.equipmentLoadMs;
    return await withDeadline(() => store.savedCall(), { ms, label: 'state of the call' });
  } catch (error) {
    record.log.emit('store.failed', { error }, 'said');
    return undefined;
  }
}

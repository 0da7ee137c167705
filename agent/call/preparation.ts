import type { Inventory } from '../../tools/yard/equipment.ts';
import type { Timeouts } from '../timeouts.ts';
import { withDeadline } from '../deadline.ts';
import { greetingFor } from '../speech/instructions.ts';
import { GOODBYE, STILL_HERE, WELCOME_BACK } from '../speech/set-phrases.ts';
import type { CallRecord } from './call-record.ts';
import type { CallStore } from './call-store.ts';
import { PhraseBook } from './phrase-book.ts';

/** All that a call reads from the store before it is answered: then it waits for nothing. */
export type Preparation = {
  /** Null when it could not be read: the agent says so when asked for equipment. */
  readonly inventory: Inventory | null;
  readonly greeting: string;
  readonly phrases: PhraseBook;
};

type PrepareOptions = {
  readonly store: CallStore;
  readonly record: CallRecord;
  readonly timeouts: Timeouts;
  /** An earlier job spoke with the caller already. */
  readonly isResumed: boolean;
  readonly signal: AbortSignal;
};

/** Reads it. What fails is left out. @throws the reason of `signal`, when the call has ended. */
export async function prepare(options: PrepareOptions): Promise<Preparation> {
  const { store, record, isResumed, signal } = options;
  const inventory = await loadEquipment(options);
  const greeting = greetingFor(inventory?.yard ?? null);
  const phrases = new PhraseBook({ read: (text) => store.phrase(text), log: () => record.log });
  await phrases.load(isResumed ? [STILL_HERE, WELCOME_BACK] : [greeting, GOODBYE], signal);
  signal.throwIfAborted();
  return { inventory, greeting, phrases };
}

async function loadEquipment(options: PrepareOptions): Promise<Inventory | null> {
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
    record.log.warn({ event: 'store.failed', error }, 'equipment could not be read');
  }
  record.arrival('equipment.loaded', 'equipment loaded', {
    items: inventory?.units.length ?? 0,
    ageMs: inventory ? Date.now() - inventory.fetchedAtMs : null,
    source: inventory ? 'store' : 'none',
  });
  return inventory;
}

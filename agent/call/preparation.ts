import type { Inventory } from '../../tools/yard/equipment.ts';
import type { Timeouts } from '../timeouts.ts';
import { withDeadline } from '../deadline.ts';
import { GOODBYE, greetingFor, WELCOME_BACK } from '../speech/instructions.ts';
import type { CallRecord } from './call-record.ts';
import type { CallStore } from './call-store.ts';
import type { ReadyPhrase } from './conversation.ts';

/** All that a call reads from the store before it is answered: then it waits for nothing. */
export type Preparation = {
  /** Null when it could not be read: the agent says so when asked for equipment. */
  readonly inventory: Inventory | null;
  readonly greeting: ReadyPhrase;
  readonly goodbye: ReadyPhrase;
};

/** Takes 5 ms. Past this the phrase is synthesised, as if there were none. */
const phraseMs = 500;

type PrepareOptions = {
  readonly store: CallStore;
  readonly record: CallRecord;
  readonly timeouts: Timeouts;
  /** An earlier job spoke with the caller already, and is gone. */
  readonly isResumed: boolean;
  readonly signal: AbortSignal;
};

/** Reads it. What fails is left out. @throws the reason of `signal`, when the call has ended. */
export async function prepare(options: PrepareOptions): Promise<Preparation> {
  const inventory = await loadEquipment(options);
  const greeting = options.isResumed ? WELCOME_BACK : greetingFor(inventory?.yard ?? null);
  const [first, last] = await Promise.all([
    readyPhrase(greeting, options),
    readyPhrase(GOODBYE, options),
  ]);
  options.signal.throwIfAborted();
  return { inventory, greeting: first, goodbye: last };
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
  record.note('equipment.loaded', 'equipment loaded', {
    items: inventory?.units.length ?? 0,
    ageMs: inventory ? Date.now() - inventory.fetchedAtMs : null,
    source: inventory ? 'store' : 'none',
  });
  return inventory;
}

async function readyPhrase(
  text: string,
  { store, record, signal }: PrepareOptions,
): Promise<ReadyPhrase> {
  try {
    const read = () => store.phrase(text);
    return { text, audio: await withDeadline(read, { ms: phraseMs, label: 'phrase', signal }) };
  } catch (error) {
    signal.throwIfAborted();
    record.log.warn({ event: 'store.failed', error }, 'phrase could not be read');
    return { text, audio: undefined };
  }
}

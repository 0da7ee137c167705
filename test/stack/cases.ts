import { bookingFaults } from '../faults/bookings.ts';
import { callFaults } from '../faults/call.ts';
import { survivalFaults } from '../faults/survival.ts';

/** `smoke` cases are part of `npm test`, `full` ones of `npm run test:full`. */
export type Tier = 'smoke' | 'full';

/**
 * The faults that are shown by tests, each with its tier; `npm run faults` shows these and the rest.
 * The smoke cases are one of each promise to a caller, and quick.
 */
const tiers: Readonly<Record<string, Tier>> = {
  'hang-up-ringing': 'smoke',
  'hang-up-greeting': 'smoke',
  'hang-up-listening': 'full',
  'hang-up-thinking': 'full',
  'hang-up-tool': 'smoke',
  'hang-up-speaking': 'full',
  'hang-up-closing': 'full',
  'store-locked-while-ringing': 'smoke',
  'talk-over-the-greeting': 'full',
  'packets-stop-until-rejoin': 'smoke',
  'stt-closed-1006': 'smoke',
  'llm-500': 'smoke',
  'llm-malformed-arguments': 'full',
  'tts-socket-refused': 'smoke',
  'emergency-no-model': 'full',

  'job-killed-speaking': 'smoke',
  'idle-process-killed': 'smoke',
  'idle-worker-killed': 'smoke',
  'worker-killed': 'full',
  'attendant-killed-greeting': 'full',
  'attendant-talked-over': 'full',
  'supervisor-killed': 'smoke',

  'reply-lost-after-write': 'smoke',
  'supervisor-killed-after-append': 'smoke',
  'model-books-twice-at-once': 'smoke',
  'staff-rents-out-the-unit': 'full',
  'disk-full': 'full',
};

const known = new Set([...callFaults, ...survivalFaults, ...bookingFaults].map(({ name }) => name));
const unknown = Object.keys(tiers).filter((name) => !known.has(name));
if (unknown.length > 0) throw new Error(`There is no fault of this name: ${unknown.join(', ')}`);

/** Those faults that are shown in this tier. */
export function ofTier<Fault extends { readonly name: string }>(
  tier: Tier,
  faults: readonly Fault[],
): readonly Fault[] {
  return faults.filter(({ name }) => tiers[name] === tier);
}

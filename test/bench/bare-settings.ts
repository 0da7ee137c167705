import { loadConfig } from '../../agent/config/config.ts';
import { defaultTimeZone } from '../../tools/yard/equipment.ts';
import type { Yard } from '../../tools/yard/equipment.ts';
import { exampleSheet } from '../harness/yard/example-sheet.ts';

/** By this name the bare agent is dispatched to a call. */
export const bareAgentName = 'bare';

/**
 * Told on stdout, as lines of a log: the worker is registered, a process waits for a call, and one
 * has taken a call.
 */
export type BareEvent = 'bare.registered' | 'bare.warm' | 'bare.taken';

/** Writes an event of the bare agent on stdout. */
export function tell(event: BareEvent, fields: { readonly room?: string } = {}): void {
  const line = { level: 'info', event, jobPid: process.pid, ...fields };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The settings of Pickup, from the same environment. */
export const bareSettings = () => loadConfig();

/** The example yard as Pickup reads it from the sheet. */
export function exampleYard(): Yard {
  const rows = new Map(exampleSheet['Yard']?.map(([key = '', value = '']) => [key, `${value}`]));
  return {
    name: rows.get('Name') ?? '',
    currency: 'USD',
    timeZone: rows.get('Time zone') ?? defaultTimeZone,
    openingHours: rows.get('Opening hours') ?? null,
    address: rows.get('Address') ?? null,
    delivery: rows.get('Delivery') ?? null,
    depositRules: rows.get('Deposit') ?? null,
    identificationRules: rows.get('Identification') ?? null,
    transferTo: [],
    greeting: rows.get('Greeting') ?? null,
  };
}

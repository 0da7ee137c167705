import { addDays, todayIn } from '../../tools/yard/rental-dates.ts';
import { monthAndDay } from '../harness/emulators/receptionist-rules.ts';
import { seeded } from '../stack/scripts.ts';
import type { Question } from './call-lines.ts';

/** What a caller tells early in a call, and asks for later: only who was told can answer. */
export type Story = {
  /** A machine, days and a name, told in one sentence. */
  readonly tell: Question;
  /** Answered with all of them by a model that was sent what was said before, and by no other. */
  readonly recall: Question;
  /** The same, of a caller who went on to another machine. */
  readonly recallOf: (machine: string) => Question;
};

/** Of the example sheet, each with units that are free. */
const machines = ['skid steer', 'mini excavator', 'scissor lift', 'generator', 'trencher'] as const;
/** Far enough for the day to be still to come when a call lasts past midnight. */
const daysAhead = [2, 3] as const;
const spans = [
  { says: 'two', days: 2 },
  { says: 'three', days: 3 },
  { says: 'four', days: 4 },
  { says: 'five', days: 5 },
] as const;
const names = ['Maria Lopez', 'John Miller', 'Aisha Khan', 'Peter Novak', 'Grace Taylor'] as const;
const zone = 'America/Chicago';

/**
 * So many stories, no two under the same name or of the same machine: one caller's answer is not to
 * be taken for another's. The same seed draws the same.
 */
export function drawStories(seed: number, count: number): readonly Story[] {
  const random = seeded(seed);
  const draw = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const firstName = Math.floor(random() * names.length);
  const firstMachine = Math.floor(random() * machines.length);
  return Array.from({ length: count }, (_, nth) => {
    const name = names[(firstName + nth) % names.length] ?? names[0];
    const machine = machines[(firstMachine + nth) % machines.length] ?? machines[0];
    const [ahead, span] = [draw(daysAhead), draw(spans)];
    const startDay = addDays(todayIn(zone, { nowMs: () => Date.now() }), ahead);
    const days = [startDay, addDays(startDay, span.days - 1)].map(monthAndDay);
    const [from = '', through = ''] = days;
    const recallOf = (lastNamed: string) => ({
      say: 'Which machine were we talking about, and for which days?',
      hears: new RegExp(`asked about the ${lastNamed}.*${from}.*${through}.*${name}`, 'is'),
    });
    return {
      tell: {
        // By its date, which means the same day whenever it is heard.
        say: `My name is ${name}, do you have a ${machine} for ${span.says} days from ${from}?`,
        hears: new RegExp(`${machine}.*free`, 'is'),
      },
      recall: recallOf(machine),
      recallOf,
    };
  });
}

import type { Step } from '../harness/caller/script.ts';

/** Which side ends a scripted call. */
export type EndBy = 'agent' | 'caller';

/** What a caller says, line by line, with what `--seed` drew; the last line is the farewell. */
type Script = (draw: (choices: readonly string[]) => string) => readonly string[];

/** The machines of the example sheet that can be rented. */
const machines = ['skid steer', 'mini excavator', 'scissor lift', 'generator', 'trencher'] as const;
const starts = ['tomorrow', 'the day after tomorrow'] as const;
const names = ['Maria Lopez', 'John Miller', 'Aisha Khan', 'Peter Novak', 'Grace Taylor'] as const;
const spans = ['two', 'three', 'four', 'five'] as const;

/** The agent's goodbye begins 3 s after the farewell at most; it asks after a silence of 15 s. */
const repeatAfterMs = 10_000;

/** The conversations that `npm run demo -- --script NAME` can hold. */
export const scripts: Readonly<Record<string, Script>> = {
  rental: (draw) => {
    const machine = draw(machines);
    const start = draw(starts);
    return [
      `Hi, do you have a ${machine} available ${start}?`,
      `How much would it be for ${draw(spans)} days from ${start}?`,
      'Do you deliver?',
      `I'd like to book it, my name is ${draw(names)}.`,
      'Yes, please book it.',
      "Thanks, that's all. Goodbye.",
    ];
  },
  short: (draw) => [`Do you have a ${draw(machines)}?`, "Thanks, that's all. Goodbye."],
};

/** Scripts in which the caller books: such a call leaves a row in the sheet. */
export const bookingScripts: readonly string[] = ['rental'];

/** The steps of a script; the same `seed` draws the same lines. */
export function scriptSteps(name: string, options: { seed: number; endBy: EndBy }): Step[] {
  const script = scripts[name];
  if (!script) {
    throw new Error(`There is no script "${name}"; there are ${Object.keys(scripts).join(', ')}`);
  }
  const random = seeded(options.seed);
  const lines = script((choices) => choices[Math.floor(random() * choices.length)] ?? '');
  const said = options.endBy === 'agent' ? lines : lines.slice(0, -1);
  return [
    ...said.map((say) => ({ say })),
    // On cores that are too busy a line is missed now and then; like anyone, the caller repeats it.
    options.endBy === 'agent' ? { waitForEnd: true, repeatAfterMs } : { hangUp: true },
  ];
}

/** Mulberry32: a small generator of numbers from 0 to 1 that a seed repeats. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

import timers from 'node:timers/promises';
import { spokenPhone } from '../../tools/yard/phone.ts';
import { confirmedRows } from './call-booking.ts';
import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { usual } from './call-hearing.ts';
import { generator, price, wishWithoutNumber, yes } from './call-lines.ts';
import type { CallScene } from './call-scene.ts';

const keyed = '3125550142';
/** Between two keys, as quick fingers press them. */
const keyMs = 150;

/** Keys a number in, and waits for what the agent makes of it. */
async function keyIn(scene: CallScene, digits: string): Promise<void> {
  const fromMs = Date.now();
  for (const digit of digits) {
    scene.call.sendDtmf(digit);
    await timers.setTimeout(keyMs);
  }
  const words = () => scene.spoken.filter(({ atMs }) => atMs >= fromMs);
  const isReadBack = () => words().some(({ text }) => text.includes(spokenPhone(keyed)));
  await scene.until('the number is read back', isReadBack);
  await scene.until('it is heard', () => scene.isSpeaking);
  await scene.quiet();
}

/** What is wrong with the number under which the call has booked. */
async function wrongNumber(scene: CallScene): Promise<string[]> {
  const rows = await confirmedRows(scene);
  const hasNumber = rows.some((row) =>
    row.some((cell) => `${cell}`.replaceAll(/\D/g, '').includes(keyed)),
  );
  return [
    ...(rows.length === 1 ? [] : [`${rows.length} rows in the sheet`]),
    ...(hasNumber ? [] : ['the number that was keyed in is not in the sheet']),
  ];
}

/** The caller uses the keypad; `0` stands with the transfers. */
export const keypadFaults: readonly CallFault[] = [
  // A withheld number: the agent asks for one.
  callFault('dtmf-digits', {
    setting: usual,
    caller: { from: 'anonymous' },
    // It is the caller's turn while they key, and no recording shows it.
    silence: 'none',
    act: async (scene) => {
      await scene.greeted();
      await scene.ask(generator);
      await scene.ask(price);
      await scene.ask(wishWithoutNumber);
      scene.strike();
      await keyIn(scene, keyed);
      await scene.ask(yes);
      await scene.hangUp();
    },
    holds: wrongNumber,
  }),
];

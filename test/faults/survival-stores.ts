import type { CallSetting } from './call-place.ts';
import type { PlacedFault } from './fault-lanes.ts';
import { holdStore } from './hold-store.ts';
import { recalls, survivalFault, talkUntil, usual } from './survival-case.ts';
import type { Survivor } from './survival-case.ts';

const awayMs = 5_000;
/** A turn with a store that answers nothing; nothing of it is needed to speak. */
const mostGapMs = 8_000;
const onServer: CallSetting = { env: {}, store: 'postgres' };

/** The caller talks on while the store is away, and remembers. */
async function talkThrough(caller: Survivor, isBack: Promise<unknown>): Promise<boolean> {
  await talkUntil(caller.scene, isBack);
  return recalls(caller);
}

/** The store is away while a call goes on. */
export const storeFaults: readonly PlacedFault[] = [
  survivalFault('sqlite-locked-5s', {
    setting: usual,
    mostGapMs,
    act: async (caller, { yard }) => {
      const { scene, story } = caller;
      await scene.greeted();
      await scene.ask(story.tell);
      scene.strike();
      const lock = await holdStore(yard.env['DATA_DIR'] ?? '', awayMs);
      return talkThrough(caller, lock.done);
    },
  }),
  survivalFault('postgres-away-5s', {
    setting: onServer,
    mostGapMs,
    act: async (caller, { postgres }) => {
      const { scene, story } = caller;
      await scene.greeted();
      await scene.ask(story.tell);
      scene.strike();
      if (!postgres) throw new Error('There is no Postgres here');
      return talkThrough(caller, postgres.restart({ awayMs }));
    },
  }),
];

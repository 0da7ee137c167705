import timers from 'node:timers/promises';
import type { Termination, TerminationReason } from '../../agent/ipc/termination.ts';
import { termination } from '../../agent/ipc/termination.ts';
import type { PlaceCallOptions } from '../harness/caller/caller.ts';
import { aftermath } from '../stack/aftermath.ts';
import type { Aftermath } from '../stack/aftermath.ts';
import { address, delivery } from './call-lines.ts';
import type { CallPlace, CallSetting } from './call-place.ts';
import { CallScene } from './call-scene.ts';
import type { PlacedFault } from './fault-lanes.ts';
import type { Outcome } from './fault-suite.ts';
import { heardOfFault, wrongWords } from './survival-heard.ts';
import type { HeardOfFault } from './survival-heard.ts';
import { drawStories } from './survival-story.ts';
import type { Story } from './survival-story.ts';

/** What the detectors of speech may make of one voice that follows another at once. */
export const overlapNoiseMs = 150;
/** So many calls the guardian takes over in a minute; beyond that it apologises to them. */
const takeoversInWindow = 3;
const takeoverWindowMs = 60_000;
const pollMs = 100;
/** What the guardian logs when it sends a job to a call. */
const dispatches = new Set(['guardian.dispatched', 'guardian.handover']);

/** For whatever needs nothing else: tools, audio gaps and a blocked loop are over soon. */
export const usual: CallSetting = {
  env: { TOOL_MS: '3000', AUDIO_GAP_MS: '2000', HURT_BLOCK_MS: '8000' },
};

/** A caller under a fault, with a story to be remembered. */
export type Survivor = { readonly scene: CallScene; readonly story: Story };

type SurvivalOptions = {
  readonly setting: CallSetting;
  /** What is done before anybody phones. */
  readonly before?: (place: CallPlace) => void | Promise<void>;
  /** How many callers phone at once; 1 if left out. */
  readonly callers?: number;
  readonly caller?: Partial<PlaceCallOptions>;
  /** What differs for one of several callers, by their order. */
  readonly callerOf?: (nth: number) => Partial<PlaceCallOptions>;
  /** How many takeovers it must have room for; 1 if left out. */
  readonly takeovers?: number;
  /**
   * The calls up to their end, the fault with them. Resolves with whether the callers' questions
   * about what was said before were answered rightly; null when none could be asked.
   */
  readonly act: (
    first: Survivor,
    place: CallPlace,
    all: readonly Survivor[],
  ) => Promise<boolean | null>;
  /** How the calls end, any of them; `caller-hangup` if left out. */
  readonly reasons?: readonly TerminationReason[];
  /** The result of those that end as `overflow`; `failed` if left out, `caller` for their own flood. */
  readonly overflow?: 'failed' | 'caller';
  /** The most that a caller may be left in silence; nothing is asked of it if left out. */
  readonly mostGapMs?: number;
  /** Words, recorded ones too, that every caller must have heard after the fault, by their length. */
  readonly lastWords?: string;
  /** What else must hold: one sentence for each thing that does not. */
  readonly holds?: (
    place: CallPlace,
    ends: readonly Aftermath[],
    heard: readonly HeardOfFault[],
  ) => readonly string[] | Promise<readonly string[]>;
};

/** A case: calls to a healthy service, what dies below them, and what must hold at the end. */
export function survivalFault(name: string, options: SurvivalOptions): PlacedFault {
  return {
    name,
    setting: options.setting,
    run: async (place, seed) => {
      try {
        return await show(place, seed + numberOf(name), options);
      } catch (error) {
        // What it left half done is not for the next case.
        await place.endServices();
        throw error;
      }
    },
  };
}

/** So that no two cases tell the same story. */
function numberOf(name: string): number {
  return Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 100_000, 0);
}

async function show(place: CallPlace, seed: number, options: SurvivalOptions): Promise<Outcome> {
  const { before, act, callers: count = 1, takeovers = 1 } = options;
  await place.mend();
  await calm(place, takeovers);
  const stories = drawStories(seed, count);
  await place.yard.teach(stories.flatMap(({ tell, recall }) => [tell.say, recall.say]));
  await before?.(place);
  await using cleanUp = new AsyncDisposableStack();
  const callers: Survivor[] = [];
  for (const [nth, story] of stories.entries()) {
    const scene = await CallScene.phone(place, {
      from: `+1312555${String(3_000 + nth)}`,
      ...options.caller,
      ...options.callerOf?.(nth),
    });
    callers.push({ scene: cleanUp.use(scene), story });
  }
  const [first] = callers;
  if (!first) throw new Error('Nobody phones');
  const same = await act(first, place, callers);
  const ends: Aftermath[] = [];
  for (const { scene } of callers) ends.push(await aftermath(place, scene.call));
  return outcomeOf({ callers, ends, same, place }, options);
}

/** The usual course: the story is told, something happens, and the story is asked for. */
export async function tellAndRecall(
  { scene, story }: Survivor,
  happens: () => Promise<void>,
): Promise<boolean> {
  await scene.greeted();
  await scene.ask(story.tell);
  await happens();
  return recalls({ scene, story });
}

/** Asks one thing after another until it is over: a caller who is silent would be asked after. */
export async function talkUntil(scene: CallScene, over: Promise<unknown>): Promise<void> {
  const wait = { isOver: false };
  const end = async () => {
    await over.finally(() => (wait.isOver = true));
  };
  const ended = end();
  do {
    await scene.ask(delivery);
    await scene.ask(address);
  } while (!wait.isOver);
  await ended;
}

/** The last to phone speaks, is no robot and no flood, and gets a place that none of the others has. */
export async function lastIsServed(all: readonly Survivor[]): Promise<boolean> {
  const real = all.at(-1);
  if (!real) throw new Error('Nobody else phones');
  await real.scene.greeted();
  await real.scene.ask(real.story.tell);
  const isSame = await recalls(real);
  await Promise.all(all.filter(({ scene }) => !scene.isOver).map(({ scene }) => scene.hangUp()));
  return isSame;
}

/** Asks for the story, and hangs up. Rejects when it is not answered, or not rightly. */
export async function recalls({ scene, story }: Survivor): Promise<boolean> {
  await scene.ask(story.recall);
  await scene.hangUp();
  return true;
}

/** Phones once more: what is wrong with the answer, if anything. */
export async function wrongNextCall(place: CallPlace): Promise<string[]> {
  await using scene = await CallScene.phone(place, { from: '+13125550399' });
  try {
    await scene.greeted();
    await scene.hangUp();
    return [];
  } catch (error) {
    return [`the next call: ${String(error)}`];
  }
}

/** Waits until few enough calls were taken over in the last minute for so many more to be. */
export async function calm({ service }: CallPlace, takeovers: number): Promise<void> {
  const recent = () =>
    service.lines.filter(
      (line) =>
        line.event === 'guardian.dispatched' &&
        service.wrote(line) &&
        Date.now() - Date.parse(line.time) < takeoverWindowMs,
    ).length;
  while (recent() > takeoversInWindow - takeovers) await timers.setTimeout(pollMs);
}

type Seen = {
  readonly callers: readonly Survivor[];
  readonly ends: readonly Aftermath[];
  readonly same: boolean | null;
  readonly place: CallPlace;
};

async function outcomeOf(seen: Seen, options: SurvivalOptions): Promise<Outcome> {
  const { callers, ends, same, place } = seen;
  const { reasons = ['caller-hangup'], mostGapMs = Infinity, lastWords, holds, overflow } = options;
  const heard = callers.flatMap(({ scene }, nth) => {
    const report = ends[nth]?.report;
    return report && scene.struckMs !== null ? [heardOfFault(report, scene.struckMs)] : [];
  });
  const figures = {
    gapMs: worst(heard.map(({ gapMs }) => gapMs)),
    overlapMs: Math.round(worst(ends.map(({ report }) => report.overlapMs)) ?? 0),
    heardAgainMs: worst(heard.map(({ heardAgainMs }) => heardAgainMs)),
    sameConversation: same,
    result: results(ends),
    attempts: callers.flatMap(({ scene }) =>
      scene.lines.filter(({ event }) => dispatches.has(event)),
    ).length,
  };
  const wrong = [
    ...ends.flatMap((end) =>
      wrongEnd(
        end,
        reasons.map((reason) => termination(reason, reason === 'overflow' ? overflow : undefined)),
      ),
    ),
    ...(figures.overlapMs < overlapNoiseMs
      ? []
      : [`two agents spoke at once for ${figures.overlapMs} ms`]),
    ...((figures.gapMs ?? 0) <= mostGapMs ? [] : [`silent for ${figures.gapMs} ms`]),
    ...(same === false ? ['the conversation was not the same'] : []),
    ...(lastWords === undefined ? [] : await unheard(heard, lastWords)),
    ...((await holds?.(place, ends, heard)) ?? []),
  ];
  return { ok: wrong.length === 0, why: wrong.length > 0 ? wrong.join('; ') : null, ...figures };
}

async function unheard(heard: readonly HeardOfFault[], words: string): Promise<string[]> {
  if (heard.length === 0) return ['there was no fault'];
  return (await Promise.all(heard.map((one) => wrongWords(one, words)))).flat();
}

/** What is wrong with the end of one call: each has one, for a reason, and leaves nothing. */
function wrongEnd({ events, row, exitMs }: Aftermath, expected: readonly Termination[]): string[] {
  const count = (event: string) => events.filter((other) => other === event).length;
  const isExpected = expected.some(
    ({ result, reason }) => result === row?.result && reason === row.reason,
  );
  const wanted = expected.map(({ result, reason }) => `${result}/${reason}`).join(' or ');
  return [
    ...(isExpected ? [] : [`ended: ${row?.result}/${row?.reason}, not ${wanted}`]),
    ...(count('call.ended') === 1 ? [] : [`${count('call.ended')} call.ended`]),
    ...(count('call.closed') === 1 ? [] : [`${count('call.closed')} call.closed`]),
    ...(exitMs === null ? ['a job process is left'] : []),
  ];
}

function worst(figures: readonly (number | null)[]): number | null {
  const known = figures.filter((figure) => figure !== null);
  return known.length > 0 ? Math.max(...known) : null;
}

/** One result for all, unless they differ. */
function results(ends: readonly Aftermath[]): string | null {
  const all = [...new Set(ends.map(({ row }) => row?.result ?? 'none'))];
  return all.length > 0 ? all.join(' ') : null;
}

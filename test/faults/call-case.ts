import type { TerminationReason } from '../../agent/ipc/termination.ts';
import { termination } from '../../agent/ipc/termination.ts';
import type { PlaceCallOptions } from '../harness/caller/caller.ts';
import { aftermath } from '../stack/aftermath.ts';
import type { Aftermath } from '../stack/aftermath.ts';
import type { CallPlace, CallSetting } from './call-place.ts';
import { CallScene } from './call-scene.ts';
import { silenceMs } from './call-silence.ts';
import type { AgentTurns } from './call-silence.ts';
import type { Outcome } from './fault-suite.ts';

/** Whatever is wrong, a caller hears something by then: the goal that a run of the suite shows. */
const goalSilenceMs = 4_000;
/** What the detectors of speech may make of one voice that follows another at once. */
const overlapNoiseMs = 150;

/** One fault of a call; `run` rejects when it could not be shown at all. */
export type CallFault = {
  readonly name: string;
  readonly setting: CallSetting;
  /** The seed changes nothing: every caller says the same. */
  readonly run: (place: CallPlace, seed: number, mostSilenceMs?: number) => Promise<Outcome>;
};

/** What a case is made of. */
type CallFaultOptions = {
  readonly setting: CallSetting;
  /** What is done before the caller phones. */
  readonly before?: (place: CallPlace) => void | Promise<void>;
  readonly caller?: Partial<PlaceCallOptions>;
  /** The call, up to its end. */
  readonly act: (scene: CallScene) => Promise<void>;
  /** How it ends, any of them; `caller-hangup` if left out. */
  readonly reasons?: readonly TerminationReason[];
  /** How many questions are answered rightly after the fault; 1 if left out. */
  readonly turnsAfter?: number;
  /** `turns` if left out. */
  readonly silence?: AgentTurns;
  /** What else must hold: one sentence for each thing that does not. */
  readonly holds?: (
    scene: CallScene,
    left: Aftermath,
  ) => readonly string[] | Promise<readonly string[]>;
};

/** A case: a call to a healthy yard, what goes wrong in it, and what must hold at the end. */
export function callFault(name: string, options: CallFaultOptions): CallFault {
  return {
    name,
    setting: options.setting,
    run: async (place, _seed, mostSilenceMs = goalSilenceMs) => {
      await place.mend();
      await options.before?.(place);
      await using scene = await CallScene.phone(place, options.caller);
      await options.act(scene);
      const left = await aftermath(place, scene.call);
      return outcomeOf(scene, left, { ...options, mostSilenceMs });
    },
  };
}

async function outcomeOf(
  scene: CallScene,
  left: Aftermath,
  options: CallFaultOptions & { readonly mostSilenceMs: number },
): Promise<Outcome> {
  const {
    reasons = ['caller-hangup'],
    turnsAfter = 1,
    silence = 'turns',
    holds,
    mostSilenceMs,
  } = options;
  const { report, events, row, lines } = left;
  const ended = lines.find(({ event }) => event === 'call.ended');
  const seen = {
    result: asText(ended?.['result']),
    reason: asText(ended?.['reason']),
    silenceMs: silenceMs(report, silence, scene.inVain),
    recoveredMs: scene.recoveredMs && Math.round(scene.recoveredMs),
    attempts: scene.attempts,
    turnsAfter: scene.turnsAfter,
  };
  const once = (event: string) => events.filter((other) => other === event).length === 1;
  const expected = reasons.map((reason) => termination(reason));
  const isExpected = expected.some(
    ({ result, reason }) => result === seen.result && reason === seen.reason,
  );
  const overlapMs = Math.round(report.overlapMs);
  const wrong = [
    ...(isExpected ? [] : [`ended: ${seen.result}/${seen.reason}, not ${reasons.join(' or ')}`]),
    ...(once('call.ended') ? [] : ['not one call.ended']),
    ...(once('call.closed') ? [] : ['not one call.closed']),
    ...(row?.reason === seen.reason ? [] : [`the row has the reason ${row?.reason}`]),
    ...(left.exitMs === null ? ['a job process is left'] : []),
    ...(overlapMs < overlapNoiseMs ? [] : [`two agents spoke at once for ${overlapMs} ms`]),
    ...((seen.silenceMs ?? 0) <= mostSilenceMs ? [] : [`silent for ${seen.silenceMs} ms`]),
    ...(seen.turnsAfter >= turnsAfter ? [] : [`${seen.turnsAfter} turns after, not ${turnsAfter}`]),
    ...((await holds?.(scene, left)) ?? []),
  ];
  return { ok: wrong.length === 0, why: wrong.length > 0 ? wrong.join('; ') : null, ...seen };
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

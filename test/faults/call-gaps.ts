import timers from 'node:timers/promises';
import { AgentDispatchClient } from 'livekit-server-sdk';
import type { Aftermath } from '../stack/aftermath.ts';
import { wrongCallBacks } from './call-backs.ts';
import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { hangUpAt } from './call-hang-ups.ts';
import { address, skidSteer } from './call-lines.ts';
import type { CallPlace, CallSetting } from './call-place.ts';
import type { CallScene } from './call-scene.ts';

/** The gateway hangs up this long after the last packet. */
const mediaTimeoutMs = 15_000;
const cooldownMs = 3_000;
const gaps = {
  AUDIO_GAP_MS: '2000',
  GAP_COOLDOWN_MS: String(cooldownMs),
  GAP_MAX_ATTEMPTS: '2',
};
const short: CallSetting = { env: gaps };
const withLink: CallSetting = { env: gaps, front: 'link' };
const withRelay: CallSetting = { env: gaps, relay: true };

/** Packets stop for so long; the gateway, which is fine, waits for 15 s. */
async function stopFor(scene: CallScene, ms: number, meanwhile = async () => {}): Promise<void> {
  scene.call.stopPackets();
  await Promise.all([timers.setTimeout(ms), meanwhile()]);
  scene.call.resumePackets();
  scene.strike();
}

/** `recoveredMs` counts from the gap's end; `attempts` are the gaps that something was done about. */
async function goOn(scene: CallScene): Promise<void> {
  const { atMs } = await scene.call.waitFor('packets-resumed');
  await scene.quiet();
  await scene.ask(skidSteer);
  await scene.ask(address);
  scene.attempts = attemptsOf(scene);
  const recovered = scene.lines.findLast(({ event }) => event === 'gap.recovered');
  const ringing = scene.call.events.find((event) => event.type === 'ringing');
  const resumedAtMs = (ringing?.epochMs ?? 0) + atMs;
  if (recovered) scene.recoveredMs = Math.max(0, Date.parse(recovered.time) - resumedAtMs);
  await scene.hangUp();
}

/** What is missing where a gap was outlived: something was done about it, and packets came back. */
function notRecovered(scene: CallScene): string[] {
  const told = ['gap.detected', 'gap.recovered', 'gap.gave-up'];
  const last = scene.lines.findLast(({ event }) => told.includes(event));
  return [
    ...((scene.attempts ?? 0) >= 1 ? [] : ['nothing was done about the gap']),
    ...(last?.event === 'gap.recovered' ? [] : [`the last word of it is ${last?.event}`]),
  ];
}

/** What is missing where the agent gave up: it did before the gateway's time, and noted it. */
async function notGivenUp(scene: CallScene, why: string, { lines }: Aftermath): Promise<string[]> {
  const gaveUp = lines.find((line) => line.event === 'gap.gave-up' && line['why'] === why);
  const silentMs = Number(gaveUp?.['silentMs'] ?? Infinity);
  return [
    ...(gaveUp ? [] : [`no gap.gave-up: ${why}`]),
    ...(silentMs < mediaTimeoutMs ? [] : [`it gave up after ${silentMs} ms`]),
    ...(await wrongCallBacks(scene.place.yard, scene.call.callId)),
  ];
}

/** Packets stop while nobody speaks, and come back. */
const stopped = (name: string, ms: number) =>
  callFault(name, {
    setting: short,
    turnsAfter: 2,
    silence: 'none',
    act: async (scene) => {
      await scene.greeted();
      await stopFor(scene, ms);
      await goOn(scene);
    },
    holds: notRecovered,
  });

/** The caller's leg shows that it lives by something other than sound. */
async function pressKeys({ call }: CallScene, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await timers.setTimeout(1_500);
    call.sendDtmf('*');
  }
}

/**
 * The caller's packets are lost between the gateway and LiveKit: no timeout of the gateway comes, and
 * the agent must end the call.
 */
function lostForEver(): CallFault {
  let known = 0;
  const relayOf = ({ yard }: CallPlace) => {
    const { relay } = yard.livekit;
    if (!relay) throw new Error('There is no packet relay here');
    return relay;
  };
  return callFault('packets-lost-for-ever', {
    setting: withRelay,
    before: (place) => void (known = relayOf(place).clients.length),
    // The agent comes once it is known which packets are the caller's.
    caller: { agentName: null },
    silence: 'none',
    turnsAfter: 0,
    act: async (scene) => {
      const { livekit } = scene.place.yard;
      const flow = await relayOf(scene.place).client(known);
      const { httpUrl, apiKey, apiSecret } = livekit;
      const dispatches = new AgentDispatchClient(httpUrl, apiKey, apiSecret);
      await dispatches.createDispatch(scene.call.room, 'pickup');
      await scene.greeted();
      flow.addRule({ kinds: ['rtp'], direction: 'from-client', loss: 1 });
      scene.strike();
      await scene.call.ended;
      scene.attempts = attemptsOf(scene);
    },
    reasons: ['media-lost'],
    holds: async (scene, left) => [
      ...(await notGivenUp(scene, 'ladder-walked', left)),
      ...(left.report.endedBy === 'agent' ? [] : [`${left.report.endedBy} ended it`]),
    ],
  });
}

/** Gaps that something was done about: in a cooldown they are only watched. */
const attemptsOf = ({ lines }: CallScene) =>
  lines.filter(({ event, attempt }) => event === 'gap.detected' && attempt !== null).length;

const gapRejoins = ({ lines }: CallScene) =>
  lines.filter(({ event, step }) => event === 'gap.step' && step === 'rejoin').length;

/** The caller's packets do not come. */
export const gapFaults: readonly CallFault[] = [
  stopped('packets-stop-3s', 3_000),
  stopped('packets-stop-8s', 8_000),
  stopped('packets-stop-12s', 12_000),
  callFault('packets-stop-until-rejoin', {
    setting: short,
    turnsAfter: 2,
    silence: 'none',
    act: async (scene) => {
      await scene.greeted();
      scene.call.stopPackets();
      await scene.logged('gap.step', ({ step }) => step === 'rejoin');
      scene.call.resumePackets();
      scene.strike();
      await goOn(scene);
    },
    holds: notRecovered,
  }),
  // The polite end begins before the gateway's own timeout, which may cut the last words off.
  callFault('packets-stop-for-ever', {
    setting: short,
    silence: 'none',
    turnsAfter: 0,
    act: async (scene) => {
      await scene.greeted();
      scene.call.stopPackets();
      scene.strike();
      await scene.call.ended;
      scene.attempts = attemptsOf(scene);
    },
    reasons: ['media-lost'],
    holds: (scene, left) => notGivenUp(scene, 'ladder-walked', left),
  }),
  callFault('packets-stop-leg-lives', {
    setting: short,
    silence: 'none',
    turnsAfter: 2,
    act: async (scene) => {
      await scene.greeted();
      await stopFor(scene, 10_000, () => pressKeys(scene, 6));
      await goOn(scene);
    },
    holds: (scene, { report }) => [
      ...(gapRejoins(scene) === 0 ? [] : ['it was taken for dead']),
      ...(report.agentIdentities.filter((one) => !one.startsWith('agent-attendant')).length === 1
        ? []
        : ['the agent was replaced']),
    ],
  }),
  // The gateway's own end cannot be helped; nobody says goodbye, but the caller is called back.
  callFault('packets-lost-leg-lives', {
    setting: short,
    silence: 'none',
    turnsAfter: 0,
    act: async (scene) => {
      await scene.greeted();
      scene.call.stopPackets();
      scene.strike();
      await Promise.all([pressKeys(scene, 8), scene.call.ended]);
      scene.attempts = attemptsOf(scene);
    },
    reasons: ['media-lost'],
    holds: (scene, left) => notGivenUp(scene, 'leg-alive', left),
  }),
  lostForEver(),
  callFault('packets-stop-room-reconnects', {
    setting: withLink,
    silence: 'none',
    turnsAfter: 2,
    act: async (scene) => {
      await scene.greeted();
      await stopFor(scene, 6_000, async () => {
        await timers.setTimeout(1_000);
        scene.place.link?.cut();
      });
      await goOn(scene);
    },
    holds: notRecovered,
  }),
  // Both attempts are made; the third gap gets the polite end alone, before the gateway's own.
  callFault('gap-after-gap', {
    setting: short,
    silence: 'none',
    turnsAfter: 1,
    act: async (scene) => {
      await scene.greeted();
      for (let gap = 1; gap <= 2; gap += 1) {
        await stopFor(scene, 4_000);
        await timers.setTimeout(cooldownMs);
      }
      await scene.quiet();
      await scene.ask(skidSteer);
      scene.call.stopPackets();
      await scene.call.ended;
      scene.attempts = attemptsOf(scene);
    },
    reasons: ['media-lost'],
    holds: async (scene, left) => [
      ...(scene.attempts === 2 ? [] : [`${scene.attempts} attempts`]),
      ...(scene.count('gap.recovered') === 2 ? [] : ['not both were recovered from']),
      ...(await notGivenUp(scene, 'attempts-used', left)),
    ],
  }),
  hangUpAt('recovery', {
    setting: short,
    silence: 'none',
    reach: async (scene) => {
      await scene.greeted();
      scene.call.stopPackets();
      await scene.logged('gap.detected');
    },
  }),
];

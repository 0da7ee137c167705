import timers from 'node:timers/promises';
import { wrongCallBacks } from './call-backs.ts';
import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { usual } from './call-hearing.ts';
import { address, delivery, skidSteer } from './call-lines.ts';
import type { CallPlace, CallSetting } from './call-place.ts';
import type { CallScene } from './call-scene.ts';

const withRelay: CallSetting = { env: {}, relay: true };
/** No resolver knows a name that ends so (RFC 6761). */
const nameless: CallSetting = {
  env: {
    DEEPGRAM_BASE_URL: 'http://deepgram.invalid',
    TTS_PROVIDER: 'openai',
    TTS_FALLBACK_PROVIDER: '',
  },
};
/** Times that a caller talks into the agent's words. */
const interruptions = 6;
/** The first words of a sentence. */
const wordsMs = 400;
/** A line that gives our words back is ended within that. */
const mostEchoMs = 90_000;

function relayOf({ yard }: CallPlace) {
  const { relay } = yard.livekit;
  if (!relay) throw new Error('There is no packet relay here');
  return relay;
}

/**
 * Of all packets of sound, both ways, that share is lost; the others come up to 80 ms late, and some
 * are overtaken. Nobody is asked again, and nothing is taken for a gap.
 */
const lossy = (percent: number) =>
  callFault(`packets-lost-${percent}-percent`, {
    setting: withRelay,
    turnsAfter: 2,
    act: async (scene) => {
      await scene.greeted();
      const rule = relayOf(scene.place).addRule({
        kinds: ['rtp'],
        loss: percent / 100,
        jitterMs: 80,
        late: { share: 0.02, byMs: 150 },
      });
      try {
        scene.strike();
        await scene.ask(skidSteer);
        await scene.ask(address);
      } finally {
        rule.remove();
      }
      await scene.hangUp();
    },
    holds: (scene) => (scene.count('gap.detected') === 0 ? [] : ['it was taken for a gap']),
  });

/** Says what the agent has just said, again and again, until the call is over. */
async function giveBack(scene: CallScene): Promise<void> {
  let given = 0;
  while (!scene.isOver) {
    const words = scene.spoken.slice(given).map(({ text }) => text.trim());
    given += words.length;
    await scene.place.yard.teach(words);
    // The call may end meanwhile.
    for (const sentence of words) await scene.call.say(sentence).catch(() => {});
    if (words.length === 0) await timers.setTimeout(100);
  }
}

/** The way of the sound, and of the names. */
export const networkFaults: readonly CallFault[] = [
  lossy(5),
  lossy(10),
  lossy(20),
  // `attempts` are the answers that were begun; each is of a turn, none goes round in a circle.
  callFault('talked-over-again-and-again', {
    setting: usual,
    turnsAfter: 1,
    act: async (scene) => {
      await scene.greeted();
      const before = scene.requests.length;
      for (let time = 0; time < interruptions; time += 1) {
        await scene.call.say(delivery.say);
        const saidMs = scene.nowMs;
        await scene.call.waitFor('agent-audio-start', ({ atMs }) => atMs >= saidMs);
        await timers.setTimeout(wordsMs);
      }
      scene.strike();
      scene.attempts = scene.requests.length - before;
      await scene.ask(skidSteer);
      await scene.hangUp();
    },
    holds: ({ attempts }) =>
      (attempts ?? 0) <= 2 * interruptions ? [] : [`the model was asked ${attempts} times`],
  }),
  callFault('our-words-come-back', {
    setting: { env: { CALLER_SILENT_MS: '5000' } },
    turnsAfter: 0,
    silence: 'none',
    act: async (scene) => {
      await scene.greeted();
      scene.strike();
      await giveBack(scene);
      scene.attempts = scene.requests.length;
    },
    reasons: ['caller-silent'],
    holds: (_scene, { report }) =>
      report.endedAtMs <= mostEchoMs ? [] : [`it lasted ${report.endedAtMs} ms`],
  }),
  callFault('no-name-of-the-recogniser', {
    setting: nameless,
    turnsAfter: 0,
    act: async (scene) => {
      await scene.greeted();
      await scene.call.say(skidSteer.say);
      scene.strike();
      await scene.call.ended;
    },
    reasons: ['provider-failure'],
    holds: ({ place, call }) => wrongCallBacks(place.yard, call.callId),
  }),
];

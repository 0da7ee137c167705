import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { usual } from './call-hearing.ts';
import { address, delivery, skidSteer } from './call-lines.ts';
import type { CallSetting } from './call-place.ts';
import type { CallScene } from './call-scene.ts';

/** So short a call is warned at its half; what is left is enough to say a line twice. */
const maxCallMs = 60_000;
const silent: CallSetting = { env: { CALLER_SILENT_MS: '3000' } };
const limited: CallSetting = {
  env: { MAX_CALL_MS: String(maxCallMs), CALLER_SILENT_MS: String(2 * maxCallMs) },
};

/** The stretches in which the agent spoke. */
const speeches = ({ call }: CallScene) =>
  call.events.filter(({ type }) => type === 'agent-audio-start').length;

/** What a person would expect of a call, faults aside. */
export const limitFaults: readonly CallFault[] = [
  callFault('caller-silent', {
    setting: silent,
    act: async (scene) => {
      await scene.call.ended;
      scene.attempts = speeches(scene);
    },
    reasons: ['caller-silent'],
    turnsAfter: 0,
    silence: 'first-word',
    // The greeting, two prompts, and the end.
    holds: (scene) => (speeches(scene) >= 4 ? [] : [`the agent spoke ${speeches(scene)} times`]),
  }),
  callFault('call-too-long', {
    setting: limited,
    act: async (scene) => {
      await scene.greeted();
      const before = speeches(scene);
      await scene.until('the warning', () => speeches(scene) > before);
      scene.strike();
      await scene.quiet();
      // Its answer ends well before the call does.
      await scene.ask(delivery);
      await scene.call.ended;
    },
    reasons: ['over-limit'],
    turnsAfter: 1,
    silence: 'first-word',
  }),
  callFault('talk-over-the-greeting', {
    setting: usual,
    turnsAfter: 2,
    act: async (scene) => {
      await scene.call.waitFor('agent-audio-start');
      scene.strike();
      await scene.ask(skidSteer);
      await scene.ask(address);
      await scene.hangUp();
    },
    holds: ({ place }, { report }) => {
      // The voice is asked for one sentence at a time.
      const wholeMs = [/automated assistant/i, /how can i help/i].reduce((ms, words) => {
        const said = place.yard.spoken.find(({ text }) => words.test(text));
        return ms + ((said?.pcm.length ?? 0) / (said?.sampleRate ?? 1)) * 1_000;
      }, 0);
      const { agentFromMs = 0, agentToMs = wholeMs } = report.greeting ?? {};
      return agentToMs - agentFromMs < wholeMs - 300 ? [] : ['the greeting did not break off'];
    },
  }),
];

import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { usual } from './call-hearing.ts';
import { address, delivery, person, skidSteer } from './call-lines.ts';
import type { CallSetting } from './call-place.ts';
import type { CallScene } from './call-scene.ts';

/** So short a call is warned at its half. */
const maxCallMs = 32_000;
const silent: CallSetting = { env: { CALLER_SILENT_MS: '3000' } };
const limited: CallSetting = {
  env: { MAX_CALL_MS: String(maxCallMs), CALLER_SILENT_MS: String(2 * maxCallMs) },
};
const withGateway: CallSetting = { env: { TRANSFER_MS: '5000' }, front: 'sip' };

/** The stretches in which the agent spoke. */
const speeches = ({ call }: CallScene) =>
  call.events.filter(({ type }) => type === 'agent-audio-start').length;

/** Says it once more to an agent that did not understand it, as people do. */
async function asksForPerson(scene: CallScene): Promise<void> {
  const isUnderWay = () => scene.count('tool.used') > 0;
  await scene.call.say(person);
  await scene.until('the transfer begins', isUnderWay, 8_000).catch(() => scene.call.say(person));
}

/** The caller asks for a person; `attempts` are the transfers that the gateway was asked for. */
const transfer = (
  name: string,
  outcome: NonNullable<CallScene['place']['sip']>['transfers']['outcome'],
  options: Partial<Parameters<typeof callFault>[1]> = {},
) =>
  callFault(name, {
    setting: withGateway,
    before: ({ sip }) => {
      if (sip) sip.transfers.outcome = outcome;
    },
    act: async (scene) => {
      const transfers = scene.place.sip?.transfers;
      if (!transfers) throw new Error('There is no SIP gateway here');
      const before = transfers.log.length;
      // The gateway then sends BYE to the caller, who leaves the room.
      transfers.onAccepted = () => void scene.hangUp();
      await scene.greeted();
      if (outcome.do === 'accept') {
        await asksForPerson(scene);
        await scene.call.ended;
      } else {
        await asksForPerson(scene);
        scene.strike();
        await scene.logged('call.transferred');
        await scene.hearsSomething();
        await scene.ask(address);
        await scene.hangUp();
      }
      scene.attempts = transfers.log.length - before;
    },
    turnsAfter: outcome.do === 'accept' ? 0 : 1,
    ...options,
  });

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
      const greeting = place.yard.spoken.find(({ text }) => /how can i help/i.test(text));
      const wholeMs = ((greeting?.pcm.length ?? 0) / (greeting?.sampleRate ?? 1)) * 1_000;
      const { agentFromMs = 0, agentToMs = wholeMs } = report.greeting ?? {};
      return agentToMs - agentFromMs < wholeMs - 300 ? [] : ['the greeting did not break off'];
    },
  }),
  transfer('transfer-accepted', { do: 'accept', afterMs: 1_000 }, { reasons: ['transferred'] }),
  transfer('transfer-refused', { do: 'refuse', sipStatus: 486, sipReason: 'Busy Here' }),
  // The gateway lets the caller hear it ring meanwhile, which the emulated one does not.
  transfer('transfer-unanswered', { do: 'unanswered' }, { silence: 'first-word' }),
];

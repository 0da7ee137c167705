import { eventually } from '../harness/eventually.ts';
import { openStoreOf } from '../stack/aftermath.ts';
import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { address, emergency, message, person } from './call-lines.ts';
import type { CallSetting } from './call-place.ts';
import type { CallScene } from './call-scene.ts';

const withGateway: CallSetting = { env: { TRANSFER_MS: '5000' }, front: 'sip' };
/** The writer looks at its outbox twice a second. */
const deliveredMs = 30_000;

/** Says it once more to an agent that did not understand it. */
async function asksForPerson(scene: CallScene): Promise<void> {
  const isTaken = () => scene.count('tool.used') > 0;
  await scene.sayUntil(person, { what: 'the transfer begins', isTaken, withinMs: 8_000 });
}

/** The caller asks for a person; `attempts` are the transfers that the gateway was asked for. */
const transfer = (
  name: string,
  outcome: NonNullable<CallScene['place']['sip']>['transfers']['outcome'],
  options: Partial<Parameters<typeof callFault>[1]> & {
    /** Asks for one; in words, if left out. */
    readonly asks?: (scene: CallScene) => void | Promise<void>;
    /** What the caller does who was not put through; nothing if left out. */
    readonly afterwards?: (scene: CallScene) => Promise<void>;
  } = {},
) => {
  const { asks = asksForPerson, afterwards = async () => {}, ...rest } = options;
  return callFault(name, {
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
        await asks(scene);
        await scene.call.ended;
      } else {
        await asks(scene);
        scene.strike();
        await scene.logged('call.transferred');
        await scene.hearsSomething();
        await afterwards(scene);
        await scene.ask(address);
        await scene.hangUp();
      }
      scene.attempts = transfers.log.length - before;
    },
    turnsAfter: outcome.do === 'accept' ? 0 : 1,
    ...rest,
  });
};

/** What is wrong with the message that the call has left: one, in the store and for the staff. */
async function wrongMessages({ place: { yard }, call }: CallScene): Promise<string[]> {
  await using store = await openStoreOf(yard);
  const kept = await store.db
    .selectFrom('messages')
    .select(['code', 'text'])
    .where('callId', '=', call.callId)
    // Staff are told of the transfer before it is tried.
    .where('text', 'not like', 'Put through to you:%')
    .execute();
  const [only] = kept;
  if (!only || kept.length > 1) return [`${kept.length} messages in the store`];
  const rows = () => yard.sheets.rows('Messages').filter((row) => row.includes(only.code));
  await eventually('the message is in the sheet', () => rows().length > 0, deliveredMs);
  return [
    ...(rows().length === 1 ? [] : [`${rows().length} rows in the sheet`]),
    ...(only.text.includes('at the gate') ? [] : [`the message is "${only.text}"`]),
  ];
}

/** What is wrong with how an emergency was told of: by a message and an alert. */
async function wrongEmergency(scene: CallScene): Promise<string[]> {
  const { yard, service } = scene.place;
  await using store = await openStoreOf(yard);
  const urgent = await store.db
    .selectFrom('messages')
    .select('text')
    .where('callId', '=', scene.call.callId)
    .where('text', 'like', `URGENT, emergency.%${emergency.slice(0, 9)}%`)
    .execute();
  const isAlerted = () =>
    service.lines.some((line) => line.event === 'alert.raised' && line['cause'] === 'emergency');
  await eventually('the alert is raised', isAlerted, deliveredMs);
  return [
    ...(scene.attempts === 1 ? [] : [`${scene.attempts} transfers`]),
    ...(urgent.length === 1 ? [] : [`${urgent.length} urgent messages`]),
  ];
}

/** The caller wants a person. */
export const transferFaults: readonly CallFault[] = [
  transfer('transfer-accepted', { do: 'accept', afterMs: 1_000 }, { reasons: ['transferred'] }),
  transfer(
    'dtmf-zero',
    { do: 'accept', afterMs: 1_000 },
    {
      asks: ({ call }) => call.sendDtmf('0'),
      reasons: ['transferred'],
      holds: (scene) => (scene.attempts === 1 ? [] : [`${scene.attempts} transfers`]),
    },
  ),
  // No model stands between a caller and a person.
  transfer(
    'dtmf-zero-no-model',
    { do: 'accept', afterMs: 1_000 },
    {
      before: ({ sip, yard }) => {
        if (sip) sip.transfers.outcome = { do: 'accept', afterMs: 1_000 };
        yard.openai.faults.on('chat', { do: 'refuse', status: 503 });
      },
      asks: ({ call }) => call.sendDtmf('0'),
      reasons: ['transferred'],
      holds: (scene) => (scene.attempts === 1 ? [] : [`${scene.attempts} transfers`]),
    },
  ),
  // Whoever is hurt waits for no model.
  transfer(
    'emergency-no-model',
    { do: 'accept', afterMs: 1_000 },
    {
      before: ({ sip, yard }) => {
        if (sip) sip.transfers.outcome = { do: 'accept', afterMs: 1_000 };
        yard.openai.faults.on('chat', { do: 'refuse', status: 503 });
      },
      asks: (scene) =>
        scene.sayUntil(emergency, {
          what: 'the emergency goes to a person',
          isTaken: () => scene.count('call.escalated') > 0,
          withinMs: 8_000,
        }),
      reasons: ['transferred'],
      holds: wrongEmergency,
    },
  ),
  // The offer of a message is taken up.
  transfer(
    'transfer-refused',
    { do: 'refuse', sipStatus: 486, sipReason: 'Busy Here' },
    { afterwards: (scene) => scene.ask(message), turnsAfter: 2, holds: wrongMessages },
  ),
  // The gateway lets the caller hear it ring meanwhile, which the emulated one does not.
  transfer('transfer-unanswered', { do: 'unanswered' }, { silence: 'first-word' }),
];

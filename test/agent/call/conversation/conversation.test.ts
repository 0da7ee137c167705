import { llm, voice } from '@livekit/agents';
import type { Room } from '@livekit/rtc-node';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Conversation } from '../../../../agent/call/conversation/conversation.ts';
import type { SavedTalk } from '../../../../agent/ipc/saved-call.ts';
import type { Config } from '../../../../agent/config/config.ts';
import type { CallSpeech } from '../../../../agent/speech/session.ts';
import { defaultTimeouts } from '../../../../agent/config/timeouts.ts';
import { eventually } from '../../../harness/eventually.ts';
import { SpeakingPlace } from '../../speech/speaking-session.ts';
import type { Thinking } from '../../speech/llm/thinking.ts';
import { FakeDesk } from '../../../tools/fake-desk.ts';
import { savedCall } from '../saved-call.ts';

let place: SpeakingPlace;
let thinking: Thinking;
before(async () => {
  place = await SpeakingPlace.open();
  ({ thinking } = place);
});
after(() => place[Symbol.asyncDispose]());

/** A conversation that hears what the test says, and what of it the model was asked. */
async function talk(t: TestContext) {
  const { model } = thinking.steady();
  const session = place.session(model);
  const conversation = new Conversation({
    config: { timeouts: defaultTimeouts, confirmations: null } as unknown as Config,
    speech: { session } as CallSpeech,
    inventory: null,
    reload: async () => null,
    onChanged: () => {},
    onWithheld: () => {},
    onUrgent: () => {},
    tools: {
      callId: 'SCL_1',
      caller: { phoneNumber: null },
      desk: new FakeDesk('SCL_1'),
      signal: new AbortController().signal,
      onToolUsed: () => {},
      endCall: () => {},
      transfer: () => {},
    },
  });
  await conversation.start(undefined as unknown as Room, 'sip_+15550111');
  t.after(async () => {
    await session.close();
    await thinking.settled();
  });
  const said = () =>
    conversation.saved.items.flatMap((item) => (item.kind === 'spoken' ? [item] : []));
  const callersWords = () => said().flatMap(({ by, words }) => (by === 'caller' ? [words] : []));
  const answers = () => said().filter(({ by }) => by === 'agent').length;
  return { conversation, session, callersWords, answers };
}

/** The end of a turn of the caller, as the framework tells the agent of it. */
async function turnOf(session: voice.AgentSession, words: string): Promise<void> {
  const said = new llm.ChatMessage({ role: 'user', content: [words] });
  await session.currentAgent.onUserTurnCompleted(llm.ChatContext.empty(), said);
}

const before3Days: SavedTalk = savedCall({
  items: [
    { kind: 'spoken', by: 'caller', words: 'A skid steer?', interrupted: false },
    { kind: 'spoken', by: 'agent', words: 'For how long?', interrupted: false },
  ],
  callerWords: 'A skid steer?',
}).talk;

test('a turn that ends while the call changes hands is the fresh job’s to answer', async (t) => {
  const { conversation, session, callersWords } = await talk(t);
  conversation.standBy();
  await assert.rejects(turnOf(session, 'For three days.'), voice.StopResponse);
  assert.equal(await conversation.goOn(before3Days), 'For three days.');
  assert.deepEqual(callersWords(), ['A skid steer?']);
  await turnOf(session, 'And a trailer.');
});

test('words that the old job never got are answered, however long it waited for them', async (t) => {
  const { conversation, session } = await talk(t);
  conversation.standBy();
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  await assert.rejects(turnOf(session, 'For three days.'), voice.StopResponse);
  t.mock.timers.setTime(1_010_000);
  const late = { ...before3Days, callerWaitsSinceMs: 999_000 };
  assert.equal(await conversation.goOn(late), 'For three days.');
});

test('a turn that the job before has taken in is not answered twice', async (t) => {
  const { conversation, session } = await talk(t);
  conversation.standBy();
  await assert.rejects(turnOf(session, 'a skid steer'), voice.StopResponse);
  const owed = { ...before3Days, items: before3Days.items.slice(0, 1) };
  assert.equal(await conversation.goOn(owed), null);
  await assert.rejects(turnOf(session, 'A skid steer?'), voice.StopResponse);
});

test('a caller who was not understood is asked again before the call changes hands', async (t) => {
  const { conversation, session } = await talk(t);
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  const { UserStateChanged } = voice.AgentSessionEventTypes;
  session.emit(UserStateChanged, {
    type: UserStateChanged,
    oldState: 'speaking',
    newState: 'listening',
    createdAt: 1_000_000,
  });
  t.mock.timers.setTime(1_002_600);
  assert.equal(conversation.isBetweenTurns, false);
  t.mock.timers.setTime(1_004_000);
  assert.equal(conversation.isBetweenTurns, true);
});

test('a caller who goes on speaking still waits for the answer to what was said before', async (t) => {
  const { conversation, session } = await talk(t);
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  const { UserStateChanged } = voice.AgentSessionEventTypes;
  session.emit(UserStateChanged, {
    type: UserStateChanged,
    oldState: 'speaking',
    newState: 'listening',
    createdAt: 1_000_000,
  });
  t.mock.timers.setTime(1_003_000);
  t.mock.getter(session, 'userState', () => 'speaking');
  assert.equal(conversation.saved.callerWaitsSinceMs, 1_000_000);
});

test('words that a change of jobs cut off are waited for', async (t) => {
  const { conversation, session } = await talk(t);
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  let userState: voice.UserState = 'speaking';
  t.mock.getter(session, 'userState', () => userState);
  const { saved } = conversation;
  assert.equal(conversation.wasCut(saved), false, 'they go on speaking');
  userState = 'listening';
  t.mock.timers.setTime(1_000_200);
  assert.equal(conversation.wasCut(saved), true);
  assert.equal(conversation.wasCut(conversation.saved), false, 'nothing was said');
  t.mock.timers.setTime(1_010_000);
  assert.equal(conversation.wasCut(saved), false, 'long ago');
});

test('what a silence broke off is answered after it', async (t) => {
  const { conversation, session, answers } = await talk(t);
  thinking.openai.faults.next('chat', { do: 'delay', delayMs: 3_000 });
  session.generateReply({ userInput: 'What are your hours?' });
  await eventually('an answer is prepared', () => thinking.openai.openRequests() === 1);
  const speakAgain = conversation.fallSilent();
  await eventually('it is broken off', () => session.agentState === 'listening');
  assert.equal(answers(), 0);
  speakAgain();
  await eventually('it is answered', () => answers() === 1);
});

test('what the caller said or keyed in while it was silent is answered after it', async (t) => {
  const { conversation, session, callersWords, answers } = await talk(t);
  const speakAgain = conversation.fallSilent();
  await assert.rejects(turnOf(session, 'What are your hours?'), voice.StopResponse);
  assert.equal(conversation.answers('The number is 5550111.'), false);
  speakAgain();
  await eventually('it is answered', () => answers() === 1);
  assert.deepEqual(callersWords(), ['What are your hours? The number is 5550111.']);
});

test('a sentence outside of the talk that a silence broke off is said after it', async (t) => {
  const { conversation, session } = await talk(t);
  const sorry = { text: 'Sorry about that, I am still here.', audio: undefined };
  const sayings: voice.SpeechHandle[] = [];
  session.on(voice.AgentSessionEventTypes.SpeechCreated, ({ speechHandle, source }) => {
    if (source === 'say') sayings.push(speechHandle);
  });
  const first = conversation.say(sorry, { isPartOfTalk: false });
  const speakAgain = conversation.fallSilent();
  assert.equal(first.interrupted, true);
  speakAgain();
  assert.equal(sayings.length, 2);
  await sayings[1]?.waitForPlayout();
  conversation.fallSilent()();
  assert.equal(sayings.length, 2, 'what was said to its end is not said again');
});

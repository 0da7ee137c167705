import { voice } from '@livekit/agents';
import type { AudioFrame, Room } from '@livekit/rtc-node';
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { Conversation } from '../../../../agent/call/conversation/conversation.ts';
import { defaultTimeouts } from '../../../../agent/config/timeouts.ts';
import type { Config } from '../../../../agent/config/config.ts';
import type { CallSpeech } from '../../../../agent/speech/session.ts';
import { callerSilentPrompts, CAN_YOU_HEAR } from '../../../../agent/speech/prompts/prompts.ts';
import { lettersIn } from '../../../../agent/speech/tts/playout-estimate.ts';
import { eventually } from '../../../harness/eventually.ts';
import { FakeDesk } from '../../../tools/fake-desk.ts';
import { inventory, unit } from '../../../tools/yard/example-yard.ts';
import type { Thinking } from '../../speech/llm/thinking.ts';
import { SpeakingPlace } from '../../speech/speaking-session.ts';

let place: SpeakingPlace;
let thinking: Thinking;
before(async () => {
  place = await SpeakingPlace.open();
  ({ thinking } = place);
});
after(() => place[Symbol.asyncDispose]());

/** A loudspeaker that plays at once, unless it is held: then it is cut off where the test says. */
class HeldOutput extends voice.AudioOutput {
  #seconds = 0;
  isHeld = false;
  isWhole = false;
  cutAtMs = 0;

  constructor() {
    super(24_000, undefined, { pause: true });
  }

  get givenMs(): number {
    return this.#seconds * 1_000;
  }

  get isPlaying(): boolean {
    return this.isHeld && this.#seconds > 0;
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await super.captureFrame(frame);
    if (this.#seconds === 0) this.onPlaybackStarted(Date.now());
    this.#seconds += frame.samplesPerChannel / frame.sampleRate;
  }

  override flush(): void {
    super.flush();
    this.isWhole = true;
    if (!this.isHeld) this.#finish({ playbackPosition: this.#seconds, interrupted: false });
  }

  override clearBuffer(): void {
    this.#finish({ playbackPosition: this.cutAtMs / 1_000, interrupted: true });
  }

  #finish(event: { playbackPosition: number; interrupted: boolean }): void {
    if (this.#seconds === 0) return;
    this.#seconds = 0;
    this.onPlaybackFinished(event);
  }
}

/** A call in which a mini excavator was found, and was read back to Maria Lopez. */
async function readBackTo(t: TestContext) {
  const { model } = thinking.steady();
  const session = place.session(model);
  const loudspeaker = new HeldOutput();
  session.output.audio = loudspeaker;
  const desk = new FakeDesk('SCL_1');
  /** What was heard when the end of the call began. */
  const ends: string[][] = [];
  const urgent: [kind: string, words: string][] = [];
  const trailer = unit({ itemId: 'TL-1', name: 'Dump Trailer', category: 'Trailers' });
  const list = inventory([unit(), trailer], { fetchedAtMs: Date.now() });
  const conversation = new Conversation({
    config: { timeouts: defaultTimeouts, confirmations: null } as unknown as Config,
    speech: { session } as CallSpeech,
    inventory: list,
    reload: async () => list,
    onChanged: () => {},
    onWithheld: () => {},
    onUrgent: (...to) => void urgent.push(to),
    tools: {
      callId: 'SCL_1',
      caller: { phoneNumber: '+13125550142' },
      desk,
      signal: new AbortController().signal,
      onToolUsed: () => {},
      endCall: () => void ends.push(heard()),
      transfer: () => {},
    },
  });
  await conversation.start(undefined as unknown as Room, 'sip_+15550111');
  t.after(async () => {
    loudspeaker.isHeld = false;
    await session.close();
    await thinking.settled();
  });
  const heard = () =>
    conversation.saved.items.flatMap((item) =>
      item.kind === 'spoken' && item.by === 'agent' ? [item.words] : [],
    );
  /** The caller says it; resolves with all that is answered, once it was played. */
  const say = async (words: string): Promise<string> => {
    const count = heard().length;
    session.generateReply({ userInput: words });
    await eventually(`an answer to "${words}"`, () => heard().length > count && isQuiet());
    return heard().slice(count).join(' ');
  };
  const isQuiet = () => session.agentState === 'listening';
  const prompt = async (text: string) => {
    await conversation.say({ text, audio: undefined }).waitForPlayout();
  };
  await say('Do you have a mini excavator from Tuesday to Thursday?');
  const book = "I'd like to book it, my name is Maria Lopez.";
  return { conversation, session, loudspeaker, desk, say, heard, prompt, book, ends, urgent };
}

const readBack = /^That's the Mini Excavator .* for Maria Lopez .*Shall I book it\?$/;

test('a yes to the read-back books', async (t) => {
  const { say, desk, book } = await readBackTo(t);
  assert.match(await say(book), readBack);
  assert.match(await say('Yes.'), /^You're booked/);
  assert.equal(desk.bookings.length, 1);
});

test('tomorrow as it was read back before midnight is booked after it, and the calendar begins anew', async (t) => {
  const chicago = (time: string) => Date.parse(`2026-12-${time}-06:00`);
  t.mock.timers.enable({ apis: ['Date'], now: chicago('07T23:58:30') });
  const { say, desk, book } = await readBackTo(t);
  assert.match(await say('Do you have a mini excavator tomorrow?'), /Tuesday, December 8th/);
  assert.match(await say(book), /Tuesday, December 8th.*Shall I book it\?$/);
  t.mock.timers.setTime(chicago('08T00:01:00'));
  // A model goes on with the days that it has asked for.
  answersYes(t, (messages) => ({ tool: 'book_equipment', args: lastArguments(messages) }));
  assert.match(await say('Yes, please.'), /^You're booked/);
  assert.deepEqual(
    desk.bookings.map(({ start, end }) => [start, end]),
    [['2026-12-08', '2026-12-08']],
  );
  assert.match(await say('Do you have a dump trailer tomorrow?'), /Wednesday, December 9th/);
});

for (const text of [callerSilentPrompts[0], callerSilentPrompts[1], CAN_YOU_HEAR]) {
  test(`a yes to "${text}" books nothing, and all is read again`, async (t) => {
    const { say, prompt, desk, conversation, book } = await readBackTo(t);
    await say(book);
    await prompt(text);
    assert.equal(conversation.saved.items.at(-1)?.kind, 'spoken', 'the model sees the prompt');
    assert.match(await say('Yes, book it.'), readBack);
    assert.equal(desk.commits, 0);
    await say('Yes.');
    assert.equal(desk.commits, 1);
  });
}

test('a prompt that asks nothing leaves the read-back open', async (t) => {
  const { say, prompt, desk, book } = await readBackTo(t);
  await say(book);
  await prompt("Sorry about that, I'm still here.");
  await say('Yes, book it.');
  assert.equal(desk.commits, 1);
});

test('a yes after an answer and another question books nothing', async (t) => {
  const { say, desk, book } = await readBackTo(t);
  await say(book);
  assert.match(await say('Do you deliver?'), /30 miles/);
  await say('And where are you?');
  await say('Yes.');
  assert.equal(desk.commits, 0);
});

test('after a no, a yes to something else books nothing', async (t) => {
  const { say, desk, book } = await readBackTo(t);
  await say(book);
  await say('No, too expensive.');
  await say('What are your hours?');
  await say('Yes.');
  assert.equal(desk.commits, 0);
});

test('after a quote of another machine, a yes to that does not book the first', async (t) => {
  const { say, desk, book } = await readBackTo(t);
  await say(book);
  await say('How much is a dump trailer?');
  await say('Yes.');
  assert.equal(desk.commits, 0);
});

test('a yes and a trailer: the trailer is answered first', async (t) => {
  const { say, desk, book } = await readBackTo(t);
  await say(book);
  assert.match(
    await say('Yes, and can I get a trailer with that?'),
    /^The Dump Trailer is free .* Shall I book the Mini Excavator as I read it\?$/,
  );
  assert.equal(desk.commits, 0);
  await say('Yes, book the excavator.');
  assert.equal(desk.commits, 1);
});

test('a yes with another name: it is read again with that name, and booked under it', async (t) => {
  const { say, desk, book } = await readBackTo(t);
  await say(book);
  const again = await say('Yes, book it, but the name is Rosa Sanchez.');
  assert.equal(again, 'For Rosa Sanchez, then, and all else as I said. Shall I book it?');
  assert.equal(desk.commits, 0);
  await say('Yes.');
  assert.equal(desk.bookings[0]?.customer, 'Rosa Sanchez');
});

test('after two unclear answers the keys are offered, and 1 is a yes', async (t) => {
  const { say, desk, conversation, heard, book } = await readBackTo(t);
  await say(book);
  assert.equal(await say('Well, book it maybe.'), 'Shall I book it?');
  assert.equal(
    await say('Perhaps I should book it.'),
    'Please say yes or no, or press 1 for yes. Shall I book it?',
  );
  assert.equal(conversation.awaitsAnswer, true);
  conversation.callerMeant('Yes.');
  await eventually('it is booked', () => heard().at(-1)?.startsWith("You're booked") === true);
  assert.equal(desk.commits, 1);
});

/** The caller says it while the read-back plays, `untilWord` of which they have heard. */
async function sayOver(
  call: Awaited<ReturnType<typeof readBackTo>>,
  words: string,
  untilWord: string,
): Promise<void> {
  const { session, loudspeaker, book, heard } = call;
  loudspeaker.isHeld = true;
  loudspeaker.isWhole = false;
  session.generateReply({ userInput: book });
  await eventually('the read-back plays', () => loudspeaker.isPlaying);
  const spoken = () => place.deepgram.ttsLog.map(({ text }) => text.trim()).join(' ');
  await eventually('all of it', () => loudspeaker.isWhole && spoken().endsWith('Shall I book it?'));
  const question = spoken().slice(spoken().lastIndexOf("That's the Mini"));
  const untilThen = question.slice(0, question.indexOf(untilWord) + untilWord.length);
  loudspeaker.cutAtMs = loudspeaker.givenMs * (lettersIn(untilThen) / lettersIn(question));
  const count = heard().length;
  void session.interrupt();
  await eventually('it is broken off', () => heard().length > count);
  loudspeaker.isHeld = false;
  session.generateReply({ userInput: words });
  const isQuiet = () => session.agentState === 'listening';
  await eventually('it is answered', () => heard().length > count + 1 && isQuiet());
}

test('a yes over the last words books, once the name was heard', async (t) => {
  const call = await readBackTo(t);
  await sayOver(call, 'Yes.', 'calling from.');
  assert.equal(call.desk.commits, 1, call.heard().join('\n'));
});

test('a yes before the name was heard books nothing', async (t) => {
  const call = await readBackTo(t);
  await sayOver(call, 'Yes.', 'deposit,');
  assert.equal(call.desk.commits, 0);
  assert.match(call.heard().at(-1) ?? '', readBack);
});

test('a yes that goes on before the commit is withdrawn', async (t) => {
  const { say, session, desk, heard, book } = await readBackTo(t);
  await say(book);
  let userState: voice.UserState = 'listening';
  t.mock.getter(session, 'userState', () => userState);
  desk.freshInventory = async () => {
    userState = 'speaking';
    setImmediate(() => {
      userState = 'listening';
      session.emit(voice.AgentSessionEventTypes.UserInputTranscribed, {
        type: voice.AgentSessionEventTypes.UserInputTranscribed,
        transcript: 'but make it Saturday',
        isFinal: true,
        speakerId: null,
        itemId: null,
        createdAt: Date.now(),
        language: null,
      });
    });
    return null;
  };
  await say('Yes.');
  assert.equal(desk.commits, 0, heard().at(-1));
});

test('a cough before the commit withdraws nothing', async (t) => {
  const { say, session, desk, book } = await readBackTo(t);
  await say(book);
  let userState: voice.UserState = 'listening';
  t.mock.getter(session, 'userState', () => userState);
  desk.freshInventory = async () => {
    userState = 'speaking';
    setImmediate(() => (userState = 'listening'));
    return null;
  };
  await say('Yes.');
  assert.equal(desk.commits, 1);
});

test('an emergency is no matter of the model, and leaves nothing to say yes to', async (t) => {
  const { say, session, book, desk, urgent, heard, prompt } = await readBackTo(t);
  await say(book);
  thinking.openai.faults.on('chat', { do: 'refuse', status: 503 });
  const asked = thinking.openai.requests.length;
  for (const words of ['Yes... oh no, somebody is hurt!', 'Somebody is hurt!']) {
    const count = heard().length;
    session.generateReply({ userInput: words });
    if (urgent.length === 0) {
      await eventually('it is told', () => urgent.length === 1);
      await prompt('If anyone is hurt, hang up and call 911.');
      assert.equal(thinking.openai.requests.length, asked, 'no model was asked');
      assert.equal(heard().length, count + 1);
    }
  }
  await eventually('the second is the model’s', () => thinking.openai.requests.length > asked);
  thinking.openai.faults.clear();
  await say('Yes, book it.');
  assert.deepEqual(urgent, [['emergency', 'Yes... oh no, somebody is hurt!']]);
  assert.equal(desk.commits, 0);
});

test('a breakdown and Spanish words go to a person, each once', async (t) => {
  const { session, urgent } = await readBackTo(t);
  for (const words of ["The lift won't start.", 'Hola, necesito una excavadora, por favor.']) {
    const count = urgent.length;
    session.generateReply({ userInput: words });
    await eventually('it is told', () => urgent.length > count);
  }
  assert.deepEqual(
    urgent.map(([kind]) => kind),
    ['breakdown', 'spanish'],
  );
});

/** What the model answers to a yes; by its rules it answers all else. */
type Replying = Parameters<Thinking['openai']['answerWith']>[0];

/** What the model gave the tool that it last used. */
function lastArguments(messages: Parameters<Replying>[0]): Record<string, unknown> {
  const last = messages.findLast((message) => message.role === 'assistant' && message.tool_calls);
  const use = last?.role === 'assistant' ? last.tool_calls?.at(-1)?.function : undefined;
  return JSON.parse(use?.arguments ?? '{}') as Record<string, unknown>;
}

function answersYes(t: TestContext, reply: Replying): void {
  t.after(() => thinking.openai.answerWith(() => undefined));
  thinking.openai.answerWith((messages) => {
    const last = messages.findLast(({ role }) => role === 'user' || role === 'tool');
    const isYes = last?.role === 'user' && JSON.stringify(last.content).includes('Yes, please');
    return isYes ? reply(messages, []) : undefined;
  });
}

test('a booking that the model only claims is made by the tool, whose code is heard', async (t) => {
  const { say, book, desk } = await readBackTo(t);
  await say(book);
  answersYes(t, () => ({ content: "You're booked. Your code is Z Z Z, 9 9 9." }));
  const answer = await say('Yes, please book it.');
  assert.match(answer, /^Let me check that for you\. *You're booked\. Your code is (?!Z)/);
  assert.equal(desk.bookings.length, 1);
});

test('a booking with a goodbye in one reply is heard to its end, and then the call ends', async (t) => {
  const { say, book, ends } = await readBackTo(t);
  await say(book);
  answersYes(t, (messages) => {
    const uses = [
      { tool: 'book_equipment', args: lastArguments(messages) },
      { tool: 'end_call', args: {} },
    ];
    return { content: '', uses };
  });
  assert.match(
    await say('Yes, please.'),
    /^You're booked\. Your code is .* Is there anything else\?$/,
  );
  await eventually('the call ends', () => ends.length === 1);
  assert.match(ends[0]?.at(-1) ?? '', /You're booked/);
});

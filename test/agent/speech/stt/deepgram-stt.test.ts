import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { initializeLogger } from '@livekit/agents';
import { Recogniser } from '../../../harness/emulators/recogniser.ts';
import { renderSpeech } from '../../../harness/emulators/voice.ts';
import { eventually } from '../../../harness/eventually.ts';
import { startEar } from './ear.ts';

initializeLogger({ pretty: false, level: 'silent' });

const ASK = 'Hi, do you have a mini excavator from Tuesday to Thursday?';
const PRICE = 'Okay. How much would that be?';
const BYE = 'Thanks, that is all. Goodbye.';
const sampleRate = 16_000;
const recogniser = new Recogniser();
for (const line of [ASK, PRICE, BYE]) {
  recogniser.teach(line, await renderSpeech(line, { voice: 'caller', sampleRate }), sampleRate);
}
const isPrimary = (endpoint: string, model: string) => endpoint === 'listen' && model === 'nova-3';

describe('a healthy connection', { concurrency: true }, () => {
  test('lines are heard, with their beginnings before and their place in the call', async () => {
    await using ear = await startEar({ recogniser });
    const { say, hears, texts, finals, interims } = ear.listen();
    await say(ASK);
    await say(PRICE);
    await hears(2);
    assert.deepEqual(texts(), [ASK, PRICE]);
    assert.ok(interims.length > 2);
    const [ask, price] = finals;
    assert.ok(ask && price && ask.endTime < price.startTime);
    assert.ok(ask.startTime > 0.2 && ask.words?.length === ASK.split(' ').length);
    assert.deepEqual([ear.troubles, ear.recoveries, ear.errors], [[], [], []]);
    assert.equal(ear.hearing.isDeaf, false);
  });

  test('the end of the input brings the last words, the usage and the end', async () => {
    await using ear = await startEar({ recogniser });
    const { stream, play, ended, texts, usageSeconds } = ear.listen();
    await ear.isConnected();
    const pcm = await renderSpeech(BYE, { voice: 'caller', sampleRate });
    await play(pcm);
    stream.endInput();
    await ended;
    assert.deepEqual(texts(), [BYE]);
    assert.ok(Math.abs(usageSeconds() - pcm.length / sampleRate) < 0.1);
    assert.ok(Math.abs(ear.sentSeconds() - usageSeconds()) < 0.001);
    await eventually('no connection', () => ear.deepgram.connections.size === 0);
  });

  test('a voice that the detector heard in silence costs no connection', async () => {
    await using ear = await startEar({ recogniser });
    const { play } = ear.listen();
    await ear.isConnected();
    ear.hearing.callerSpeaking(true);
    await play(new Int16Array(12 * sampleRate));
    assert.deepEqual(ear.troubles, []);
    assert.equal(ear.deepgram.faults.count('listen'), 1);
  });
});

describe('a lost connection', { concurrency: true }, () => {
  for (const code of [1006, 1011, 1000]) {
    test(`words spoken across a close with ${code} arrive, once`, async () => {
      await using ear = await startEar({ recogniser });
      const { say, hears, texts, finals } = ear.listen();
      await say(ASK);
      await hears(1);
      await say(PRICE, () => ear.cut(code));
      await hears(2);
      await say(BYE);
      await hears(3);
      assert.deepEqual(texts(), [ASK, PRICE, BYE]);
      assert.deepEqual(ear.troubles, [{ kind: 'closed', code, model: 'nova-3', attempt: 1 }]);
      assert.equal(ear.recoveries.length, 1);
      const [ask, price, bye] = finals.map(({ startTime }) => startTime);
      assert.ok(ask && price && bye && ask < price && price < bye);
    });
  }

  test('what was said while every connect was refused is heard afterwards', async () => {
    await using ear = await startEar({ recogniser });
    const { say, hears, texts } = ear.listen();
    await ear.isConnected();
    const off = ear.deepgram.faults.on('listen', { do: 'refuse', status: 503 });
    ear.cut(1006);
    await eventually('deaf', () => ear.hearing.isDeaf);
    await say(ASK);
    await say(PRICE);
    assert.ok(ear.hearing.isDeaf);
    off();
    await hears(2);
    assert.deepEqual(texts(), [ASK, PRICE]);
    assert.equal(ear.hearing.isDeaf, false);
    assert.deepEqual(new Set(ear.troubles.slice(1).map(({ code }) => code)), new Set([503]));
    const [recovered] = ear.recoveries;
    assert.equal(recovered?.attempts, ear.troubles.length);
    assert.ok(recovered.deafMs > 500 && recovered.replayedMs > 3_000);
    assert.deepEqual(ear.errors, []);
  });

  test('a connect that hangs is given up', async () => {
    await using ear = await startEar({ recogniser });
    ear.deepgram.faults.next('listen', { do: 'hang' });
    const { say, hears } = ear.listen();
    await say(ASK);
    await hears(1);
    assert.deepEqual(kinds(ear), ['timeout']);
  });

  test('a server that closes whatever it opened is not stormed', async () => {
    await using ear = await startEar({ recogniser });
    const off = ear.deepgram.faults.on('listen', { do: 'close', code: 1011 });
    const { say, hears, texts } = ear.listen();
    await say(ASK);
    await say(PRICE);
    assert.ok(ear.deepgram.faults.count('listen') <= 8);
    off();
    await hears(2);
    assert.deepEqual(texts(), [ASK, PRICE]);
  });

  test('a port that nobody listens on is an outage like any other', async () => {
    await using ear = await startEar({ recogniser });
    ear.listen();
    await ear.isConnected();
    await ear.deepgram.close();
    await eventually('some attempts', () => ear.troubles.length >= 3);
    const trouble = { kind: 'refused', code: null, model: 'nova-3' };
    assert.deepEqual(ear.troubles.slice(1, 3), [
      { ...trouble, attempt: 2 },
      { ...trouble, attempt: 3 },
    ]);
    assert.deepEqual(ear.errors, []);
  });
});

describe('an open connection that is of no use', { concurrency: true }, () => {
  test('a dumb one is replaced, and the words are not lost', async () => {
    await using ear = await startEar({ recogniser });
    const { say, hears, texts } = ear.listen();
    await ear.isConnected();
    const off = ear.deepgram.faults.on('listen.message', { do: 'hang' });
    await say(ASK);
    await eventually('noticed', () => ear.troubles.length > 0);
    assert.ok(ear.hearing.isDeaf);
    off();
    await hears(1);
    assert.deepEqual(texts(), [ASK]);
    assert.deepEqual(ear.troubles[0], { kind: 'dumb', code: null, model: 'nova-3', attempt: 1 });
    assert.equal(ear.hearing.isDeaf, false);
  });

  test('one that falls silent in the middle of a line is replaced, too', async () => {
    await using ear = await startEar({ recogniser });
    const { say, hears, texts } = ear.listen();
    await ear.isConnected();
    let off = () => {};
    await say(ASK, () => {
      off = ear.deepgram.faults.on('listen.message', { do: 'hang' });
    });
    await eventually('noticed', () => ear.troubles.length > 0);
    off();
    await hears(1);
    assert.deepEqual(texts(), [ASK]);
  });

  test('one that sends garbage is replaced', async () => {
    await using ear = await startEar({ recogniser });
    const { say, hears, texts } = ear.listen();
    await ear.isConnected();
    ear.deepgram.faults.next('listen.message', { do: 'garbage' }, 3);
    await say(ASK);
    await hears(1);
    assert.deepEqual(texts(), [ASK]);
    assert.deepEqual(kinds(ear), ['garbage']);
  });
});

describe('a model that fails', { concurrency: true }, () => {
  test('three refusals bring the next one, which stays', async () => {
    await using ear = await startEar({ recogniser, models: ['nova-3', 'nova-2-phonecall'] });
    ear.deepgram.faults.on(isPrimary, { do: 'refuse', status: 500 });
    const { say, hears, texts } = ear.listen();
    await say(ASK);
    await hears(1);
    const attempts = ear.troubles.map(({ model, attempt }) => `${model} ${attempt}`);
    assert.deepEqual(attempts, ['nova-3 1', 'nova-3 2', 'nova-3 3']);
    assert.equal(ear.hearing.model, 'nova-2-phonecall');
    ear.cut(1006);
    await say(PRICE);
    await hears(2);
    assert.deepEqual(texts(), [ASK, PRICE]);
    assert.equal(ear.troubles.at(-1)?.model, 'nova-2-phonecall');
  });

  test('one that is refused for good is given up at once', async () => {
    await using ear = await startEar({ recogniser, models: ['nova-3', 'nova-2'] });
    ear.deepgram.faults.on(isPrimary, { do: 'refuse', status: 403 });
    const { say, hears } = ear.listen();
    await say(ASK);
    await hears(1);
    assert.equal(ear.troubles.length, 1);
  });

  test('a wrong key is tried slowly, and never an error', async () => {
    await using ear = await startEar({ recogniser, key: 'wrong' });
    const { say } = ear.listen();
    await say(ASK);
    assert.equal(ear.troubles[0]?.code, 401);
    assert.ok(ear.troubles.length <= 2);
    assert.deepEqual(ear.errors, []);
  });
});

function kinds(ear: { troubles: readonly { kind: string }[] }): string[] {
  return ear.troubles.map(({ kind }) => kind);
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text as readText } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { initializeLogger, stt } from '@livekit/agents';
import { STT, TTS } from '@livekit/agents-plugin-deepgram';
import { AudioFrame } from '@livekit/rtc-node';
import { WebSocket } from 'ws';
import { type DeepgramEmulator, startDeepgramEmulator } from './deepgram.ts';
import { joinPcm } from './join-pcm.ts';
import { field, parseJson } from './json.ts';
import { Recogniser } from './recogniser.ts';
import { renderSpeech } from './voice.ts';

initializeLogger({ pretty: false, level: 'silent' });

const apiKey = 'emulated-deepgram-key';
const ASK = 'Hi, do you have a mini excavator from Tuesday to Thursday?';
const PRICE = 'Okay. How much would that be?';
const BYE = 'Thanks, that is all. Goodbye.';
const query = 'model=nova-3&encoding=linear16&sample_rate=16000&channels=1&interim_results=true';

let deepgram: DeepgramEmulator;
before(async () => {
  deepgram = await startDeepgramEmulator({ apiKey, sttLatencyMs: 50, ttsLatencyMs: 50 });
  for (const line of [ASK, PRICE, BYE]) await deepgram.teach(line);
});
after(() => deepgram.close());

/** The line as a phone call brings it: 16 kHz, with silence before and after. */
async function spoken(line: string): Promise<Int16Array> {
  const pcm = await renderSpeech(line, { voice: 'caller', sampleRate: 16_000 });
  return joinPcm([silence(500), pcm, silence(900)]);
}

const silence = (ms: number) => new Int16Array(16 * ms);

/** What the official plugin makes of the audio: its finals, and all interims before them. */
async function transcribe(speech: STT, pcm: Int16Array) {
  const stream = speech.stream();
  for (let offset = 0; offset < pcm.length; offset += 1_600) {
    const part = pcm.slice(offset, offset + 1_600);
    stream.pushFrame(new AudioFrame(part, 16_000, 1, part.length));
  }
  stream.flush();
  const heard: { finals: string[]; interims: string[]; types: stt.SpeechEventType[] } = {
    finals: [],
    interims: [],
    types: [],
  };
  for await (const event of stream) {
    heard.types.push(event.type);
    const text = event.alternatives?.[0].text ?? '';
    if (event.type === stt.SpeechEventType.INTERIM_TRANSCRIPT) heard.interims.push(text);
    if (event.type === stt.SpeechEventType.FINAL_TRANSCRIPT) heard.finals.push(text);
    if (event.type === stt.SpeechEventType.END_OF_SPEECH) break;
  }
  stream.close();
  return heard;
}

const plugin = () => new STT({ apiKey, baseUrl: deepgram.baseUrl.replace('http', 'ws') });

/** A client of its own, for what the plugin never sends. Collects JSON messages. */
async function connect(path: string, key = apiKey) {
  const socket = new WebSocket(`${deepgram.baseUrl.replace('http', 'ws')}${path}`, {
    headers: { Authorization: `Token ${key}` },
  });
  const messages: unknown[] = [];
  let audioBytes = 0;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) audioBytes += data.length;
    else messages.push(parseJson(data.toString()));
  });
  const refused = new Promise<{ statusCode: number | undefined; body: unknown }>(
    (resolve, reject) => {
      socket.on('unexpected-response', (_request, response) => {
        const { statusCode } = response;
        readText(response).then((body) => resolve({ statusCode, body: parseJson(body) }), reject);
      });
    },
  );
  const outcome = await Promise.race([once(socket, 'open').then(() => undefined), refused]);
  return { socket, messages, refused: outcome, audioBytes: () => audioBytes };
}

describe('listening', () => {
  test('the official plugin gets the line that was spoken, and its beginning before', async () => {
    const heard = await transcribe(plugin(), await spoken(ASK));
    assert.deepEqual(heard.finals, [ASK]);
    assert.ok(heard.interims.length > 2);
    for (const interim of heard.interims) assert.ok(ASK.startsWith(interim), interim);
    assert.ok(heard.types.includes(stt.SpeechEventType.START_OF_SPEECH));
  });

  test('several calls at once are not mixed up', async () => {
    const lines = [ASK, PRICE, BYE, PRICE];
    const heard = await Promise.all(
      lines.map(async (line) => transcribe(plugin(), await spoken(line))),
    );
    assert.deepEqual(
      heard.map(({ finals }) => finals),
      lines.map((line) => [line]),
    );
  });

  test('interim results hold no word before it was spoken', async () => {
    const { socket, messages } = await connect(`/v1/listen?${query}`);
    const pcm = await spoken(ASK);
    socket.send(pcm.subarray(0, Math.floor(pcm.length / 2)));
    await waitFor(() => messages.some((message) => transcript(message) !== ''));
    socket.send(JSON.stringify({ type: 'CloseStream' }));
    await once(socket, 'close');
    const said = messages.map(transcript).filter(Boolean);
    assert.ok(
      said.every((text) => text.length < ASK.length * 0.65),
      said.join('|'),
    );
    assert.equal(field(messages.at(-1), 'type'), 'Metadata');
  });

  test('speech that lost its beginning, its end or its middle is not understood, nor is an echo', async () => {
    const pcm = await renderSpeech(ASK, { voice: 'caller', sampleRate: 16_000 });
    const half = Math.floor(pcm.length / 2);
    const hole = pcm.slice().fill(0, half, half + 8_000);
    for (const damaged of [pcm.subarray(half), pcm.subarray(0, half), hole, joinPcm([pcm, pcm])]) {
      const { socket, messages } = await connect(`/v1/listen?${query}`);
      socket.send(joinPcm([silence(300), damaged, silence(1_500)]));
      socket.send(JSON.stringify({ type: 'CloseStream' }));
      await once(socket, 'close');
      const finals = messages.filter((message) => field(message, 'is_final'));
      assert.ok(finals.length > 0);
      assert.deepEqual(new Set(finals.map(transcript)), new Set(['']));
    }
  });

  test('a wrong key, a bad parameter or too many keyterms are refused before the upgrade', async () => {
    const wrongKey = await connect(`/v1/listen?${query}`, 'wrong');
    assert.equal(wrongKey.refused?.statusCode, 401);
    assert.equal(field(wrongKey.refused?.body, 'err_code'), 'INVALID_AUTH');
    const terms = Array.from({ length: 101 }, (_, i) => `keyterm=unit${i}`).join('&');
    for (const bad of [
      'model=nova-3&encoding=linear16',
      query.replace('nova-3', 'nova-9'),
      query.replace('16000', '16k'),
      `${query}&wibble=1`,
      `${query}&keywords=excavator:2`,
      `${query}&utterance_end_ms=200`,
      `${query}&${terms}`,
    ]) {
      const { refused } = await connect(`/v1/listen?${bad}`);
      assert.equal(refused?.statusCode, 400, bad);
      assert.equal(typeof field(refused?.body, 'err_msg'), 'string');
    }
    assert.equal((await connect('/v2/listen')).refused?.statusCode, 404);
  });

  test('an unknown message closes the connection, and so does silence of the client', async () => {
    const odd = await connect(`/v1/listen?${query}`);
    odd.socket.send('{"type":"Hello"}');
    const [code] = await once(odd.socket, 'close');
    assert.equal(code, 1008);
    assert.equal(field(odd.messages[0], 'type'), 'Error');

    const impatient = await startDeepgramEmulator({ apiKey, idleCloseMs: 50 });
    const url = `${impatient.baseUrl.replace('http', 'ws')}/v1/listen?${query}`;
    const idle = new WebSocket(url, { headers: { Authorization: `Token ${apiKey}` } });
    const [idleCode, reason] = await once(idle, 'close');
    assert.equal(idleCode, 1011);
    assert.match(String(reason), /net0001/);
    await impatient.close();
  });

  test('Finalize ends the utterance at once, UtteranceEnd follows in the time of the audio', async () => {
    const { socket, messages } = await connect(
      `/v1/listen?${query}&endpointing=false&utterance_end_ms=1000&punctuate=true`,
    );
    socket.send(await spoken(PRICE));
    socket.send(JSON.stringify({ type: 'KeepAlive' }));
    socket.send(JSON.stringify({ type: 'Finalize' }));
    await waitFor(() => messages.some((message) => field(message, 'from_finalize') === true));
    assert.equal(transcript(messages.at(-1)), PRICE);
    socket.send(silence(1_500));
    await waitFor(() => messages.some((message) => field(message, 'type') === 'UtteranceEnd'));
    socket.close();
  });
});

describe('speaking', () => {
  test('the official plugin gets the audio of each sentence, which the log remembers', async () => {
    const voice = new TTS({ apiKey, baseUrl: deepgram.baseUrl, model: 'aura-2-thalia-en' });
    const stream = voice.stream();
    stream.pushText('The mini excavator is free. It is two hundred dollars a day.');
    stream.endInput();
    let samples = 0;
    for await (const item of stream) {
      if (typeof item === 'symbol') break;
      samples += item.frame.samplesPerChannel;
    }
    stream.close();
    const spokenTexts = deepgram.ttsLog.map(({ text }) => text).join(' ');
    assert.match(spokenTexts, /The mini excavator is free\. It is two hundred dollars a day\./);
    const logged = deepgram.ttsLog.reduce((sum, { pcm }) => sum + pcm.length, 0);
    assert.equal(samples, logged);
  });

  test('a flush without text is confirmed, Clear stops what was to come', async () => {
    const { socket, messages, audioBytes } = await connect('/v1/speak?model=aura-2-thalia-en');
    socket.send(JSON.stringify({ type: 'Speak', text: 'This is a sentence that nobody hears.' }));
    socket.send(JSON.stringify({ type: 'Clear' }));
    socket.send(JSON.stringify({ type: 'Flush' }));
    await waitFor(() => messages.some((message) => field(message, 'type') === 'Flushed'));
    assert.deepEqual(
      messages.map((message) => field(message, 'type')),
      ['Metadata', 'Cleared', 'Flushed'],
    );
    assert.equal(audioBytes(), 0);
    socket.close();
  });

  test('one request answers with the whole line as a file', async () => {
    const response = await fetch(`${deepgram.baseUrl}/v1/speak?model=aura-2-thalia-en`, {
      method: 'POST',
      headers: { Authorization: `Token ${apiKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ text: 'Hello.' }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(response.status, 200);
    assert.equal(bytes.toString('latin1', 0, 4), 'RIFF');
    assert.equal(bytes.readUInt32LE(40), bytes.length - 44);
  });
});

describe('faults', () => {
  test('a refused connection, a cut one and a silent one', async () => {
    deepgram.faults.next('listen', { do: 'refuse', status: 503 });
    assert.equal((await connect(`/v1/listen?${query}`)).refused?.statusCode, 503);

    deepgram.faults.next('listen.message', { do: 'close', code: 1011 });
    const cut = await connect(`/v1/listen?${query}`);
    cut.socket.send(await spoken(BYE));
    const [code] = await once(cut.socket, 'close');
    assert.equal(code, 1011);

    const off = deepgram.faults.on('listen.message', { do: 'hang' });
    const mute = await connect(`/v1/listen?${query}`);
    mute.socket.send(await spoken(BYE));
    await waitFor(() => deepgram.sttLog.at(-1)?.text === BYE.toLowerCase().replaceAll(/[,.]/g, ''));
    assert.deepEqual(mute.messages, []);
    off();
    const [connection] = deepgram.connections;
    connection?.close(1006);
    const [cutCode] = await once(mute.socket, 'close');
    assert.equal(cutCode, 1006);
  });
});

function transcript(message: unknown): string {
  const alternatives = field(field(message, 'channel'), 'alternatives');
  const words = field(field(alternatives, 0), 'transcript');
  return typeof words === 'string' ? words : '';
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a recogniser can be shared by emulators', async () => {
  const recogniser = new Recogniser();
  const other = await startDeepgramEmulator({ apiKey, recogniser });
  await other.teach(BYE);
  assert.ok(recogniser.knows(BYE));
  await other.close();
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import {
  APIConnectionError,
  APIStatusError,
  APITimeoutError,
  initializeLogger,
  type APIConnectOptions,
} from '@livekit/agents';
import { OpenAiTts, UnusableSpeechError } from '../../../../agent/speech/tts/openai-tts.ts';
import { listenOnLoopback } from '../../../harness/emulators/loopback-server.ts';
import { startOpenAiEmulator } from '../../../harness/emulators/openai.ts';
import type { Fault } from '../../../harness/emulators/faults.ts';
import { hearOut, listenTo } from '../stt/listen-to.ts';

initializeLogger({ pretty: false, level: 'silent' });

const apiKey = 'sk-test';

function voiceAt(baseUrl: string): OpenAiTts {
  return new OpenAiTts({ apiKey, baseUrl, model: 'gpt-4o-mini-tts', voice: 'coral' });
}

async function emulator(t: TestContext) {
  const openai = await startOpenAiEmulator({ apiKey, ttsLatencyMs: 0 });
  t.after(() => openai.close());
  return openai;
}

/** A server that answers each request as `answer` says. */
async function server(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const { port, close } = await listenOnLoopback(createServer(answer), undefined);
  t.after(() => close());
  return `http://127.0.0.1:${port}/v1`;
}

test('each sentence is asked for alone, played in order, and reported as it was written', async (t) => {
  const openai = await emulator(t);
  const text = 'We have two excavators.  Which one do you want?';
  const heard = await listenTo(voiceAt(openai.baseUrl), text);
  assert.equal(heard.text, text);
  assert.ok(heard.isWhole);
  const asked = openai.requests.map(({ body }) => JSON.parse(body));
  assert.deepEqual(asked, [
    {
      model: 'gpt-4o-mini-tts',
      voice: 'coral',
      input: 'We have two excavators.',
      response_format: 'pcm',
    },
    {
      model: 'gpt-4o-mini-tts',
      voice: 'coral',
      input: 'Which one do you want?',
      response_format: 'pcm',
    },
  ]);
  const inOrder = asked.flatMap(({ input }) =>
    openai.ttsLog.filter((entry) => entry.text === input).flatMap((entry) => [...entry.pcm]),
  );
  assert.deepEqual(heard.samples, inOrder);
});

test('audio is played while the rest of it is still being sent, wherever the bytes are cut', async (t) => {
  const samples = Int16Array.from({ length: 300 }, (_, i) => i * 100 - 15_000);
  const bytes = new Uint8Array(samples.buffer);
  const open: ServerResponse[] = [];
  const baseUrl = await server(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'audio/pcm' });
    response.write(bytes.subarray(0, 101));
    open.push(response);
  });
  const stream = voiceAt(baseUrl).stream();
  stream.pushText('Hello there.');
  stream.endInput();
  const first = await stream.next();
  assert.ok(typeof first.value === 'object');
  assert.deepEqual([...first.value.frame.data], [...samples.subarray(0, 50)]);
  open[0]?.end(bytes.subarray(101));
  const { samples: rest, isWhole } = await hearOut(stream);
  assert.deepEqual(rest, [...samples.subarray(50)]);
  assert.ok(isWhole);
});

test('a caller who talks over it cancels the request itself', async (t) => {
  const asked = Promise.withResolvers<ServerResponse>();
  const baseUrl = await server(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'audio/pcm' });
    response.write(Buffer.alloc(4_800));
    asked.resolve(response);
  });
  const stream = voiceAt(baseUrl).stream();
  stream.pushText('Hello there.');
  stream.endInput();
  const response = await asked.promise;
  const cut = once(response, 'close');
  stream.close();
  await cut;
  assert.equal(response.writableFinished, false);
});

const unusable = (type: string): Fault => ({
  do: 'refuse',
  status: 200,
  body: 'ID3 not what was asked for',
  headers: { 'Content-Type': type },
});

const failures: readonly {
  name: string;
  fault: Fault;
  fails: new (...args: never[]) => Error;
  about?: Record<string, unknown>;
}[] = [
  {
    name: 'a refusal',
    fault: { do: 'refuse', status: 503 },
    fails: APIStatusError,
    about: { statusCode: 503 },
  },
  { name: 'a cut connection', fault: { do: 'drop' }, fails: APIConnectionError },
  { name: 'a body cut short', fault: { do: 'truncate', after: 5_001 }, fails: APIConnectionError },
  { name: 'no answer', fault: { do: 'hang' }, fails: APITimeoutError },
  {
    name: 'a stalled body',
    fault: { do: 'stall', after: 5_000, everyMs: 60_000 },
    fails: APITimeoutError,
  },
  {
    name: 'MP3',
    fault: unusable('audio/mpeg'),
    fails: UnusableSpeechError,
    about: { code: 'WRONG_FORMAT' },
  },
  {
    name: 'JSON with status 200',
    fault: unusable('application/json'),
    fails: UnusableSpeechError,
    about: { code: 'WRONG_FORMAT' },
  },
  {
    name: 'another rate',
    fault: unusable('audio/pcm; rate=16000'),
    fails: UnusableSpeechError,
    about: { code: 'WRONG_FORMAT' },
  },
  {
    name: 'an empty body',
    fault: { do: 'refuse', status: 200, body: '', headers: { 'Content-Type': 'audio/pcm' } },
    fails: UnusableSpeechError,
    about: { code: 'EMPTY' },
  },
];

for (const { name, fault, fails, about = {} } of failures) {
  test(`${name} is an error, and nothing is tried twice`, async (t) => {
    const openai = await emulator(t);
    openai.faults.next('speech', fault);
    const voice = voiceAt(openai.baseUrl);
    const errors: Error[] = [];
    voice.on('error', ({ error }) => void errors.push(error));
    const connOptions: APIConnectOptions = { maxRetry: 3, retryIntervalMs: 0, timeoutMs: 1_000 };
    const stream = voice.stream({ connOptions });
    stream.pushText('The excavator is free on Monday.');
    stream.endInput();
    assert.equal((await hearOut(stream)).isWhole, false);
    assert.equal(errors.length, 1);
    assert.ok(errors[0] instanceof fails, String(errors[0]));
    for (const [key, value] of Object.entries(about)) {
      assert.equal(Reflect.get(errors[0], key), value);
    }
    assert.equal(openai.faults.count('speech'), 1);
  });
}

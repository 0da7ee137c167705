import { initializeLogger, stt } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { WebSocketServer, type RawData } from 'ws';
import { DeepgramStt } from '../../../../agent/speech/stt/deepgram-stt.ts';

initializeLogger({ pretty: false, level: 'silent' });

const sampleRate = 16_000;
const voiceSeconds = 1;
const { INTERIM_TRANSCRIPT, PREFLIGHT_TRANSCRIPT } = stt.SpeechEventType;

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
after(() => server.close());

/** An interim transcript of the first second, sent once all of the audio is there. */
async function heardAs(transcript: string, quietSeconds: number): Promise<stt.SpeechEventType> {
  const { port } = server.address() as AddressInfo;
  const bytes = 2 * sampleRate * (voiceSeconds + quietSeconds);
  server.once('connection', (socket) => {
    let received = 0;
    socket.on('message', (data: RawData, isBinary: boolean) => {
      received += isBinary && data instanceof Buffer ? data.length : 0;
      if (received < bytes) return;
      received = -Infinity;
      const results = {
        type: 'Results',
        start: 0,
        duration: voiceSeconds,
        is_final: false,
        channel: { alternatives: [{ transcript, confidence: 0.8, words: [] }] },
      };
      socket.send(JSON.stringify(results));
    });
  });
  const hearing = new DeepgramStt({
    apiKey: 'key-of-the-test',
    baseUrl: `http://127.0.0.1:${port}`,
    models: ['nova-3'],
    keyterms: [],
    onTrouble: () => {},
    onRecovered: () => {},
  });
  const stream = hearing.stream();
  const voice = Int16Array.from(
    { length: voiceSeconds * sampleRate },
    (_, i) => 5_000 * Math.sin(i / 5),
  );
  for (const pcm of [voice, new Int16Array(quietSeconds * sampleRate)]) {
    stream.pushFrame(new AudioFrame(pcm, sampleRate, 1, pcm.length));
  }
  for await (const { type, alternatives } of stream) {
    if (!alternatives) continue;
    stream.close();
    return type;
  }
  throw new Error('Nothing was heard');
}

test('a sentence after which the caller is quiet is offered before it is final', async () => {
  assert.equal(await heardAs('Do you deliver?', 0.3), PREFLIGHT_TRANSCRIPT);
});

test('while the caller may still speak, and in the middle of a sentence, nothing is', async () => {
  assert.equal(await heardAs('Do you deliver?', 0.1), INTERIM_TRANSCRIPT);
  assert.equal(await heardAs('Do you', 0.3), INTERIM_TRANSCRIPT);
});

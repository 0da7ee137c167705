import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inference, initializeLogger, VADEventType } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { eventually } from '../eventually.ts';
import { envelope, trimSilence } from './envelope.ts';
import { resample } from './resample.ts';
import { renderSpeech, type Voice } from './voice.ts';

initializeLogger({ pretty: false, level: 'silent' });

const LINE = 'Do you have a mini excavator for Tuesday?';

let cacheDir: string;
before(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'pickup-voice-'));
});
// What is rendered last may be on its way to the disk.
after(() => rm(cacheDir, { recursive: true, maxRetries: 5 }));

for (const voice of ['caller', 'agent'] satisfies Voice[]) {
  test(`LiveKit’s voice activity detector takes the ${voice} for a person`, async () => {
    const sampleRate = 16_000;
    const line = await renderSpeech(LINE, { voice, sampleRate, cacheDir });
    const stream = new inference.VAD().stream();
    const call = new Int16Array(line.length + 2 * sampleRate);
    call.set(line, sampleRate);
    for (let at = 0; at < call.length; at += 160) {
      const part = call.slice(at, at + 160);
      stream.pushFrame(new AudioFrame(part, sampleRate, 1, part.length));
    }
    let speechMs = 0;
    for await (const event of stream) {
      if (event.type !== VADEventType.END_OF_SPEECH) continue;
      speechMs = event.speechDuration;
      break;
    }
    stream.close();
    const share = speechMs / (line.length / 16);
    assert.ok(share > 0.7 && share < 1.5, String(share));
  });
}

test('a line is rendered once, and every sample rate is the same rendering', async () => {
  const narrow = await renderSpeech(LINE, { voice: 'caller', sampleRate: 16_000, cacheDir });
  const wide = await renderSpeech(LINE, { voice: 'caller', sampleRate: 48_000, cacheDir });
  assert.ok(Math.abs(wide.length - narrow.length * 3) < 100);
  const again = () => renderSpeech(LINE, { voice: 'caller', sampleRate: 48_000, cacheDir });
  assert.deepEqual(await again(), wide);
  const kept = async () => (await readdir(cacheDir)).filter((file) => file.endsWith('.s16'));
  // For each voice at 16 kHz as above: as spoken and at that rate; and now the caller at 48 kHz.
  await eventually('it is on the disk', async () => (await kept()).length === 5);
  const filesBefore = await readdir(cacheDir);
  assert.deepEqual(await again(), wide);
  assert.deepEqual(await readdir(cacheDir), filesBefore);
});

test('nobody waits for the disk on which a rendering is kept', async () => {
  const full = join(cacheDir, 'full');
  const line = 'Nothing can be written here.';
  const first = renderSpeech(line, { voice: 'agent', cacheDir: full });
  await eventually('its folder is there', () => existsSync(full));
  await rm(full, { recursive: true });
  assert.ok((await first).length > 0);
});

test('a line has no silence at its edges', async () => {
  const pcm = await renderSpeech(LINE, { voice: 'agent', sampleRate: 24_000, cacheDir });
  const frames = envelope(pcm, 24_000);
  assert.ok(frames.length - trimSilence(frames).length <= 6);
});

test('rendering does not stop the event loop', async () => {
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 1);
  await renderSpeech('A line that nobody has rendered before.', { voice: 'agent', cacheDir });
  clearInterval(timer);
  assert.ok(ticks > 3);
});

test('resampling keeps a tone and its level', () => {
  const tone = (rate: number) =>
    Int16Array.from(
      { length: rate / 10 },
      (_, i) => 10_000 * Math.sin((2 * Math.PI * 440 * i) / rate),
    );
  const down = resample(tone(48_000), 48_000, 16_000);
  const expected = tone(16_000);
  for (let i = 50; i < down.length - 50; i += 1) {
    assert.ok(Math.abs((down[i] ?? 0) - (expected[i] ?? 0)) < 200);
  }
});

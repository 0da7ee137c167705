import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { voice } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { CallRecording } from '../../../agent/call/recording.ts';
import { recordingsOf } from '../../../agent/infra/recordings.ts';
import { recordedLog } from '../../harness/recorded-log.ts';

/** The session's output, as far as a recording follows it. */
class FakeOutput extends EventEmitter {
  captureFrame = async (_frame: AudioFrame): Promise<void> => {};
}

function frame(ms: number, level: number, sampleRateHz = 24_000): AudioFrame {
  const samples = (sampleRateHz * ms) / 1_000;
  return new AudioFrame(new Int16Array(samples).fill(level), sampleRateHz, 1, samples);
}

async function recording(t: TestContext, dataDir?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-recording-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  t.mock.timers.enable({ apis: ['Date', 'setInterval'], now: 1_000_000 });
  const { log, lines } = recordedLog();
  const place = dataDir === undefined ? folder : join(folder, dataDir);
  const output = new FakeOutput();
  const over = new AbortController();
  const made = new CallRecording({ dataDir: place, callId: 'SCL_a/b', log });
  made.start({ output: { audio: output } } as unknown as voice.AgentSession, over.signal);
  return { made, output, lines, folder, over, tick: (ms: number) => t.mock.timers.tick(ms) };
}

/** The level of each tenth of a second of a µ-law WAV: true where there is sound. */
async function soundOf(file: string): Promise<readonly boolean[]> {
  const wav = await readFile(file);
  assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
  assert.equal(wav.readUInt32LE(4), wav.length - 8);
  assert.deepEqual([wav.readUInt16LE(20), wav.readUInt32LE(24)], [7, 8_000]);
  assert.equal(wav.readUInt32LE(54), wav.length - 58);
  const samples = wav.subarray(58);
  return Array.from({ length: Math.ceil(samples.length / 800) }, (_, nth) =>
    samples.subarray(nth * 800, nth * 800 + 800).some((sample) => (sample & 0x7f) < 0x60),
  );
}

test('both voices are kept apart, each where it was heard, and nothing that was broken off', async (t) => {
  const { made, output, folder, tick } = await recording(t);
  tick(300);
  for (let nth = 0; nth < 20; nth += 1) await output.captureFrame(frame(100, 9_000));
  output.emit(voice.AudioOutput.EVENT_PLAYBACK_STARTED, { createdAt: Date.now() });
  tick(500);
  output.emit(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, {
    playbackPosition: 0.5,
    interrupted: true,
  });
  for (let nth = 0; nth < 5; nth += 1) {
    tick(100);
    made.heard(frame(100, -9_000, 16_000));
  }
  await made.close();
  const found = await recordingsOf(folder, 'SCL_a/b');
  assert.deepEqual(
    found.map(({ voice: who, startedAtMs }) => [who, startedAtMs]),
    [
      ['caller', 1_000_000],
      ['agent', 1_000_000],
    ],
  );
  const [caller, agent] = found;
  assert.ok(caller && agent);
  const at = (from: number, to: number) => Array.from({ length: to }, (_, nth) => nth >= from);
  assert.deepEqual(await soundOf(agent.file), at(3, 8));
  assert.deepEqual(await soundOf(caller.file), at(8, 13));
  assert.equal((await stat(agent.file)).mode & 0o777, 0o600);
  const [name = ''] = await readdir(join(folder, 'recordings'));
  assert.equal((await stat(join(folder, 'recordings', name))).mode & 0o777, 0o700);
  assert.deepEqual(await recordingsOf(folder, 'SCL_a'), []);
});

test('the end of the call ends it in the middle of a sentence, with what was heard of that', async (t) => {
  const { output, folder, over, tick, made } = await recording(t);
  await output.captureFrame(frame(2_000, 9_000));
  output.emit(voice.AudioOutput.EVENT_PLAYBACK_STARTED, { createdAt: Date.now() });
  tick(700);
  over.abort();
  await made.closed;
  const agent = (await recordingsOf(folder, 'SCL_a/b')).find((one) => one.voice === 'agent');
  assert.ok((await soundOf(agent?.file ?? '')).some(Boolean));
  made.heard(frame(100, 9_000));
});

test('a folder that cannot be written ends the recording once, and nothing else', async (t) => {
  const { made, lines, folder, tick } = await recording(t, 'a-file/data');
  await writeFile(join(folder, 'a-file'), '');
  tick(100);
  made.heard(frame(100, 9_000));
  await made.close();
  made.heard(frame(100, 9_000));
  await made.close();
  assert.deepEqual(
    lines.map(({ event, why }) => [event, why]),
    [['recording.ended', 'it could not be written']],
  );
});

test('a disk that hangs costs half a minute of sound in memory, and no more', async (t) => {
  const { made, lines } = await recording(t);
  for (let nth = 0; nth < 40; nth += 1) made.heard(frame(1_000, 9_000));
  assert.deepEqual(
    lines.map(({ why }) => why),
    ['the disk is too slow'],
  );
});

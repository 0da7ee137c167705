import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FrameLog, readFrameLog } from './frame-log.ts';

async function logOf(t: TestContext, ...frames: readonly [endMs: number, samples: Int16Array][]) {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-frames-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'voice.frames');
  const log = new FrameLog(path);
  for (const [endMs, samples] of frames) log.write(endMs, samples);
  await log.close();
  return path;
}

test('frames are read as they were written', async (t) => {
  const path = await logOf(t, [20.5, Int16Array.of(1, -2, 3)], [40.25, Int16Array.of(-32_768)]);
  assert.deepEqual(await readFrameLog(path), [
    { endMs: 20.5, sampleCount: 3, samples: Int16Array.of(1, -2, 3) },
    { endMs: 40.25, sampleCount: 1, samples: Int16Array.of(-32_768) },
  ]);
});

test('digital silence costs no samples', async (t) => {
  const path = await logOf(t, [20, new Int16Array(960)]);
  assert.deepEqual(await readFrameLog(path), [{ endMs: 20, sampleCount: 960 }]);
  assert.equal((await stat(path)).size, 12);
});

test('a record that was cut off is left out', async (t) => {
  const path = await logOf(t, [20, Int16Array.of(1, 2)], [40, Int16Array.of(3, 4)]);
  await truncate(path, (await stat(path)).size - 1);
  assert.deepEqual(await readFrameLog(path), [
    { endMs: 20, sampleCount: 2, samples: Int16Array.of(1, 2) },
  ]);
});

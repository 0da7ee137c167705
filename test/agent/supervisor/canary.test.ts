import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { canaryOfDay } from '../../../agent/infra/store/digest.ts';
import { openStore } from '../../../agent/infra/store/database.ts';
import { Canary } from '../../../agent/supervisor/canary.ts';
import { eventually } from '../../harness/eventually.ts';
import { recordedLog } from '../../harness/recorded-log.ts';

const day = '2026-12-01';

/** A canary whose test calls are held by this program; `hasRoom` may be told to say no. */
async function canaryOf(t: TestContext, program: string, place = { isFree: true }) {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-canary-'));
  const store = await openStore({ dataDir: folder });
  const entry = join(folder, 'call.mjs');
  await writeFile(entry, program);
  const recorded = recordedLog();
  const canary = new Canary({
    canary: { everyMs: 10, phone: null },
    store,
    log: recorded.log,
    hasRoom: () => place.isFree,
    today: () => day,
    entry,
  });
  t.after(async () => {
    canary.stop();
    await store.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  canary.start();
  return { canary, store, recorded };
}

const telling = (why: string | null) =>
  `process.send({ why: ${JSON.stringify(why)}, callId: 'C', firstWordMs: 1, answerMs: 2 }, () => process.exit());`;

test('a call that is as it should be is told of and counted', async (t) => {
  const { canary, store, recorded } = await canaryOf(t, telling(null));
  await eventually('a call passed', () => recorded.events().includes('canary.passed'));
  assert.equal(canary.trouble, null);
  await eventually('it is counted', async () => ((await canaryOfDay(store, day))?.passed ?? 0) > 0);
});

test('failures are counted until a call passes', async (t) => {
  const { canary, store } = await canaryOf(t, telling('wrong-answer'));
  await eventually('it failed twice', () => (canary.trouble?.failures ?? 0) >= 2);
  assert.equal(canary.trouble?.why, 'wrong-answer');
  await eventually('both are counted', async () => {
    return ((await canaryOfDay(store, day))?.failed ?? 0) >= 2;
  });
});

for (const [what, program] of [
  ['dies', 'process.exit(1);'],
  ['tells nonsense', "process.send('fine', () => process.exit());"],
] as const) {
  test(`a call whose process ${what} has failed`, async (t) => {
    const { canary } = await canaryOf(t, program);
    await eventually('it failed', () => canary.trouble?.why === 'broken');
  });
}

test('no call is made while customers may need the place, and one when they do not', async (t) => {
  const place = { isFree: false };
  const looked = { times: 0 };
  const watched = {
    get isFree() {
      looked.times += 1;
      return place.isFree;
    },
  };
  const { recorded } = await canaryOf(t, telling(null), watched);
  await eventually('it looked', () => looked.times >= 3);
  assert.deepEqual(recorded.events(), []);
  place.isFree = true;
  await eventually('a call passed', () => recorded.events().includes('canary.passed'));
});

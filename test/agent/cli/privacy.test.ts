import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runPrivacy } from '../../../agent/cli/privacy.ts';
import { recordingFolder, recordingsFolder } from '../../../agent/infra/recordings.ts';
import { openStore } from '../../../agent/infra/store/database.ts';
import { end, ring } from '../desk/desk-example.ts';
import { onBothDatabases } from '../infra/store/both-databases.ts';

onBothDatabases(({ newPlace }) => {
  test('the recordings of a number are told of, and erased with it; those of others stay', async () => {
    const place = await newPlace();
    const { dataDir, databaseUrl = null } = place;
    const atMs = Date.now() - 60_000;
    {
      await using store = await openStore(place);
      for (const [callId, number] of [
        ['SCL_1', '+13125550142'],
        ['SCL_12', '+13125550199'],
      ] as const) {
        await ring(store, { callId, atMs, number, answeredMs: 500 });
        await end(store, { callId, atMs: atMs + 30_000 });
        const folder = recordingFolder(dataDir, callId, atMs);
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, 'agent.wav'), 'sound');
      }
    }
    let text = '';
    const run = async (deed: string) => {
      text = '';
      const args = [deed, '--phone', '(312) 555-0142'];
      const write = (part: string) => void (text += part);
      assert.equal(await runPrivacy({ store: () => ({ dataDir, databaseUrl }), args, write }), 0);
    };
    await run('export');
    const { recordings } = JSON.parse(text) as { readonly recordings: readonly string[] };
    assert.deepEqual(recordings, [recordingFolder(dataDir, 'SCL_1', atMs)]);
    await run('erase');
    assert.deepEqual(await readdir(recordingsFolder(dataDir)), [`SCL_12-${atMs}`]);
  });
});

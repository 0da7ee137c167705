import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { runDeskPassword } from '../../../agent/cli/desk-password.ts';
import { verifyPassword } from '../../../agent/infra/password.ts';
import { openStore } from '../../../agent/infra/store/database.ts';
import { passwordKeyOf, takeDeskToken } from '../../../agent/infra/store/desk-tokens.ts';

async function run(args: readonly string[], input: string, dataDir = '', hash?: string) {
  let text = '';
  const exitCode = await runDeskPassword({
    env: { DESK_PASSWORD_HASH: hash },
    store: () => ({ databaseUrl: null, dataDir }),
    args,
    input: Readable.from([input]),
    write: (part) => void (text += part),
  });
  return { exitCode, text };
}

test('prints the hash of the password and never the password', async () => {
  const { exitCode, text } = await run([], 'three yellow skid steers\n');
  assert.equal(exitCode, 0);
  assert.ok(!text.includes('yellow'));
  const hash = /^DESK_PASSWORD_HASH=(\S+)\n$/.exec(text)?.[1] ?? '';
  assert.ok(await verifyPassword('three yellow skid steers', hash));
});

test('refuses a short password, and options that there are not', async () => {
  assert.equal((await run([], 'short\n')).exitCode, 1);
  assert.equal((await run(['--nonsense'], '')).exitCode, 2);
});

test('makes a link that opens the desk once, where there is one', async () => {
  assert.equal((await run(['--link'], '')).exitCode, 1);
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-desk-'));
  try {
    const { exitCode, text } = await run(['--link'], '', dataDir, 'hash');
    assert.equal(exitCode, 0);
    const token = /\/desk\/link\?token=([\w-]{43})\n$/.exec(text)?.[1] ?? '';
    await using store = await openStore({ dataDir });
    const wanted = { token, kind: 'link', passwordKey: passwordKeyOf('hash') } as const;
    assert.equal(await takeDeskToken(store, { ...wanted, nowMs: Date.now() }), true);
    assert.equal(await takeDeskToken(store, { ...wanted, nowMs: Date.now() }), false);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

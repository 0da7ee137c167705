import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import timers from 'node:timers/promises';
import { freeze } from './freeze.ts';

test('what is frozen does nothing any more, from then on until it is thawed', async (t) => {
  const program = 'setInterval(() => process.stdout.write("."), 1)';
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => child.kill('SIGKILL'));
  let written = 0;
  child.stdout.on('data', (data: Buffer) => (written += data.length));
  await once(child.stdout, 'data');
  for (let time = 1; time <= 5; time += 1) {
    await freeze(Number(child.pid));
    // What it wrote before is still on its way.
    await timers.setTimeout(20);
    const before = written;
    await timers.setTimeout(20);
    assert.equal(written, before);
    child.kill('SIGCONT');
    await once(child.stdout, 'data');
  }
});

test('nobody can freeze what is gone', async () => {
  const child = spawn(process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")']);
  await once(child, 'exit');
  await assert.rejects(freeze(Number(child.pid)), { code: 'ESRCH' });
});
